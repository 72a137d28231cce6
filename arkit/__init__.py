"""arkit: accounts receivable in notebooks.

client = arkit.connect()
invoices = client.invoices.fetch(due_to="2026-09-30")
arkit.ageing(invoices, as_of="2026-09-30")
"""

from arkit.client import Client, connect
from arkit.errors import ArkitError, ArkitWarning

__all__ = ["ArkitError", "ArkitWarning", "Client", "connect"]
