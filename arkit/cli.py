"""The ``arkit`` command: parsing and printing only.

Exit codes: 0 all done and verified, 2 usage, 3 input refused and nothing sent, 4 some rows failed, 5 rows
in doubt or not sent, 6 conflicts need a person, 7 authentication, 8 journal or disk, 9 no answer that the
contract allows.
"""

import contextlib
import dataclasses
import io
import json
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pandas as pd

import arkit
from arkit import documents, settings, terminal
from arkit.corrections import files, outcomes, plans, uploads
from arkit.corrections.checks import check, require_ok
from arkit.corrections.journal import Journal
from arkit.corrections.kinds import KINDS
from arkit.corrections.outcomes import Outcome
from arkit.corrections.states import UNSETTLED
from arkit.errors import ArkitError, ContractError, InputRefused, UnprovedWarning, UsageError
from arkit.reports import tables

MOST_STDERR_CHARACTERS = 2_000

FileArgument = click.Path(path_type=Path)
as_json = click.option("--json", "is_json", is_flag=True, help="One JSON document on standard output.")
profile_option = click.option("--profile", metavar="NAME", help="The profile to use; see the README.")
kind_option = click.option(
    "--kind", type=click.Choice(list(KINDS)), required=True, help="What the file holds."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="arkit", message="%(prog)s %(version)s")
def cli() -> None:
    """Accounts receivable: fetch, check, correct, prove.

    Without a profile everything runs against the sandbox, a local server with a company of its own.
    """


