"""arkit: accounts receivable in notebooks.

client = arkit.connect()
invoices = client.invoices.fetch(due_to="2026-09-30")
arkit.ageing(invoices, as_of="2026-09-30")
"""

from typing import TYPE_CHECKING, Any

from arkit.client import Client, connect
from arkit.corrections.checks import Check, check
from arkit.corrections.outcomes import Outcome
from arkit.corrections.plans import Plan
from arkit.errors import ArkitError, ArkitWarning
from arkit.money import floats, inr
from arkit.receivables.ageing import ageing
from arkit.resources import LEAVE, KeyContact, ReminderRule

if TYPE_CHECKING:
    from arkit import charts, widgets

__all__ = [
    "LEAVE",
    "ArkitError",
    "ArkitWarning",
    "Check",
    "Client",
    "KeyContact",
    "Outcome",
    "Plan",
    "ReminderRule",
    "ageing",
    "charts",
    "check",
    "connect",
    "floats",
    "inr",
    "widgets",
]


def __getattr__(name: str) -> Any:
    """Load what draws only when it is asked for: plotly and ipywidgets take longer than all the rest."""
    if name in ("charts", "widgets"):
        import importlib  # noqa: PLC0415

        return importlib.import_module(f"arkit.{name}")
    raise AttributeError(f"module 'arkit' has no attribute {name!r}")
