"""The seeded company: facts and customers, the same for the same seed."""

import hmac
import json
import random
import secrets
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime

from . import identifiers, words
from .store import AFTER_SEEDING, SCHEMA, VERSION, insert

SEEDED_ON = date(2026, 9, 30)
# Half past six in the evening in India: the company's clock at the moment of seeding.
SEEDED_AT = int(datetime(2026, 9, 30, 13, 0, tzinfo=UTC).timestamp())
DAY_S = 86_400

PEOPLE = [
    ("USR0000000001", "Asha Kulkarni", "asha.kulkarni@example.com", "9820000001"),
    ("USR0000000002", "Dev Menon", "dev.menon@example.com", "9820000002"),
    ("USR0000000003", "Farah Khan", "farah.khan@example.com", "9820000003"),
]
CONTACT_ROLES = ["accounts", "purchase", "finance"]


def found(connection: sqlite3.Connection, seed: int, customers: int, invoices: int) -> None:
    """Create the tables and the company in an empty file.

    Only the salt of the two secrets differs between two companies of one seed and size.
    """
    for statement in SCHEMA.split(";"):
        connection.execute(statement)
    _seed(connection, seed, customers, invoices)
    for statement in AFTER_SEEDING:
        connection.execute(statement)


def _seed(connection: sqlite3.Connection, seed: int, customers: int, invoices: int) -> None:
    from .ledger import COLUMNS, invoice_rows  # noqa: PLC0415 - numpy is wanted by seeding alone

    chance = random.Random(seed)  # noqa: S311
    seller = chance.choice(words.PLACES[:9])
    company_id = "CEK" + _letters(chance, 7)
    facts = {
        "version": VERSION,
        "seed": str(seed),
        "customers": str(customers),
        "invoices": str(invoices),
        "seededAt": repr(datetime.now(UTC).timestamp()),
        "companyId": company_id,
        "stateCode": seller.state_code,
        "clientId": "arkit-" + _letters(chance, 8).lower(),
        "username": PEOPLE[0][2],
        "salt": secrets.token_hex(16),
    }
    connection.executemany("INSERT INTO fact VALUES (?, ?)", facts.items())
    connection.executemany("INSERT INTO person VALUES (?, ?, ?, ?)", PEOPLE)
    buyers: list[tuple[str, bool]] = []
    for record, contacts in _customers(chance, customers, company_id, seller):
        insert(connection, "customer", record)
        for contact in contacts:
            insert(connection, "contact", contact)
        buyers.append((str(record["customerId"]), record["state"] == identifiers.STATES[seller.state_code]))
    if not invoices:
        return
    marks = ", ".join("?" * len(COLUMNS))
    rows = invoice_rows(seed, invoices, buyers, [person[0] for person in PEOPLE])
    connection.executemany(f"INSERT INTO invoice ({', '.join(COLUMNS)}) VALUES ({marks})", rows)  # noqa: S608


def secrets_of(facts: dict[str, str]) -> dict[str, str]:
    """The two secrets of a company: the same at every start, and in no file."""
    return {
        name: hmac.new(facts["salt"].encode(), name.encode(), "sha256").hexdigest()[:24]
        for name in ("clientSecret", "password")
    }


def instant(seconds: int) -> str:
    """Seconds since 1970 as the contract writes an instant."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def base_36(number: int, width: int) -> str:
    """The number in digits and capitals, filled up with zeros."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = identifiers.ALPHABET[digit] + digits
    return digits.rjust(width, "0")


def _letters(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(identifiers.ALPHABET, k=length))


