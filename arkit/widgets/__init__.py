"""Screens for notebooks, made of core ipywidgets."""

from arkit.errors import UsageError

try:
    from arkit.widgets.correction import Correct, correct
except ModuleNotFoundError as error:
    if error.name != "ipywidgets":
        raise
    raise UsageError(
        "screens need ipywidgets, which is not installed.",
        code="extra",
        next_step="Install arkit[notebook].",
    ) from error

__all__ = ["Correct", "correct"]
