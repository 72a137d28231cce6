"""The schemas of the contract, to hold answers against."""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

CONTRACT = Path(__file__).parents[2] / "data" / "openapi.yaml"


def errors_against(schema: str, value: Any) -> list[str]:
    """What a value has that the named schema of the contract does not allow."""
    return [error.message for error in _validator(schema).iter_errors(value)]


@cache
def _validator(schema: str) -> Any:
    document = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    return jsonschema_rs.validator_for({**document, "$ref": f"#/components/schemas/{schema}"})
