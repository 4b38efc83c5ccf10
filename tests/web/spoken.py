"""Example pages of a family with the consent texts of their own language, as a family sees them."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping

import msgspec

from consent_service.foundation.settings import shipped_policies
from consent_service.web.pages import View

Table = Mapping[str, object]


def spoken(pages: Mapping[str, View], language: str) -> dict[str, View]:
    """The same pages; what stands in a family's in the words of a consent text is said in `language`."""
    return {
        name: _said(view, _words(language)) if name.startswith(("intake-", "parent-")) else view  # type: ignore[misc]
        for name, view in pages.items()
    }


@functools.cache
def _words(language: str) -> Mapping[str, str]:
    """What each sentence of the Dutch texts is in this language; none for Dutch."""
    dutch, theirs = (dict(_leaves(_read(one))) for one in ("nl", language))
    return {said: theirs[place] for place, said in dutch.items() if place in theirs}


def _read(language: str) -> Table:
    return tomllib.loads((shipped_policies() / "texts" / f"{language}.toml").read_text(encoding="utf-8"))


def _leaves(table: Table, place: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{place}.{key}")
        elif isinstance(value, str) and key not in ("id", "review", "reviewer"):
            yield f"{place}.{key}", value


def _said(value: object, words: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return words.get(value, value)
    if isinstance(value, tuple):
        return tuple(_said(one, words) for one in value)
    if isinstance(value, msgspec.Struct):
        fields = {name: _said(getattr(value, name), words) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    return value
