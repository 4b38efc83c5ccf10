"""Nothing that left by mail says who, which school, which shelter, or about what."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message

from tests.postbox import Postbox

PEOPLE = ("Selam", "Haile", "Noor", "Samuel", "Bo Begeleider", "Ida Intern", "Begeleider", "Intern")
PLACES = ("De Linde", "Linde", "12AB", "12ab", "Lindelaan", "Dorpsstraat", "Ruggensteun Opvang")
WORDS = (
    "kind",
    "school",
    "opvang",
    "driegesprek",
    "gesprek",
    "ouder",
    "moeder",
    "leerling",
    "begeleid",
    "verzuim",
    "afwezig",
    "toestemming",
    "geweld",
    "hulp",
    "shelter",
    "meeting",
)


def told_by(postbox: Postbox, besides: tuple[str, ...] = ()) -> list[str]:
    """Every word of a mail or of a file in it that tells something; the words are looked for in all parts."""
    forbidden = (*PEOPLE, *PLACES, *WORDS, *besides)
    found = []
    for envelope in postbox.envelopes:
        content = envelope.content
        assert isinstance(content, bytes)
        text = "\n".join(_everything(message_from_bytes(content))).casefold()
        found += [word for word in forbidden if word.casefold() in text]
    return found


def calendars(postbox: Postbox, to: str) -> list[str]:
    """The calendar files that this address got, in the order they came."""
    found = []
    for envelope in postbox.envelopes:
        if to in envelope.rcpt_tos:
            content = envelope.content
            assert isinstance(content, bytes)
            found += [
                _decoded(part).replace("\r\n ", "")
                for part in message_from_bytes(content).walk()
                if part.get_content_type() == "text/calendar"
            ]
    return found


def _everything(message: Message) -> Iterator[str]:
    """Headers but the address it goes to, and all parts, each as a person or a program would read it."""
    for name, value in message.items():
        if name.lower() not in ("to", "x-rcptto"):
            yield f"{name}: {make_header(decode_header(str(value)))}"
    for part in message.walk():
        yield " ".join(f"{name}={value}" for name, value in part.items() if name.lower() != "to")
        yield part.get_filename() or ""
        if not part.is_multipart():
            yield _decoded(part).replace("\r\n ", "").replace("\n ", "")


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode(part.get_content_charset() or "utf-8", "replace")
