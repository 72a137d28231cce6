"""Results as JSON documents for programs; keys may be added, none is taken away."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from arkit.corrections import outcomes
from arkit.corrections.checks import Check
from arkit.corrections.journal import Row, Stored
from arkit.corrections.outcomes import Outcome
from arkit.corrections.plans import Plan
from arkit.doctor import Finding

Document = dict[str, Any]


def of_check(checked: Check, file: Path) -> Document:
    """``arkit.check/1``: every problem, in the order of the file."""
    return {
        "schema": "arkit.check/1",
        "file": str(file),
        "sha256": checked.sha256,
        "kind": checked.kind,
        "rows": checked.rows,
        "accepted": checked.accepted_rows,
        "problems": checked.problems.to_dict("records"),
        "counts": checked.counts,
        "columns": dict(checked.fields),
        "blank": dict(checked.blanks),
        "blank_rows": checked.blank_rows,
    }


def of_plan(plan: Plan) -> Document:
    """``arkit.plan/1``: every field that will change; an empty value is null."""
    changes = plan.changes
    return {
        "schema": "arkit.plan/1",
        "plan_id": plan.id,
        "kind": plan.kind,
        "rows": len(plan.rows),
        "skipped_noop": plan.skipped_noop,
        "changes": changes.astype(object).where(changes.notna(), None).to_dict("records"),
        "totals": plan.totals,
    }


def of_outcome(outcome: Outcome | None) -> Document:
    """``arkit.outcome/1``; without an outcome there was nothing to do."""
    rows = outcome.records if outcome else []
    plan_id = outcome.plan_id if outcome else None
    return {
        "schema": "arkit.outcome/1",
        "plan_id": plan_id,
        "counts": outcomes.count(rows),
        "rows": _rows(rows),
    }


def of_findings(findings: Iterable[Finding]) -> Document:
    """``arkit.doctor/1``: what was looked at, in order; an exit code other than 0 stands in the way."""
    return {"schema": "arkit.doctor/1", "findings": [dataclasses.asdict(found) for found in findings]}


def of_status(plans: Iterable[tuple[Stored, list[Row]]]) -> Document:
    """``arkit.status/1``: each row of each plan exactly once, values as they are."""
    documents = [
        {
            "plan_id": plan.id,
            "kind": plan.kind,
            "created_at": plan.created_at,
            "counts": outcomes.count(rows),
            "rows": _rows(rows),
        }
        for plan, rows in plans
    ]
    return {"schema": "arkit.status/1", "plans": documents}


def _rows(rows: list[Row]) -> list[Document]:
    return [
        {
            "source_row": row.source_row,
            "key": row.key,
            "state": row.state.value,
            "reason": row.reason,
            "before": dict(row.before),
            "target": dict(row.target),
        }
        for row in rows
    ]
