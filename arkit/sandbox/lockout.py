"""Three wrong passwords in a row lock a user out for a while, which is kept in the file."""

import sqlite3
import time

ALLOWED_FAILURES = 3


def is_locked(connection: sqlite3.Connection, username: str) -> bool:
    """Whether the user is locked out now."""
    row = connection.execute("SELECT lockedUntil FROM login WHERE username = ?", (username,)).fetchone()
    return row is not None and row["lockedUntil"] > time.time()


def count_failure(connection: sqlite3.Connection, username: str, lockout_s: float) -> None:
    """One more wrong password; the third locks the user out."""
    connection.execute("INSERT OR IGNORE INTO login VALUES (?, 0, 0)", (username,))
    connection.execute("UPDATE login SET failures = failures + 1 WHERE username = ?", (username,))
    connection.execute(
        "UPDATE login SET failures = 0, lockedUntil = ? WHERE username = ? AND failures >= ?",
        (time.time() + lockout_s, username, ALLOWED_FAILURES),
    )


def forget(connection: sqlite3.Connection, username: str) -> None:
    """The right password: those before it no longer count."""
    connection.execute("DELETE FROM login WHERE username = ?", (username,))
