"""The readable file: PDF/UA-1 by typst, with our own fonts, in Dutch or in English.

Headings and codes have words in these two; what people wrote stands as they wrote it, and so does what
somebody read before choosing. Nothing that was written is ever markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import msgspec

from consent_service.consent.drawing import svg_picture
from consent_service.consent.receipt.document import FONTS, printable
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.i18n import N_, Translator, translator
from consent_service.foundation.ids import TypeKey
from consent_service.information.texts import LanguageTexts
from consent_service.rights.access.document import AccessFile, EventLine, FieldLine, Redacted, Said
from consent_service.rights.access.words import (
    CODES,
    GROUNDS,
    LEFT_OUT,
    PARTS,
    PURPOSES,
    REASONS_OF_EMERGENCY,
    STEPS,
)

_TEMPLATE: Final = Path(__file__).with_name("file.typ")
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "looks": (N_("Wanneer"), N_("Wie"), N_("Over"), N_("Waarvoor"), N_("Wat")),
    "redactions": (N_("Waar"), N_("Wat wij weglieten"), N_("Waarom"), N_("Artikel")),
    "decisions": (N_("Wanneer"), N_("Waarover"), N_("Keuze"), N_("Hoe en als wie"), N_("Tekst")),
}
_WIDTHS: Final[Mapping[str, tuple[float, ...]]] = {
    "looks": (1, 1.4, 1, 1.2, 1.4),
    "redactions": (1, 1.6, 1.4, 1),
    "decisions": (1, 1.5, 0.8, 1.1, 1.9),
}
"""Parts of the width of the page."""
Fact = tuple[str, str]


class Picture(str):
    """A picture the server made, not something that was said; shown as a picture."""

    __slots__ = ()


def write_pdf(file: AccessFile, words: LanguageTexts) -> bytes:
    """The file to read, in the language of `words`; takes processor time, so run it in a thread.

    Raises:
        IntegrityError: it could not be written.
    """
    page = _compiled(_Reader(file, words).shown(), file.made_at)
    if page is None:  # told here: what typst says about it may quote what somebody wrote
        raise IntegrityError("an access file could not be written as PDF/UA")
    return page


def _compiled(shown: Mapping[str, object], made_at: datetime) -> bytes | None:
    import typst  # heavy, and needed by whoever prints only

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    try:
        return typst.compile(
            _TEMPLATE.read_bytes(),
            font_paths=fonts,
            ignore_system_fonts=True,
            sys_inputs={"data": printable(msgspec.json.encode(shown).decode())},
            pdf_standards="ua-1",
            timestamp=int(made_at.astimezone(UTC).timestamp()),
        )
    except typst.TypstError:
        return None


class _Reader:
    """One file in the words of one language."""

    def __init__(self, file: AccessFile, texts: LanguageTexts) -> None:
        self._file = file
        self._texts = texts
        self._words: Translator = translator(texts.language)
        self._names = {one.person: f"{one.given_names} {one.family_name}".strip() for one in file.people}

    def shown(self) -> dict[str, object]:
        """Everything the template needs."""
        kind = N_("Uw gegevens om mee te nemen") if self._file.request == "portability" else N_("Uw dossier")
        parts = {name: self._part(name) for name in PARTS}
        return {
            "language": self._words.language,
            "title": self._t(kind),
            "lead": self._t(
                N_("Dit is wat {name} over u en uw kinderen bewaart op {day}."),
                name=self._file.law.controller,
                day=self._words.date(self._file.made_at.date()),
            ),
            "keep": self._t(N_("Bewaar dit waar niemand anders het leest.")),
            "page": self._t(N_("Bladzijde {page} van {pages}"), page="{page}", pages="{pages}"),
            "parts": [part for part in parts.values() if part["cards"] or part["rows"]],
        }

    # --- parts -------------------------------------------------------------------------------

    def _part(self, name: str) -> dict[str, object]:
        columns = _COLUMNS.get(name, ())
        return {
            "title": self._t(PARTS[name]),
            "columns": [self._t(one) for one in columns],
            "widths": _WIDTHS.get(name, ()),
            "rows": [list(row) for row in getattr(self, f"_{name}_rows")()] if columns else [],
            "cards": [] if columns else [_card(one) for one in getattr(self, f"_{name}_cards")()],
        }

    def _people_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.people:
            yield self._facts(
                (N_("Naam"), self._names[one.person]),
                (N_("Wie"), self._code(one.role)),
                (N_("Geboren op"), self._day(one.birth_date)),
                (N_("Telefoon"), one.phone),
                (N_("E-mail"), one.email),
            )

    def _authority_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.authority:
            yield self._facts(
                (N_("Over"), self._names.get(one.child, "")),
                (N_("Wat"), self._code(one.kind)),
                (N_("Waaruit dat blijkt"), self._code(one.source)),
                (N_("Van"), self._day(one.valid_from)),
                (N_("Tot"), self._day(one.valid_until)),
                (N_("Gezien op"), self._day(one.seen_on)),
                (N_("Opgeschreven op"), self._moment(one.recorded_at)),
            )

    def _competence_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.competence:
            yield self._facts(
                (N_("Over"), self._names.get(one.child, "")),
                (N_("Wat"), self._t(N_("Kan dit zelf wegen") if one.competent else N_("Kan dit niet wegen"))),
                (N_("Opgeschreven op"), self._moment(one.recorded_at)),
            )

    def _safety_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.safety:
            yield self._facts(
                (N_("Over"), self._names.get(one.person, "") or self._t(N_("Het gezin"))),
                (N_("Wat"), self._code(one.level)),
                (N_("Geheim adres"), self._yes(said=one.secret_address)),
                (N_("Opnieuw bekijken op"), self._day(one.review_on)),
            )

    def _places_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.places:
            yield self._facts(
                (N_("Over"), self._names.get(one.child, "")),
                (N_("School"), self._said(one.school)),
                (N_("Adres"), self._said(one.address)),
                (N_("Van"), self._moment(one.started_at)),
                (N_("Tot"), self._moment(one.ended_at)),
            )

    def _decisions_rows(self) -> Iterable[Sequence[str]]:
        for one in self._file.decisions:
            yield (
                self._moment(one.decided_at),
                f"{self._place(one.place)}: {self._label(one.type, one.label)}",
                self._code(one.decision),
                f"{self._code(one.method)}, {self._code(one.capacity)}",
                f"{one.text_version} ({one.language}) {one.text_hash[:12]}",
            )

    def _conversations_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.conversations:
            yield self._facts(
                (N_("Van"), self._moment(one.started_at)),
                (N_("Tot"), self._moment(one.finished_at)),
                (N_("Taal"), one.language),
                (N_("Tolk"), self._code(one.interpreter)),
                (N_("Voorgelezen"), self._yes(said=one.read_aloud)),
                (N_("Ondertekend als"), one.signed_name),
                (N_("Handtekening getekend"), _drawn(one.signed_drawing)),
            )

    def _records_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.records:
            yield (
                *self._facts(
                    (N_("Wat"), self._label(one.type, one.label)),
                    (N_("Over"), self._place(one.place)),
                    (N_("Richting"), self._code(one.direction)),
                    (N_("Opgeschreven op"), self._moment(one.written_at)),
                    (N_("Opgeschreven door"), self._said(one.written_by)),
                    (N_("Bewaard tot"), self._moment(one.expires_at)),
                ),
                *(self._field(one.type, field) for field in one.fields),
            )

    def _meetings_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.meetings:
            facts = self._facts(
                (N_("Over"), self._place(one.place)),
                (N_("Wanneer"), self._moment(one.starts_at)),
                (N_("Waarover"), self._said(one.agenda)),
            )
            agreed = N_("Afspraak voor {who}, uiterlijk {day}")
            yield (
                *facts,
                *(
                    (
                        self._t(agreed, who=self._code(each.owner), day=self._day(each.due_on)),
                        self._said(each.words),
                    )
                    for each in one.agreements
                ),
                *((self._t(N_("Uw opmerking")), remark.words) for remark in one.remarks),
            )

    def _meldcode_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.meldcode:
            steps = [
                (
                    f"{self._t(STEPS.get(step.step, step.step))}, {self._moment(step.at)}",
                    " ".join(filter(None, (self._said(step.what), self._said(step.why)))),
                )
                for step in one.steps
            ]
            yield (*self._facts((N_("Over"), self._names.get(one.child, ""))), *steps)

    def _events_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.events:
            yield self._facts(
                (N_("Wat"), self._code(one.what)),
                (N_("Over"), self._place(one.place)),
                (N_("Wanneer"), self._moment(one.at)),
                (N_("Soort"), self._types(one.types)),
                (N_("Waarom"), self._why(one)),
            )

    def _looks_rows(self) -> Iterable[Sequence[str]]:
        for one in self._file.looks:
            why = self._t(PURPOSES[one.purpose]) if one.purpose in PURPOSES else self._code(one.purpose)
            emergency = f" ({self._code('emergency')})" if one.emergency else ""
            yield (
                self._moment(one.at),
                ", ".join(filter(None, (self._code(one.role), self._said(one.organisation)))),
                self._names.get(one.person, ""),
                why + emergency,
                self._types(one.types),
            )

    def _own_page_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.own_page:
            kind = one.kind if one.what in ("message", "second_factor") else ""
            yield self._facts(
                (N_("Wat"), f"{self._t(_PAGE.get(one.what, '')) or one.what} {kind}".strip()),
                (N_("Wanneer"), self._moment(one.at)),
                (N_("Tot"), self._moment(one.ended_at)),
            )

    def _requests_cards(self) -> Iterable[Sequence[Fact]]:
        for one in self._file.requests:
            yield self._facts(
                (N_("Wat"), self._code(one.kind)),
                (N_("Ontvangen op"), self._day(one.received_on)),
                (N_("Uw woorden"), one.words),
                (N_("Klaar op"), self._moment(one.ended_at)),
            )

    def _redactions_rows(self) -> Iterable[Sequence[str]]:
        for one in self._file.redactions:
            where = self._t(PARTS[one.place]) if one.place in PARTS else self._where(one.place)
            what = self._t(LEFT_OUT[one.redacted]) if one.redacted in LEFT_OUT else one.redacted
            yield where, what, self._t(GROUNDS[one.ground]), one.article

    def _law_cards(self) -> Iterable[Sequence[Fact]]:
        law = self._file.law
        yield self._facts(
            (N_("Verantwoordelijk"), f"{law.controller}, {law.phone}"),
            (N_("Waar de gegevens vandaan komen"), self._t(law.source)),
            (N_("Uw rechten"), " ".join(self._t(one) for one in law.rights)),
            (N_("Klacht"), self._t(law.complaint)),
            (N_("Beslist een programma?"), self._t(law.automated)),
            (N_("Buiten de Europese Unie"), self._t(law.transfers)),
        )
        for one in law.types:
            text = self._texts.types.get(TypeKey(one.type))
            purposes = (
                self._t(PURPOSES[key]) if key in PURPOSES else self._code(key) for key in one.purposes
            )
            yield self._facts(
                (N_("Soort"), self._label(one.type, one.label)),
                (N_("Waarvoor"), ", ".join(purposes)),
                (N_("Grondslag"), self._code(one.legal_basis)),
                (N_("Wie het krijgt"), one.recipients if text is None else text.who_sees),
                (N_("Hoe lang"), one.kept if text is None else text.until),
            )

    # --- words -------------------------------------------------------------------------------

    def _facts(self, *facts: Fact) -> tuple[Fact, ...]:
        return tuple((self._t(name), value) for name, value in facts if value)

    def _t(self, sentence: str, **params: object) -> str:
        return self._words.text(sentence, **params)

    def _code(self, code: str) -> str:
        return self._t(CODES[code]) if code in CODES else code

    def _said(self, said: Said) -> str:
        if not isinstance(said, Redacted):
            return said
        what = self._t(LEFT_OUT[said.redacted]) if said.redacted in LEFT_OUT else said.redacted
        return self._t(
            N_("[weggelaten: {what}, {ground}, {article}]"),
            what=what,
            ground=self._t(GROUNDS[said.ground]),
            article=said.article,
        )

    def _types(self, keys: Iterable[str]) -> str:
        return ", ".join(self._label(key, key) for key in keys)

    def _label(self, key: str, otherwise: str) -> str:
        """What a type is called in this language; as the file has it once no text names it."""
        text = self._texts.types.get(TypeKey(key))
        return otherwise if text is None else text.label

    def _field(self, key: str, one: FieldLine) -> Fact:
        """A field with its value; a choice in the words it was chosen in."""
        text = self._texts.types.get(TypeKey(key))
        spec = None if text is None else text.fields.get(one.field)
        said = self._said(one.value)
        return (one.label, said) if spec is None else (spec.label, spec.choices.get(said, said))

    def _place(self, place: str) -> str:
        for one in self._file.places:
            if one.place == place:
                return f"{self._names.get(one.child, '')} ({self._said(one.school)})"
        return place

    def _where(self, place: str) -> str:
        first, _, rest = place.partition(" ")
        if first == "*":
            return self._t(N_("Overal"))
        known = self._names.get(first) or self._place(first)
        return f"{known} {self._t(PARTS.get(rest, rest))}".strip() if rest else known

    def _why(self, one: EventLine) -> str:
        reason = self._t(REASONS_OF_EMERGENCY.get(one.state, "")) if one.what == "emergency" else ""
        return " ".join(filter(None, (reason, self._said(one.words))))

    def _yes(self, *, said: bool) -> str:
        return self._t(N_("Ja") if said else N_("Nee"))

    def _day(self, day: date | None) -> str:
        return "" if day is None else self._words.date(day)

    def _moment(self, moment: datetime | None) -> str:
        return "" if moment is None else self._words.instant(moment, "medium")


_PAGE: Final[Mapping[str, str]] = {
    "code": N_("Code op papier"),
    "second_factor": N_("Wat de pagina opent naast de code"),
    "device": N_("Apparaat"),
    "message": N_("Bericht"),
}


def _drawn(strokes: str) -> Picture:
    return Picture(svg_picture(strokes) if strokes else "")


def _card(facts: Sequence[Fact]) -> list[dict[str, object]]:
    return [
        {"name": name, "value": str(value), "picture": isinstance(value, Picture)} for name, value in facts
    ]
