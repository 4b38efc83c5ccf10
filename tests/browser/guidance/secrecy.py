"""Nothing that left by mail says who, which school, which shelter, or about what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message

from consent_service.demo.shelter import CAST, EIK, LINDE, NEUTRAL_NAME, SHELTER
from tests.postbox import Postbox

FAMILY = ("Selam", "Haile", "Noor")
PEOPLE = (*FAMILY, *(part for one in CAST for part in (one.name, *one.name.split())))
INITIALS = ("N.H.", "N. Haile", "S.H.", "S. Haile", "NH", "SH", "B.B.", "BB", "I.I.", "II")
"""Of the child, the mother, the counsellor and the contact."""
PLACES = (
    *(words for one in (LINDE, EIK) for words in (one.name, one.establishment_code, one.street, one.phone)),
    *("Linde", "Eik", "Lindelaan", LINDE.town, SHELTER, "Haven", NEUTRAL_NAME),
)
LABELS = (
    "Hulp voor uw gezin",
    "Wie belt wie",
    "Wat helpt uw kind",
    "Niet op school",
    "Afspraken driegesprek",
    "shelter_involvement",
    "support_advice",
    "school_absence",
    "three_way_meeting",
)
STEMS = (
    *("kind", "leerling", "ouder", "moeder", "gezin", "begeleid", "contactpersoon", "juf", "leraar"),
    *("school", "opvang", "hulp", "veilig", "geweld", "toestemming", "verzuim", "afwezig", "verhui"),
    *("driegesprek", "gesprek", "afspraken", "overleg", "signaal", "meldcode", "agenda"),
    *("child", "pupil", "parent", "mother", "family", "shelter", "meeting", "consent", "absence", "violence"),
)
_SHORT = 4
"""Up to so many letters it is looked for as a word of its own: an id may hold those letters by chance."""
_OWN_ADDRESS = frozenset({"to", "x-rcptto"})


def told_by(postbox: Postbox, besides: Iterable[str] = ()) -> list[str]:
    """Every word of a mail or of a file in it that tells something; the words are looked for in all parts."""
    forbidden = dict.fromkeys((*PEOPLE, *INITIALS, *PLACES, *LABELS, *STEMS, *besides))
    found = []
    for envelope in postbox.envelopes:
        content = envelope.content
        assert isinstance(content, bytes)
        text = "\n".join(_everything(message_from_bytes(content)))
        found += [word for word in forbidden if _is_in(word, text)]
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


def fields(calendar: str) -> dict[str, str]:
    """The lines of a calendar file by name; those of the appointment are the last of their name."""
    return dict(line.split(":", 1) for line in calendar.splitlines() if ":" in line)


def _is_in(word: str, text: str) -> bool:
    short = len(word) <= _SHORT and word not in STEMS
    edge = r"(?<![^\W_])" if short else ""
    end = r"(?![^\W_])" if short and word[-1].isalnum() else ""
    return re.search(edge + re.escape(word) + end, text, re.IGNORECASE) is not None


def _everything(message: Message) -> Iterator[str]:
    """Headers but the address it goes to, and all parts, each as a person or a program would read it."""
    for part in message.walk():
        for name, value in part.items():
            if name.lower() not in _OWN_ADDRESS:
                yield f"{name}: {make_header(decode_header(str(value)))}"
        yield part.get_filename() or ""
        if not part.is_multipart():
            yield _decoded(part).replace("\r\n ", "").replace("\n ", "")


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode(part.get_content_charset() or "utf-8", "replace")