def main() -> None:
    """Run the command; every failure is one block on standard error and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal or file that knows no rupee sign shows its number instead.
            stream.reconfigure(errors="backslashreplace")
    warnings.showwarning = lambda warning, *_, **__: _warn(str(warning))
    try:
        cli.main(standalone_mode=False)
    except ArkitError as error:
        _fail(str(error), error.exit_code)
    except click.ClickException as error:
        _fail(error.format_message() + _usage_hint(error), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted.", 130)
    except OSError as error:
        # What writes files says so in words of its own; this is standard output.
        _fail(f"the output cannot be written ({error.strerror}). What was done stands: arkit status.", 8)
    except Exception as error:
        _fail(f"unexpected {type(error).__name__}. {_logged()}", 1)


@cli.command()
@click.option("--out", type=FileArgument, default=Path("demo-output"), show_default=True, help="The folder.")
@as_json
def demo(out: Path, is_json: bool) -> None:
    """Do the main job once from end to end on a sandbox of its own, and leave a report."""
    from arkit import demo as main_job

    steps = main_job.run(out)
    if is_json:
        *_, last = steps
        _print_json({"schema": "arkit.demo/1", **last.facts})
        return
    for step in steps:
        click.echo(step.text)


@cli.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="0 takes a free one.")
@click.option("--customers", type=click.IntRange(0), help="Customers of a new company.")
@click.option("--invoices", type=click.IntRange(0), help="Invoices of a new company.")
@click.option("--seed", type=int, help="The same seed makes the same company.")
@click.option("--db", type=FileArgument, help="The company's file; by default the one in the workspace.")
@as_json
def sandbox(
    port: int, customers: int | None, invoices: int | None, seed: int | None, db: Path | None, is_json: bool
) -> None:
    """Serve the sandbox on this machine until interrupted."""
    from arkit.sandbox import Sandbox

    file = db or settings.workspace() / "sandbox.db"
    try:
        server = Sandbox(file, customers=customers, invoices=invoices, seed=seed, port=port).start()
    except (OSError, ValueError) as error:
        raise UsageError(str(error) + ".", code="sandbox", next_step="See arkit sandbox --help.") from error
    facts = {"url": server.url, **dataclasses.asdict(server.credentials)}
    if is_json:
        _print_json({"schema": "arkit.sandbox/1", **facts}, indent=None)
    else:
        click.echo(f"The sandbox serves {server.url}; Ctrl-C ends it. To use it from another terminal:")
        names = {"url": "BASE_URL"}
        for name, value in facts.items():
            click.echo(f"  export ARKIT_{names.get(name, name.upper())}={value}")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


@cli.command()
@profile_option
@as_json
def doctor(profile: str | None, is_json: bool) -> None:
    """Look at what may stand in the way: installation, workspace, profile, network and server."""
    from arkit import doctor as examination

    findings = []
    for found in examination.examine(profile):
        findings.append(found)
        if not is_json:
            click.echo(terminal.of_finding(found))
    if is_json:
        _print_json(documents.of_findings(findings))
    if blocking := [found for found in findings if found.exit_code]:
        names = ", ".join(found.name for found in blocking)
        _fail(f"this stands in the way: {names}.", blocking[0].exit_code)


@cli.command()
@click.argument("noun", type=click.Choice(["customers", "contacts", "invoices", "reminders"]))
@click.option("--out", type=FileArgument, required=True, help="A .csv, .xlsx or .parquet file.")
@click.option("--status", help="Customers and invoices: only of this status, such as ACTIVE or PAID.")
@click.option("--due-from", metavar="DAY", help="Invoices: the first due day, yyyy-MM-dd.")
@click.option("--due-to", metavar="DAY", help="Invoices: the last due day.")
@profile_option
@as_json
def fetch(
    noun: str,
    out: Path,
    status: str | None,
    due_from: str | None,
    due_to: str | None,
    profile: str | None,
    is_json: bool,
) -> None:
    """Fetch a whole set into a file; the file is complete or not written."""
    if (due_from or due_to) and noun != "invoices":
        raise click.UsageError("--due-from and --due-to are for invoices.")
    if due_from and due_to and due_from > due_to:
        raise click.UsageError("--due-from is after --due-to.")
    if status and noun not in ("customers", "invoices"):
        raise click.UsageError("--status is for customers and invoices.")
    tables.require_possible(out)
    frame: pd.DataFrame
    with arkit.connect(profile) as client, _proved_complete():
        if noun == "invoices":
            frame = client.invoices.fetch(status=status, due_from=due_from, due_to=due_to)
        elif noun == "customers":
            frame = client.customers.fetch(status=status)
        else:
            frame = client.contacts.fetch() if noun == "contacts" else client.reminders.fetch()
        source = client.profile.origin
    tables.write(frame, out)
    if is_json:
        facts = {"noun": noun, "rows": len(frame), "columns": list(frame.columns), "file": str(out)}
        _print_json({"schema": "arkit.fetch/1", "source": source, **facts})
    else:
        click.echo(f"{len(frame)} {noun} from {source} in {out}")


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """What a person says of a file that does not say it unmistakably."""
    options = (
        click.option(
            "--accept", metavar="RULE", multiple=True, help="Take the proposals of a rule; repeat it."
        ),
        click.option("--map", "mapping", metavar="COLUMN=FIELD", multiple=True, help="What a column holds."),
        click.option("--sheet", metavar="NAME", help="Workbooks: the sheet with the table."),
        click.option("--header-row", type=click.IntRange(1), help="The row that names the columns."),
        click.option("--separator", metavar="CHARACTER", help="CSV: ; or | or tab."),
        click.option("--encoding", metavar="NAME", help="CSV: such as cp1252."),
        click.option(
            "--day-order", type=click.Choice(["dmy", "mdy"]), help="How days like 03/04/2026 are meant."
        ),
        click.option("--expect-rows", type=click.IntRange(0), help="How many rows the file should have."),
        click.option("--expect-total", metavar="RUPEES", help="What its base amounts should add up to."),
        click.option(
            "--seller-state", metavar="CODE", help="Invoices: the two digits of your GSTIN's state."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@cli.command("check")
@click.argument("file", type=FileArgument)
@kind_option
@click.option("--known", type=FileArgument, help="Customers from arkit fetch customers, as CSV or parquet.")
@click.option(
    "--annotated", type=FileArgument, help="Write the file as a workbook with its bad cells marked."
)
@reading_options
@profile_option
@as_json
def check_command(
    file: Path,
    kind: str,
    known: Path | None,
    annotated: Path | None,
    profile: str | None,
    is_json: bool,
    **told: Any,
) -> None:
    """Find every problem of a bulk file; nothing is sent.

    Whether the customers exist is checked against --known, or else against the server if one was chosen.
    """
    if annotated and annotated.suffix.lower() != ".xlsx":
        raise click.UsageError("--annotated writes a workbook: give it a name that ends in .xlsx.")
    customers: pd.DataFrame | None = None
    if known:
        customers = files.read_customers(known)
    elif profile or settings.profile_name() != settings.SANDBOX:
        with arkit.connect(profile) as client:
            customers = client.customers.fetch()
    checked = check(file, kind=kind, known=customers, **_told(**told))
    if annotated and checked.sheet is not None:
        checked.to_workbook(annotated)
    if is_json:
        _print_json(documents.of_check(checked, file))
    else:
        click.echo(terminal.of_check(checked, has_known=customers is not None, annotated=annotated))
    require_ok(checked)


@cli.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.option("--out", type=FileArgument, help="The workbook; by default KIND.xlsx.")
@click.option(
    "--live", is_flag=True, help="customer-update: begin with the customers as the server has them."
)
@click.option("--status", help="With --live: only customers of this status, such as ACTIVE.")
@profile_option
@as_json
def template(
    kind: str, out: Path | None, live: bool, status: str | None, profile: str | None, is_json: bool
) -> None:
    """Write a workbook to fill in, with lists to choose from and what belongs where."""
    from arkit import registers
    from arkit.corrections import templates

    if (live or status or profile) and not KINDS[kind].is_update:
        raise click.UsageError("live rows are for customer-update: the others make new records.")
    path = out or Path(f"{kind}.xlsx")
    if path.suffix.lower() != ".xlsx":
        raise click.UsageError("--out names a workbook: give it a name that ends in .xlsx.")
    rows: pd.DataFrame | None = None
    if live:
        with arkit.connect(profile) as client:
            rows = client.customers.fetch(status=status).rename(columns=KINDS[kind].headers_by_column)
    states = [state.name for state in registers.states() if state.is_place]
    templates.write(KINDS[kind], path, rows, states=states)
    count = 0 if rows is None else len(rows)
    if is_json:
        _print_json({"schema": "arkit.template/1", "kind": kind, "file": str(path), "rows": count})
    else:
        click.echo(
            f"{path} is ready to be filled in, {count} rows in it. Then: arkit check {path} --kind {kind}"
        )


@cli.command()
@click.argument("file", type=FileArgument)
@kind_option
@reading_options
@profile_option
@as_json
def plan(file: Path, kind: str, profile: str | None, is_json: bool, **told: Any) -> None:
    """Show what a bulk file would change on the server; nothing is sent."""
    with arkit.connect(profile) as client:
        checked = check(file, kind=kind, known=client.customers.fetch(), **_told(**told))
        if not checked.ok:
            _fail(terminal.of_refused(checked), InputRefused.exit_code)
        made = client.customers.plan(checked)
    if is_json:
        _print_json(documents.of_plan(made))
    else:
        click.echo(terminal.of_plan(made))


def _told(*, mapping: tuple[str, ...], separator: str | None, **others: Any) -> dict[str, Any]:
    """The options of a file as `check` takes them."""
    columns: dict[str, str] = {}
    for pair in mapping:
        column, _, field = pair.rpartition("=")
        if not column or not field:
            raise click.UsageError("--map is written COLUMN=FIELD, such as --map 'PIN=pinCode'.")
        columns[column] = field
    if separator is not None:
        separator = "\t" if separator == "tab" else separator
        if len(separator) != 1 or not separator.isascii() or separator.isalnum() or separator in '"\r\n':
            raise click.UsageError("--separator is one character such as ; or the word tab.")
    return {**others, "columns": columns, "separator": separator}


@cli.command()
@click.argument("plan_id")
@click.option("--confirm", metavar="LAST6", required=True, help="The last six characters of the plan's id.")
@profile_option
@as_json
def apply(plan_id: str, confirm: str, profile: str | None, is_json: bool) -> None:
    """Send a plan's corrections and prove the outcome by reading back."""
    with arkit.connect(profile) as client:
        made = plans.load(plan_id, client.customers, client.calls, client.workspace)
        with _stoppable() as should_stop:
            outcome = made.apply(confirm=confirm, on_progress=_progress(is_json), should_stop=should_stop)
    _finish(outcome, is_json=is_json)


