"""Every exception and warning that arkit raises.

    ArkitError
    ├── UsageError             the call or the settings are wrong                        exit 2
    ├── InputRefused           a file or a plan is refused; nothing was sent             exit 3
    ├── AuthenticationError    log-in or permission refused                              exit 7
    ├── DiskError              a file or a folder of arkit's own cannot be written       exit 8
    │   └── JournalError       the journal or its lock cannot be used                    exit 8
    ├── ContractError          the server's answer is not what the contract says         exit 9
    ├── ApiError               the server answered with an error of its own              exit 9
    └── NetworkError           no complete answer came                                   exit 9

    ArkitWarning
    ├── InferredWarning        an operation's address or shape is deduced, not documented
    └── IncompleteWarning      a result is right but something about it deserves a look
        └── UnprovedWarning    nothing shows that a set is whole

A message says what happened and where; ``next_step`` says what to do. Neither holds a secret or a
customer's data.
"""

from typing import ClassVar, Literal

ServerState = Literal["nothing_sent", "known", "unknown"]


class ArkitError(Exception):
    """Base of all arkit errors.

    Attributes:
        code: short stable name of the fault, for programs.
        where: file, sheet, row and column, or operation.
        server_state: what is known about the server: ``nothing_sent``, ``known`` or ``unknown``.
        next_step: one sentence on what to do now.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        code: str,
        where: str = "",
        server_state: ServerState = "nothing_sent",
        next_step: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.where = where
        self.server_state = server_state
        self.next_step = next_step

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        step = f" {self.next_step}" if self.next_step else ""
        return f"{place}{self.message}{step}"

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback; ``__cause__`` still holds the whole story."""
        return [f"\x1b[31m{type(self).__name__}\x1b[0m: {self}"]


class UsageError(ArkitError):
    """The call or the settings are wrong."""

    exit_code = 2


class InputRefused(ArkitError):  # noqa: N818 - the file is at fault, not the program
    """A file or a plan is refused as a whole; nothing was sent.

    Attributes:
        source_row: the spreadsheet's own row number where the fault lies, if it lies in one.
        column: the header of the column at fault, if it is one.
        sha256: of the file's bytes, hex, if it was read.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        code: str,
        where: str = "",
        next_step: str = "",
        source_row: int | None = None,
        column: str = "",
    ) -> None:
        super().__init__(message, code=code, where=where, next_step=next_step)
        self.source_row = source_row
        self.column = column
        self.sha256 = ""


class AuthenticationError(ArkitError):
    """The server refused the log-in or the permission."""

    exit_code = 7


class DiskError(ArkitError):
    """A file or a folder that arkit writes cannot be written."""

    exit_code = 8


class JournalError(DiskError):
    """The journal, its lock or the disk below it cannot be used; nothing is sent without it."""


class ContractError(ArkitError):
    """The server's answer is not one that the API's contract allows."""

    exit_code = 9


class ApiError(ArkitError):
    """The server answered with an error of its own.

    Attributes:
        status: the HTTP status.
        error_type: the ``errorType`` of the envelope, or an empty text.
    """

    exit_code = 9

    def __init__(
        self,
        message: str,
        *,
        code: str,
        where: str,
        status: int,
        error_type: str,
        server_state: ServerState = "known",
        next_step: str = "",
    ) -> None:
        super().__init__(message, code=code, where=where, server_state=server_state, next_step=next_step)
        self.status = status
        self.error_type = error_type


class NetworkError(ArkitError):
    """No complete answer came; ``server_state`` says whether a byte of the request can have left."""

    exit_code = 9


class ArkitWarning(UserWarning):
    """Base of all arkit warnings."""


class InferredWarning(ArkitWarning):
    """The address or shape of an operation is not documented; another server may have another one."""


class IncompleteWarning(ArkitWarning):
    """A result is right, but something about how it came deserves a look."""


class UnprovedWarning(IncompleteWarning):
    """Nothing shows that a set is whole; it is used at one's own risk."""
