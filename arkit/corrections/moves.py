"""What becomes of a row: decided without I/O from what the server says and from what was read."""

from arkit.corrections import answers
from arkit.corrections.answers import Verdict
from arkit.corrections.journal import Fields, Move, Row
from arkit.corrections.plans import is_same, is_same_to_the_server
from arkit.corrections.states import State

MOST_SENDINGS = 3


def holds(now: Fields, wanted: Fields) -> bool:
    """Whether a customer's fields have these values."""
    return all(is_same(name, now[name], value) for name, value in wanted.items())


def clears(row: Row) -> bool:
    """Whether a row clears a field, which needs a request of its own."""
    return None in row.target.values()


def drifted(row: Row, now: Fields | None) -> Move:
    """What becomes of a row whose customer is not as the plan found it."""
    if now is None:
        return Move(row, State.STALE, "The customer does not exist any more.")
    if holds(now, row.target):
        return Move(row, State.SKIPPED_NOOP, "The server has these values already.")
    return Move(row, State.STALE, f"Changed by somebody else since the plan: {_differing(now, row.before)}.")


def judged(row: Row, verdict: Verdict) -> Move:
    """What the answer to an upload makes of a row of it."""
    if verdict.doubt:
        return Move(row, State.IN_DOUBT, verdict.doubt)
    said = verdict.refusals.get(row.key)
    if not said:
        return Move(row, State.ACKNOWLEDGED)
    values = [row.key, *row.before.values(), *row.target.values()]
    return Move(row, State.ACKNOWLEDGED, refusal=answers.plain(said, hidden=values))


def decided(row: Row, first: Fields | None, second: Fields | None, sendings: int) -> Move:
    """What two reads after the quiescence window make of an open row that was sent so often."""
    if first is None or second is None or any(first[name] != second[name] for name in row.target):
        return Move(row, State.CONFLICT, "The customer changed or went away while it was read back.")
    if holds(second, row.target):
        return Move(row, State.VERIFIED)
    if holds(second, row.before):
        return _undone(row, sendings)
    if all(is_same_to_the_server(name, second[name], value) for name, value in row.target.items()):
        return Move(row, State.VERIFIED, "Done; the server stored it in its own way of writing.")
    fields = _differing(second, row.target)
    return Move(row, State.CONFLICT, f"The server holds neither the old nor the new value: {fields}.")


def _undone(row: Row, sendings: int) -> Move:
    """What becomes of a row that was shown not to have been done."""
    if row.refusal:
        return Move(row, State.FAILED, f"Not done; the server says: {row.refusal}")
    if row.state is State.ACKNOWLEDGED:
        return Move(row, State.CONFLICT, "The server said that it was done, and still has the old value.")
    if sendings >= MOST_SENDINGS:
        return Move(row, State.FAILED, f"Sent {sendings} times; the server still has the old value.")
    return Move(row, State.PLANNED, "Shown not to have been done; to be sent again.")


def _differing(now: Fields, wanted: Fields) -> str:
    return ", ".join(name for name, value in wanted.items() if not is_same(name, now[name], value))
