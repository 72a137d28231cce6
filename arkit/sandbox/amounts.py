"""The amounts of an invoice that follow from others. All are whole paise."""

from collections.abc import Collection, Mapping

PARTS = frozenset({"baseAmount", "cgst", "sgst", "igst", "tds", "gstExclusive"})
# The words that the server finds by itself; any other was somebody's choice.
OWN_STATUSES = ("PAID", "PARTIALLY_PAID", "PENDING")


def following(invoice: Mapping[str, int], given: Collection[str]) -> dict[str, int]:
    """Net and balance of an invoice of which the fields in `given` were given.

    What was given stays; an amount that was not is found anew if one of those that it follows from was. The
    contract states no arithmetic: net = base + taxes - TDS (the taxes only where the base is without them)
    and balance = net - received are inferred from the names.
    """
    net = invoice["netAmount"]
    if "netAmount" not in given and PARTS.intersection(given):
        net = invoice["baseAmount"] - invoice["tds"]
        if invoice["gstExclusive"]:
            net += invoice["cgst"] + invoice["sgst"] + invoice["igst"]
    balance = invoice["balanceAmount"]
    if "balanceAmount" not in given and {"netAmount", "totalReceived", *PARTS}.intersection(given):
        balance = net - invoice["totalReceived"]
    return {"netAmount": net, "balanceAmount": balance}


def status(invoice: Mapping[str, int]) -> str:
    """What the amounts say about payment."""
    if invoice["balanceAmount"] <= 0:
        return "PAID"
    return "PARTIALLY_PAID" if invoice["totalReceived"] > 0 else "PENDING"
