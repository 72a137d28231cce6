"""The database: one SQLite file that several processes may have open at once."""

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

# Columns bear the JSON names of the contract, so that ordering by a field is ordering by a column. Money is
# whole paise; instants (in UTC) and days are ISO text, which sorts as it should.
# A file of other tables bears another version.
VERSION = "4"
SCHEMA = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE token (digest TEXT PRIMARY KEY, expiresAt REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE login (
    username TEXT PRIMARY KEY, failures INTEGER NOT NULL, lockedUntil REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE person (personId TEXT PRIMARY KEY, name TEXT, email TEXT, mobile TEXT) WITHOUT ROWID;

CREATE TABLE customer (
    customerId TEXT NOT NULL UNIQUE, status TEXT NOT NULL, legalName TEXT NOT NULL, panOrGstin TEXT,
    accountNumber TEXT, ifsc TEXT, address TEXT, state TEXT, pinCode TEXT, contactNumber TEXT,
    assignedAgent TEXT,
    branchCodes TEXT, uniqueRefNo TEXT, companyId TEXT, customerCompanyId TEXT, externalSource INTEGER,
    createdOn TEXT NOT NULL, modifiedOn TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE contact (
    keyContactPersonId TEXT NOT NULL UNIQUE, customerId TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
    legalName TEXT, name TEXT, email TEXT, mobile TEXT, mail_enabled INTEGER, sms_enabled INTEGER,
    whatsapp_enabled INTEGER, via TEXT);
CREATE TABLE reminder (
    customerReminderId TEXT NOT NULL UNIQUE, customerId TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
    dueDateDifference INTEGER, reminderInterval INTEGER, reminderTime TEXT, reminderType TEXT, stage TEXT,
    createdOn TEXT NOT NULL);

CREATE TABLE invoice (
    invoiceId TEXT NOT NULL UNIQUE, invoiceNumber TEXT NOT NULL, customerId TEXT NOT NULL,
    invoiceDate TEXT NOT NULL, dueDate TEXT NOT NULL,
    baseAmount INTEGER NOT NULL, cgst INTEGER NOT NULL, sgst INTEGER NOT NULL, igst INTEGER NOT NULL,
    tds INTEGER NOT NULL, netAmount INTEGER NOT NULL, totalReceived INTEGER NOT NULL,
    balanceAmount INTEGER NOT NULL,
    receivableStatus TEXT NOT NULL, approvalStatus TEXT NOT NULL, payoutStatus TEXT NOT NULL,
    description TEXT NOT NULL, poNumber TEXT NOT NULL, externalId TEXT NOT NULL,
    payableReferenceId TEXT NOT NULL,
    attachmentUrl TEXT NOT NULL, partialPaymentAllowed INTEGER NOT NULL, dispatched INTEGER NOT NULL,
    dispatchedOn TEXT, via TEXT NOT NULL, collectionMode TEXT NOT NULL,
    createdBy TEXT NOT NULL, createdOn TEXT NOT NULL, modifiedBy TEXT NOT NULL,
    modifiedOn TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    gstExclusive INTEGER NOT NULL DEFAULT 1, chargeCustomer INTEGER NOT NULL DEFAULT 0,
    emailAddress TEXT NOT NULL DEFAULT '', mobileNumber TEXT NOT NULL DEFAULT '');

CREATE TABLE message (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, customerId TEXT NOT NULL, invoiceId TEXT NOT NULL,
    contactId TEXT NOT NULL, channel TEXT NOT NULL, at TEXT NOT NULL, reminderId TEXT);
CREATE UNIQUE INDEX reminded_once ON message (reminderId, invoiceId, at, contactId, channel)
    WHERE reminderId IS NOT NULL;
CREATE TABLE confirmation (
    id TEXT PRIMARY KEY, paymentId TEXT NOT NULL, invoiceIds TEXT NOT NULL, response TEXT NOT NULL,
    type TEXT NOT NULL, remarks TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE file (token TEXT PRIMARY KEY, name TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE request (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at TEXT NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT NOT NULL, operation TEXT, status INTEGER, bodySha256 TEXT NOT NULL,
    bodyBytes INTEGER NOT NULL,
    idempotency TEXT NOT NULL);
CREATE TABLE applied (
    number INTEGER PRIMARY KEY, requestId TEXT NOT NULL, customerId TEXT NOT NULL, kind TEXT NOT NULL,
    recordId TEXT NOT NULL, field TEXT NOT NULL, before TEXT, after TEXT, at TEXT NOT NULL);
CREATE TABLE living (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
"""


def _count_living(table: str) -> tuple[str, ...]:
    """Keep the number of rows that are not deleted; nothing is ever removed from these tables."""
    add = "UPDATE living SET number = number + (NEW.deleted = 0)"
    return (
        f"INSERT INTO living SELECT '{table}', COUNT(*) FROM {table} WHERE deleted = 0",  # noqa: S608
        f"CREATE TRIGGER {table}_made AFTER INSERT ON {table} BEGIN {add} WHERE name = '{table}'; END",
        f"CREATE TRIGGER {table}_marked AFTER UPDATE OF deleted ON {table}"
        f" BEGIN {add} - (OLD.deleted = 0) WHERE name = '{table}'; END",
    )


# Made once the company is there, which is quicker than keeping them up row by row.
AFTER_SEEDING = (
    "CREATE INDEX contact_of_customer ON contact (customerId, deleted)",
    "CREATE INDEX reminder_of_customer ON reminder (customerId)",
    "CREATE UNIQUE INDEX living_customer ON customer (customerId) WHERE deleted = 0",
    "CREATE UNIQUE INDEX living_invoice ON invoice (invoiceId) WHERE deleted = 0",
    "CREATE INDEX invoice_of_customer ON invoice (customerId, dueDate)",
    # Not a partial one like the two above: SQLite would take it for the way to whatever is not deleted.
    "CREATE INDEX invoice_by_due_day ON invoice (dueDate, invoiceId, deleted)",
    *_count_living("customer"),
    *_count_living("invoice"),
)


class Store:
    """Connections to the file, one for each block of work."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._turn = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made here, since SQLite would give a new file the mode of the umask.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One snapshot: everything read in the block belongs together."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")

    @contextmanager
    def write(self, keep: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction, alone from its start; `keep=False` undoes it at the end, as a rehearsal."""
        # SQLite lets waiters try again at intervals; among many, some would starve until their time is out.
        with self._turn, closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT" if keep else "ROLLBACK")

    def _connect(self) -> sqlite3.Connection:
        connection = _opened(self.path)
        try:
            # The file outlives its processes, and need not outlive a power cut.
            connection.execute("PRAGMA synchronous = OFF")
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection


@contextmanager
def copied(content: bytes) -> Iterator[sqlite3.Connection]:
    """A copy of a file, held in memory."""
    with closing(_opened(":memory:")) as connection:
        connection.deserialize(content)
        yield connection


def _opened(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.create_function("folded", 1, lambda text: text and text.casefold(), deterministic=True)
    return connection


def facts(connection: sqlite3.Connection) -> dict[str, str]:
    """What is known of the company as a whole; empty in a file that was never seeded."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'fact'").fetchone():
        return {}
    return dict(connection.execute("SELECT name, value FROM fact").fetchall())


def insert(connection: sqlite3.Connection, table: str, columns: Mapping[str, object]) -> None:
    """Add one row; the names of tables and columns come from this package, never from a request."""
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608


def update(
    connection: sqlite3.Connection, table: str, key: str, value: str, columns: Mapping[str, object]
) -> None:
    """Change some columns of the rows whose `key` column has the value."""
    if not columns:
        return
    settings = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(f"UPDATE {table} SET {settings} WHERE {key} = ?", (*columns.values(), value))  # noqa: S608
