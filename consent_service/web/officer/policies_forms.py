"""What an officer sends about the rules, as typed values: a file's text, an archive, what is approved."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile

from consent_service.policy.proposing import LARGEST_ARCHIVE
from consent_service.web.forms import FormReader, Posted

UPLOAD_BYTES: Final = LARGEST_ARCHIVE + 100_000
"""What such a request may hold, so that too large an archive is told on the page."""
MOST_AT_ONCE: Final = 6
"""Files that can be changed together on one page; whoever changes more sends an archive."""
_SOURCE_LENGTH: Final = 150_000
_KEYS: Final = 1_000


class SourcesEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Files of the rules as they should become, in the order of the page; `adds` is one to change as well."""

    texts: dict[str, str]
    adds: str


def read_sources(form: FormReader, files: Collection[str]) -> SourcesEntered:
    """The texts exactly as they were typed: trimming would make a difference that nobody made.

    Browsers send lines ended as RFC 7578 (4.2) has them; files end them as here.
    """
    texts = {}
    for number in range(MOST_AT_ONCE):
        file = form.choice(f"file-{number}", files, required=False)
        if file:
            texts[file] = _source(form, f"text-{number}")
    adding = form.posted.first("step") == "add"
    adds = form.choice("file", files) if adding else ""
    if adding and len(texts) >= MOST_AT_ONCE:
        form.refuse("file", "form.too_many_files", max=str(MOST_AT_ONCE))
    if not texts:
        form.refuse("file", "form.missing")
    return SourcesEntered(texts, adds)


def _source(form: FormReader, name: str) -> str:
    typed = form.posted.values.get(name, ("",))[0].replace("\r\n", "\n").replace("\r", "\n")
    if not typed.strip():
        form.refuse(name, "form.missing")
    elif len(typed) > _SOURCE_LENGTH:
        form.refuse(name, "form.too_long", max=str(_SOURCE_LENGTH))
    return typed if typed.endswith("\n") else f"{typed}\n"


def read_approved(posted: Posted) -> frozenset[str]:
    """The keys of what was ticked; whether there are such things is the service's to say."""
    return frozenset(posted.several("goed")[:_KEYS])


async def read_archive(request: Request[Any, Any, Any]) -> bytes:
    """The uploaded archive as it is; nothing when no file was chosen."""
    sent = (await request.form()).get("archive")
    return await sent.read() if isinstance(sent, UploadFile) else b""
