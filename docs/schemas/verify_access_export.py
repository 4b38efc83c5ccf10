"""Checks a file of one's own data against its schema, with nothing but Python itself (3.9 or later).

    python3 verify_access_export.py                      looks beside itself
    python3 verify_access_export.py FILE.json SCHEMA.json

Says every fault by its place and leaves with 1; leaves with 0 when there is none. It knows the keywords that
the schema uses (JSON Schema 2020-12) and refuses a schema with another one, so that nothing is passed over.
"""

from __future__ import annotations

import datetime
import json
import pathlib
import sys
from typing import Any

KNOWN = {
    "$defs", "$id", "$ref", "$schema", "additionalProperties", "anyOf", "description", "enum",
    "format", "items", "properties", "required", "title", "type",
}  # fmt: skip
TYPES = {"array": list, "boolean": bool, "integer": int, "null": type(None), "object": dict, "string": str}


class UnknownSchemaError(Exception):
    """The schema asks something that this program does not check."""


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], place: str = "$") -> list[str]:
    """Every fault of a value, as lines of text."""
    unknown = set(schema) - KNOWN
    if unknown:
        raise UnknownSchemaError("this program does not know: " + ", ".join(sorted(unknown)))
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return faults(value, root["$defs"][name], root, place)
    if "anyOf" in schema:
        tried = [faults(value, one, root, place) for one in schema["anyOf"]]
        return [] if [] in tried else min(tried, key=len)
    found = _plain(value, schema, place)
    if found:
        return found
    if isinstance(value, dict):
        return _object(value, schema, root, place)
    if isinstance(value, list) and "items" in schema:
        return [
            fault
            for number, one in enumerate(value)
            for fault in faults(one, schema["items"], root, f"{place}[{number}]")
        ]
    return []


def _plain(value: Any, schema: dict[str, Any], place: str) -> list[str]:
    wanted = schema.get("type")
    if wanted is not None:
        kind = TYPES[wanted]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            return [f"{place}: is no {wanted}"]
    if "enum" in schema and not any(value == one and type(value) is type(one) for one in schema["enum"]):
        return [f"{place}: is none of the choices"]
    if "format" in schema and isinstance(value, str) and not _fits(value, schema["format"]):
        return [f"{place}: is no {schema['format']}"]
    return []


def _fits(value: str, form: str) -> bool:
    try:
        if form == "date":
            return len(value) == len("2026-01-31") and bool(datetime.date.fromisoformat(value))
        if form == "date-time":
            moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
            return "T" in value and moment.tzinfo is not None
    except ValueError:
        return False
    raise UnknownSchemaError("this program does not know the format " + form)


def _object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], place: str) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{place}: misses {name}" for name in schema.get("required", []) if name not in value]
    if schema.get("additionalProperties") is False:
        found += [f"{place}: {name} does not belong there" for name in value if name not in known]
    for name, one in value.items():
        if name in known:
            found += faults(one, known[name], root, f"{place}.{name}")
    return found


def check(file: Any, schema: dict[str, Any]) -> list[str]:
    """Every fault of the file, and every name of a person or a place in it that is nowhere explained."""
    found = faults(file, schema, schema)
    if found:
        return found
    people = {one["person"] for one in file["people"]} | {""}
    places = {one["place"] for one in file["places"]}
    for part in ("decisions", "records", "meetings", "events"):
        found += [f"$.{part}: names no place" for one in file[part] if one["place"] not in places]
    for part, name in (
        ("authority", "child"),
        ("competence", "child"),
        ("safety", "person"),
        ("places", "child"),
        ("meldcode", "child"),
        ("looks", "person"),
    ):
        found += [f"$.{part}: names nobody" for one in file[part] if one[name] not in people]
    return found


def main(arguments: list[str]) -> int:
    """Read, check, say."""
    here = pathlib.Path(__file__).resolve().parent
    known = [here / "inzage.json", here / "access-export-1.schema.json"]
    if len(arguments) > len(known):
        print("usage: verify_access_export.py [FILE [SCHEMA]]")
        return 2
    file, schema = [pathlib.Path(one) for one in arguments] + known[len(arguments) :]
    found = check(*(json.loads(one.read_text(encoding="utf-8")) for one in (file, schema)))
    for fault in found:
        print(fault)
    print(f"{len(found)} faults" if found else "no faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