@cli.command()
@profile_option
@as_json
def resume(profile: str | None, is_json: bool) -> None:
    """Go on with the plan that was begun and not finished."""
    with arkit.connect(profile) as client, _stoppable() as should_stop:
        outcome = uploads.resume(
            customers=client.customers,
            calls=client.calls,
            workspace=client.workspace,
            on_progress=_progress(is_json),
            should_stop=should_stop,
        )
    if outcome is not None:
        _finish(outcome, is_json=is_json)
    elif is_json:
        _print_json(documents.of_outcome(None))
    else:
        click.echo("No plan was begun and left unfinished; nothing was sent.")


@cli.command()
@as_json
def status(is_json: bool) -> None:
    """List the plans of the workspace and where each of their rows is."""
    with Journal(settings.workspace()) as journal:
        stored = [(found, journal.rows(found.id)) for found in journal.plans()]
    if is_json:
        _print_json(documents.of_status(stored))
        return
    if not stored:
        click.echo("There are no plans yet. Make one: arkit plan FILE --kind customer-update")
    for found, rows in stored:
        states = terminal.states(outcomes.count(rows))
        click.echo(f"{found.created_at}  {found.id}  {found.file_name}  {states}")


def _finish(outcome: Outcome, *, is_json: bool) -> None:
    """Print an outcome, without anything of the customers' own, and end with its exit code."""
    if is_json:
        _print_json(documents.of_outcome(outcome))
        if not outcome.was_active:
            _warn(terminal.NOTHING_LEFT)
    else:
        click.echo(terminal.of_outcome(outcome))
    if outcome.exit_code:
        steps = {
            4: "Failed rows kept their old values; correct them and plan again.",
            5: "Run arkit resume to go on.",
            6: "Look at the rows in conflict, then plan again.",
        }
        _warn(" ".join(filter(None, [outcome.trouble, steps[outcome.exit_code]])))
        sys.exit(outcome.exit_code)


