"""A process of its own for the reading of a workbook, which may die of it."""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO, Self, cast

import pyarrow as pa

from arkit import identifiers
from arkit.corrections import reading_child
from arkit.corrections.sheets import refused

WAITED_SECONDS = 60


class Reader:
    """A process that reads the texts of the used columns of a sheet, from its first row on.

    It is started at once, and told which sheet is meant as soon as that is known.
    """

    def __init__(self, content: bytes, name: str, *, waited_seconds: float = WAITED_SECONDS) -> None:
        self._name = name
        # Of the environment only what a program needs to start: it may hold secrets.
        environment = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
        environment |= {
            key: os.environ[key] for key in ("SYSTEMROOT", "LD_LIBRARY_PATH") if key in os.environ
        }
        # It never waits for a reader, since its answer goes into a file.
        self._answer = TemporaryFile()  # noqa: SIM115 - closed on leaving
        self._process = subprocess.Popen(  # noqa: S603 - a script of our own
            [sys.executable, "-I", reading_child.__file__],
            stdin=subprocess.PIPE,
            stdout=self._answer,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._clock = threading.Timer(waited_seconds, self._process.kill)
        self._clock.start()
        self._tell(len(content).to_bytes(8, "big"), content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._clock.cancel()
        self._process.kill()
        with suppress(OSError):
            self._process.communicate()
        self._answer.close()

    def begin(self, title: str) -> None:
        """Say which sheet is meant, unless that was said."""
        if cast("IO[bytes]", self._process.stdin).closed:
            return
        self._tell(title.encode())
        with suppress(OSError):
            cast("IO[bytes]", self._process.stdin).close()

    def texts(self) -> tuple[list[pa.Array], int]:
        """One array of large strings per column, and which column of the sheet the first is, from 0.

        Raises:
            InputRefused: the process failed, or took too long.
        """
        try:
            if self._process.wait():
                raise ChildProcessError
            self._answer.seek(0)
            with pa.ipc.open_stream(self._answer.read()) as stream:
                first_column = int(stream.schema.metadata[reading_child.FIRST_COLUMN])
                return [identifiers.text(column) for column in stream.read_all().columns], first_column
        except (pa.ArrowException, OSError) as error:
            message = "the sheet cannot be read: it is damaged, or asks for too much memory or time."
            step = "Copy the table into a new workbook, and save that."
            raise refused(self._name, "workbook", message, step) from error

    def _tell(self, *words: bytes) -> None:
        """What a process that died is told goes nowhere; that it died shows in its answer."""
        pipe = cast("IO[bytes]", self._process.stdin)
        with suppress(OSError):
            pipe.writelines(words)
            pipe.flush()
