"""Reads a PDF as a reader or a screen reader would: text, structure, and what is said about it."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from typing import Any

import msgspec
from pypdf import PageObject, PdfReader


class Tag(msgspec.Struct, frozen=True):
    """One element of the structure tree; its language is its own or that of what it stands in."""

    kind: str
    language: str
    alt: str | None


def opened(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def catalog(pdf: bytes) -> Any:
    return opened(pdf).trailer["/Root"]


def resources_of(page: PageObject) -> Any:
    """The fonts and pictures of a page."""
    return page["/Resources"]


def text_of(pdf: bytes) -> str:
    """All pages; spaces are a matter of layout, so they are left out."""
    whole = "".join(page.extract_text() for page in opened(pdf).pages)
    return squeezed(whole)


def squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def tags(pdf: bytes) -> tuple[Tag, ...]:
    root = catalog(pdf)
    return tuple(_walk(root["/StructTreeRoot"]["/K"], str(root["/Lang"])))


def _walk(element: Any, language: str) -> Iterator[Tag]:
    element = element.get_object() if hasattr(element, "get_object") else element
    if isinstance(element, list):
        for one in element:
            yield from _walk(one, language)
    elif isinstance(element, dict) and "/S" in element:
        own = str(element.get("/Lang", language))
        alt = element.get("/Alt")
        yield Tag(str(element["/S"]), own, None if alt is None else str(alt))
        if "/K" in element:
            yield from _walk(element["/K"], own)


def everything_in(pdf: bytes) -> str:
    """Every string and every unpacked stream of the file, as one text to search."""
    reader = opened(pdf)
    found = [str(reader.trailer), str(reader.metadata), str(dict(reader.xmp_metadata.__dict__))]
    for number in range(1, len(reader.xref[0]) + 1 if 0 in reader.xref else 1):
        thing = reader.get_object(number)
        found.append(str(thing))
        data = getattr(thing, "get_data", None)
        if data is not None:
            found.append(data().decode("latin-1"))
    return "\n".join([*found, text_of(pdf), pdf.decode("latin-1")])
