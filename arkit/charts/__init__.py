"""Frame to plotly figure: rupees in lakh and crore, readable on a light and on a dark page."""

from arkit.charts.ages import ageing
from arkit.charts.customers import largest_debtors, open_by_state
from arkit.charts.layout import short_inr
from arkit.charts.months import invoices_by_month

__all__ = ["ageing", "invoices_by_month", "largest_debtors", "open_by_state", "short_inr"]
