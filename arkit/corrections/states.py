"""The states of a row, and which may follow which."""

from enum import StrEnum


class State(StrEnum):
    """Where one correction is; it is in exactly one of these at all times."""

    PLANNED = "planned"
    """Nothing of it was sent, or a read has shown that nothing came of it."""
    SENT = "sent"
    """Written down as going out; a process that dies leaves it here."""
    ACKNOWLEDGED = "acknowledged"
    """The server has said what it did; not yet proved."""
    IN_DOUBT = "in_doubt"
    """Sent, and nobody knows yet whether the server did it."""
    VERIFIED = "verified"
    """Read from the server after our write, equal to the target."""
    FAILED = "failed"
    """Read from the server, still the old value, and no request of ours can touch it any more."""
    SKIPPED_NOOP = "skipped_noop"
    """The server held the target already."""
    STALE = "stale"
    """Somebody else changed the record after the plan; left alone."""
    CONFLICT = "conflict"
    """The server holds what it should not; a person must look."""


UNSETTLED = frozenset({State.SENT, State.ACKNOWLEDGED, State.IN_DOUBT})
"""States that a read-back must still resolve."""

TERMINAL = frozenset(State) - UNSETTLED - {State.PLANNED}

NEXT: dict[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.SENT, State.STALE, State.SKIPPED_NOOP}),
    State.SENT: frozenset({State.PLANNED, State.ACKNOWLEDGED, State.IN_DOUBT}),
    State.ACKNOWLEDGED: frozenset({State.VERIFIED, State.FAILED, State.CONFLICT}),
    State.IN_DOUBT: frozenset({State.VERIFIED, State.FAILED, State.CONFLICT, State.PLANNED}),
    **{state: frozenset() for state in TERMINAL},
}
"""The legal transitions; nothing follows on a terminal state."""
