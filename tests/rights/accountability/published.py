"""The published schema of the register, and a check of the few words of JSON Schema that it uses.

.venv/bin/python -m tests.rights.accountability.published
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from consent_service.rights.accountability.model import FORMAT, ProcessingRegister

SCHEMA: Final = Path(__file__).resolve().parents[3] / "docs" / "schemas" / "register-1.json"
_KINDS: Final[dict[str, type | tuple[type, ...]]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "null": type(None),
}
_KNOWN: Final = {
    "$defs",
    "$id",
    "$ref",
    "$schema",
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "properties",
    "required",
    "title",
    "type",
}


def made() -> bytes:
    """The schema as it is published."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{FORMAT.replace('/', ':')}",
        **msgspec.json.schema(ProcessingRegister),
    }
    return msgspec.json.format(msgspec.json.encode(schema)) + b"\n"


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "") -> Iterator[str]:
    """Everything in which the value is not as the schema says."""
    if stray := schema.keys() - _KNOWN:
        yield f"{at}: the check does not know {sorted(stray)}"
    if "$ref" in schema:
        yield from problems(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, at)
    if "anyOf" in schema and all(list(problems(value, one, root, at)) for one in schema["anyOf"]):
        yield f"{at}: none of the ways fits"
    if "type" in schema and not isinstance(value, _KINDS[schema["type"]]):
        yield f"{at}: is no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is no choice"
    if isinstance(value, str):
        yield from _of_format(value, schema.get("format", ""), at)
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from problems(one, schema["items"], root, f"{at}/{number}")
    if isinstance(value, dict):
        yield from _of_object(value, schema, root, at)


def _of_object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], at: str) -> Iterator[str]:
    fields = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{at}: {name} is missing"
    for name, one in value.items():
        if name in fields:
            yield from problems(one, fields[name], root, f"{at}/{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{at}: {name} is not known"


def _of_format(value: str, form: str, at: str) -> Iterator[str]:
    try:
        if form == "date":
            date.fromisoformat(value)
        elif form == "date-time":
            datetime.fromisoformat(value)
    except ValueError:
        yield f"{at}: is no {form}"


if __name__ == "__main__":
    SCHEMA.write_bytes(made())
