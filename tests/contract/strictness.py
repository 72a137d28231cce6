"""The contract without its leniency: a misspelt member must not pass as one that it leaves room for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

CONTRACT: Json = yaml.safe_load(
    (Path(__file__).parents[2] / "data" / "openapi.yaml").read_text(encoding="utf-8")
)
VERBS = frozenset({"get", "post", "put", "patch", "delete"})
TRIED: dict[str, Json] = {"searchCustomer": {"customerIds": {"type": "array", "items": {"type": "string"}}}}
"""What arkit sends although the contract does not name it: a filter that a server may know or ignore."""


def strict() -> Json:
    """The contract with bodies that hold what it names and nothing else, and the file that they are for."""
    paths = {
        path: {name: _strict(part) if name in VERBS else part for name, part in item.items()}
        for path, item in CONTRACT["paths"].items()
    }
    return {**CONTRACT, "paths": paths}


def _operations() -> Iterator[tuple[Json, list[Json]]]:
    for item in CONTRACT["paths"].values():
        for verb in VERBS & item.keys():
            yield item[verb], [*item.get("parameters", []), *item[verb].get("parameters", [])]


def _strict(operation: Json) -> Json:
    if "requestBody" not in operation:
        return operation
    body = _resolved(operation["requestBody"])
    tried = TRIED.get(operation["operationId"], {})
    content = {kind: _strict_media(kind, media, tried) for kind, media in body["content"].items()}
    return {**operation, "requestBody": {**body, "content": content}}


def _strict_media(kind: str, media: Json, tried: Json) -> Json:
    schema = _closed(media["schema"])
    schema["properties"] |= tried
    if kind == "multipart/form-data":
        schema["required"] = list(schema["properties"])
    return {**media, "schema": schema}


def _closed(schema: Json) -> Json:
    """The schema in one piece, with references and ``allOf`` resolved."""
    schema = _resolved(schema)
    closed = {name: value for name, value in schema.items() if name != "allOf"}
    for part in map(_resolved, schema.get("allOf", [])):
        closed["properties"] = {**closed.get("properties", {}), **part["properties"]}
        closed["type"] = "object"
    if "properties" in closed:
        closed["properties"] = {name: _closed(value) for name, value in closed["properties"].items()}
        closed["additionalProperties"] = False
    if "items" in closed:
        closed["items"] = _closed(closed["items"])
    if "pattern" in closed:
        # The documented expression for e-mail addresses ends in a bare bracket, which Prism cannot compile;
        # and what it cannot compile it does not check: the whole body would pass unseen.
        pattern = closed["pattern"].replace("+)])", r"+)\])")
        closed["pattern"] = f"^(?:{pattern})$"
    return closed


def _resolved(node: Json) -> Json:
    while "$ref" in node:
        place: Any = CONTRACT
        for name in node["$ref"].removeprefix("#/").split("/"):
            place = place[name]
        node = place
    return node


QUERIES = {
    operation["operationId"]: {each["name"] for each in map(_resolved, parameters) if each["in"] == "query"}
    for operation, parameters in _operations()
}
"""The parameters that the query of each operation may have."""