def _customers(
    chance: random.Random, count: int, company_id: str, seller: words.Place
) -> Iterator[tuple[dict[str, object], list[dict[str, object]]]]:
    near = [place for place in words.PLACES if place.state_code == seller.state_code]
    for number in range(1, count + 1):
        place = chance.choice(near if chance.random() < 0.45 else words.PLACES)
        legal_name, holder, initial = _legal_name(chance)
        created_on = SEEDED_AT - chance.randint(640, 1_600) * DAY_S - chance.randint(0, 20_000)
        record: dict[str, object] = {
            "customerId": f"KC{base_36(number * 97, 6)}{_letters(chance, 8)}",
            "status": "INACTIVE" if chance.random() < 0.05 else "ACTIVE",
            "legalName": legal_name,
            "panOrGstin": _tax_number(chance, place.state_code, holder, initial),
            "accountNumber": _account_number(chance),
            "ifsc": f"{chance.choice(words.BANKS)}0{chance.randint(1, 9_999):06d}",
            "address": f"{chance.randint(1, 240)}, {chance.choice(words.STREETS)}, {place.city}",
            "state": identifiers.STATES[place.state_code],
            "pinCode": f"{place.pin_prefix}{chance.randint(1, 99):03d}",
            "contactNumber": _phone(chance),
            "assignedAgent": chance.choice(words.AGENTS),
            "branchCodes": json.dumps(sorted(chance.sample(words.BRANCHES, chance.choice([1, 1, 1, 2, 3])))),
            "uniqueRefNo": f"CUST-{number:06d}",
            "companyId": company_id,
            "externalSource": int(chance.random() < 0.3),
            "createdOn": instant(created_on),
            "modifiedOn": instant(created_on + chance.randint(0, 600) * DAY_S),
        }
        yield record, _contacts(chance, record, number)


def _contacts(chance: random.Random, customer: dict[str, object], number: int) -> list[dict[str, object]]:
    contacts: list[dict[str, object]] = []
    for place in range(chance.choices([1, 2, 3], weights=[60, 30, 10])[0]):
        first, last = chance.choice(words.FIRST_NAMES), chance.choice(words.SURNAMES)
        domain = chance.choice(["example.com", "example.in"])
        contacts.append(
            {
                "keyContactPersonId": f"KCP{base_36(number * 3 + place, 8)}{_letters(chance, 5)}",
                "customerId": customer["customerId"],
                "legalName": customer["legalName"],
                "name": f"{first} {last}",
                "email": f"{CONTACT_ROLES[place]}.{last.replace(chr(39), '').lower()}{number}@{domain}",
                "mobile": _phone(chance),
                "mail_enabled": 1,
                "sms_enabled": int(chance.random() < 0.5),
                "whatsapp_enabled": int(chance.random() < 0.4),
                "via": "DASHBOARD",
            }
        )
    return contacts


def _legal_name(chance: random.Random) -> tuple[str, str, str]:
    """A name, and the fourth and fifth letters of its PAN: kind of holder, initial of name or surname."""
    ending, holder = chance.choices(words.HOLDERS, weights=words.HOLDER_WEIGHTS)[0]
    trade = chance.choice(words.TRADES)
    if holder == "P":
        surname = chance.choice(words.SURNAMES)
        return f"{chance.choice(words.FIRST_NAMES)} {surname}", holder, surname[0]
    if ending == "& Sons":
        surname = chance.choice(words.SURNAMES)
        return f"{surname} {ending}", holder, surname[0]
    brand = chance.choice(words.BRANDS)
    return f"{brand} {trade} {ending}", holder, brand[0]


def _tax_number(chance: random.Random, state_code: str, holder: str, initial: str) -> str:
    letters = "".join(chance.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=4))
    pan = f"{letters[:3]}{holder}{initial}{chance.randint(1, 9_999):04d}{letters[3]}"
    if chance.random() < 0.06:
        return pan
    return identifiers.gstin(state_code, pan, chance.choice("111112"))


def _account_number(chance: random.Random) -> str:
    number = str(chance.randint(10**8, 10 ** chance.choice([11, 13, 14, 15]) - 1))
    return number.rjust(len(number) + chance.randint(1, 3), "0") if chance.random() < 0.2 else number


def _phone(chance: random.Random) -> str:
    return f"{chance.choice('6789')}{chance.randint(0, 999_999_999):09d}"
