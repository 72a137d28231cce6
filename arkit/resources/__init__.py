"""The nouns of the API: what can be fetched of them, and what can be done to them.

Operations that change something are sent once and never again by themselves. They raise what
`arkit.wire.calls.Calls.change` says: after a `NetworkError` or `ContractError` whose ``server_state`` is
``unknown``, look at the server before doing it again.
"""

from arkit.resources.bodies import LEAVE, KeyContact, Leave, ReminderRule
from arkit.resources.bulk import BulkAnswer
from arkit.resources.contacts import Contacts
from arkit.resources.customers import Customers
from arkit.resources.invoices import Invoices
from arkit.resources.network import Network
from arkit.resources.reminders import Reminders

__all__ = [
    "LEAVE",
    "BulkAnswer",
    "Contacts",
    "Customers",
    "Invoices",
    "KeyContact",
    "Leave",
    "Network",
    "ReminderRule",
    "Reminders",
]
