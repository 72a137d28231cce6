"""Which records a search means: the total and the pages, also after changes."""

import sqlite3

from .conftest import Api


def ids_of(api: Api, **parameters: object) -> list[str]:
    return [customer["customerId"] for customer in api.customers(**parameters)["customers"]]


def test_the_total_follows_what_is_made_and_deleted(api: Api, ids: list[str]) -> None:
    api.send("DELETE", f"/api/v0/customer/{ids[2]}")
    assert api.customers()["totalCount"] == 7
    assert ids_of(api) == [*ids[:2], *ids[3:]]
    api.send("POST", "/api/v0/customer", json={"legalName": "New Traders", "customerKeyContacts": []})
    assert api.customers()["totalCount"] == 8
    assert api.customers({"legalName": "New Traders"})["totalCount"] == 1
    with sqlite3.connect(api.sandbox.db) as connection:
        connection.execute("UPDATE invoice SET deleted = 1 WHERE rowid IN (3, 4)")
    connection.close()
    assert api.invoices()["totalCount"] == len(api.invoices()["invoices"]) == 18


def test_every_page_of_every_size_is_a_slice_of_the_whole_from_both_ends(still: Api) -> None:
    for order in ("customerId", "state"):
        for direction in ("ASC", "DESC"):
            ordered = {"orderBy": order, "direction": direction}
            whole = ids_of(still, limit=5000, **ordered)
            for limit, offset in [
                (1, 0),
                (1, 99),
                (1, 100),
                (3, 99),
                (7, 196),
                (50, 180),
                (200, 0),
                (5, 200),
            ]:
                found = ids_of(still, limit=limit, offset=offset, **ordered)
                assert found == whole[offset : offset + limit]


def test_an_offset_beyond_the_end_finds_nothing_and_counts_all(still: Api) -> None:
    assert still.customers(offset=10_000) == {"customers": [], "totalCount": 200}