def _progress(is_json: bool) -> Callable[[Mapping[str, int], str], None] | None:
    """Sentences for a person who waits; a program and a log get none."""
    if is_json or not sys.stderr.isatty():
        return None
    return lambda counts, sentence: click.echo(f"  {terminal.states(counts)} · {sentence}", err=True)


@contextlib.contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C asks to stop after this chunk, the second breaks off."""
    stop = threading.Event()

    def ask(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        _warn("stopping after this chunk; again to break off, which leaves rows in doubt.")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop.is_set
    except KeyboardInterrupt:
        if open_rows := _open_rows():
            _fail(f"broken off; whether {open_rows} rows were done is not known. Run arkit resume.", 5)
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def _open_rows() -> int:
    """How many rows of the workspace are neither settled nor unsent."""
    with Journal(settings.workspace()) as journal:
        return sum(row.state in UNSETTLED for plan in journal.plans() for row in journal.rows(plan.id))


@contextlib.contextmanager
def _proved_complete() -> Iterator[None]:
    """A notebook is warned of a set that may lack something; a file of it would go on without the warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnprovedWarning)
        try:
            yield
        except UnprovedWarning as doubt:
            raise ContractError(str(doubt), code="unproved", next_step="No file was written.") from doubt


def _print_json(document: Mapping[str, Any], *, indent: int | None = 1) -> None:
    click.echo(json.dumps(document, indent=indent))


def _usage_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f" See {context.command_path} --help." if context else ""


def _warn(text: str) -> None:
    shown = "arkit: " + text
    # One character for the mark that it was cut, one for the end of the line.
    if len(shown) >= MOST_STDERR_CHARACTERS:
        shown = shown[: MOST_STDERR_CHARACTERS - 2] + "…"
    click.echo(shown, err=True)


def _fail(text: str, code: int) -> None:
    _warn(text)
    sys.exit(code)


def _logged() -> str:
    """Keep the traceback for the developers, where only the user may read it."""
    try:
        path = settings.workspace() / "errors.log"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
            traceback.print_exc(file=file)
    except (OSError, ArkitError):
        return "Please report it."
    return f"Please report it; details are in {path.name} of the workspace."
