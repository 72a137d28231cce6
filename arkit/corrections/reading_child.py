"""Reads one sheet of a workbook in a process of its own, which may die of it.

Run as a script: standard input brings the size of the workbook in eight bytes, the workbook, and the title of
the sheet, which may come later. The texts of the cells go to standard output as an arrow stream, from the
first row of the sheet on and from its first used column, whose place is told beside it. The parser is fast
native code, and a small file can make it ask for all memory there is. This module imports nothing of arkit,
which would take longer.
"""

import sys

MAX_BYTES = 2**30
MAX_SECONDS = 20
FIRST_COLUMN = b"first_column"


def _limit() -> None:
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return
    for limit, value in (
        (resource.RLIMIT_AS, MAX_BYTES),
        (resource.RLIMIT_CPU, MAX_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def _main() -> None:
    _limit()
    source = sys.stdin.buffer
    content = source.read(int.from_bytes(source.read(8), "big"))

    import fastexcel  # noqa: PLC0415 - only within the limits
    import pyarrow.ipc  # noqa: PLC0415 - only within the limits

    title = source.read().decode()
    sheet = fastexcel.read_excel(content).load_sheet(title, header_row=None, skip_rows=0, dtypes="string")
    columns = sheet.selected_columns
    first = columns[0].absolute_index if columns else 0
    batch = sheet.to_arrow().replace_schema_metadata({FIRST_COLUMN: str(first)})
    with pyarrow.ipc.new_stream(sys.stdout.buffer, batch.schema) as stream:
        stream.write_batch(batch)


if __name__ == "__main__":
    _main()
