"""Errors: exit codes, what they say, and what they keep to themselves."""

import pytest

from arkit import errors

EXIT_CODES = {
    errors.UsageError: 2,
    errors.InputRefused: 3,
    errors.AuthenticationError: 7,
    errors.DiskError: 8,
    errors.JournalError: 8,
    errors.ContractError: 9,
    errors.ApiError: 9,
    errors.NetworkError: 9,
}


WARNINGS = (errors.InferredWarning, errors.IncompleteWarning, errors.UnprovedWarning)


def test_every_error_has_the_exit_code_that_is_promised() -> None:
    kinds = errors.ArkitError.__subclasses__()
    kinds += [deeper for kind in kinds for deeper in kind.__subclasses__()]
    assert {kind: kind.exit_code for kind in kinds} == EXIT_CODES


def test_every_class_stands_in_the_tree_of_the_docstring() -> None:
    for kind in (*EXIT_CODES, *WARNINGS):
        assert f"── {kind.__name__} " in (errors.__doc__ or "")
    for kind, code in EXIT_CODES.items():
        (line,) = [line for line in (errors.__doc__ or "").splitlines() if f"── {kind.__name__} " in line]
        assert line.endswith(f"exit {code}")


@pytest.mark.parametrize(
    ("where", "next_step", "text"),
    [
        ("", "", "It broke."),
        ("search", "", "search: It broke."),
        ("", "Try again.", "It broke. Try again."),
        ("search", "Try again.", "search: It broke. Try again."),
    ],
)
def test_an_error_says_where_what_and_what_next(where: str, next_step: str, text: str) -> None:
    error = errors.UsageError("It broke.", code="broken", where=where, next_step=next_step)
    assert str(error) == text
    assert (error.code, error.server_state) == ("broken", "nothing_sent")


def test_a_notebook_shows_the_sentence_and_not_the_cause() -> None:
    error = errors.ContractError("It broke.", code="broken")
    error.__cause__ = ValueError("a row of a customer")
    (line,) = error._render_traceback_()
    assert "ContractError" in line
    assert line.endswith(": It broke.")
    assert "a row of a customer" not in line


def test_a_refusal_can_point_at_a_cell() -> None:
    error = errors.InputRefused("Two headers.", code="header", source_row=1, column="PIN")
    assert (error.source_row, error.column, error.server_state) == (1, "PIN", "nothing_sent")


def test_an_error_of_the_server_is_known_unless_said_otherwise() -> None:
    error = errors.ApiError("No.", code="refused", where="search", status=422, error_type="")
    assert (error.server_state, error.status) == ("known", 422)


def test_warnings_can_be_caught_as_arkit_s() -> None:
    assert issubclass(errors.ArkitWarning, UserWarning)
    for kind in WARNINGS:
        assert issubclass(kind, errors.ArkitWarning)
    kinds = errors.ArkitWarning.__subclasses__()
    kinds += [deeper for kind in kinds for deeper in kind.__subclasses__()]
    assert set(kinds) == set(WARNINGS)


def test_a_set_that_is_not_proved_counts_as_one_that_deserves_a_look() -> None:
    assert issubclass(errors.UnprovedWarning, errors.IncompleteWarning)
    assert not issubclass(errors.InferredWarning, errors.IncompleteWarning)
