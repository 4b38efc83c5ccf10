"""Rules, situations and answers in the officer's language: facts as a short table, codes as sentences.

No id and no name stands in a situation, so none can be shown. What a rule says in plain words is
`policy.plain`; the sentence of a reason is `policy.explain`; layout is the templates'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from consent_service.audit.happenings.policies import ProposalOrigin
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Direction, Level
from consent_service.information.texts import LanguageTexts
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import Allowance, Refusal
from consent_service.policy.explain import sentence
from consent_service.policy.facts import (
    Action,
    Basis,
    ChildAnswer,
    Gate,
    Lapse,
    Question,
    ReaderKind,
    TypeFacts,
)
from consent_service.policy.problem_words import advice
from consent_service.policy.reasons import PolicyProblem
from consent_service.policy.recorded import RecordedAnswer
from consent_service.web.components import FieldLine
from consent_service.web.vocabulary import CAPACITIES, PURPOSES, ROLES, SAFETY, VOICES

ORIGINS: Final[Mapping[ProposalOrigin, str]] = {
    "software": N_("de regels die met de software meekwamen"),
    "folder": N_("een map van de beheerder"),
    "upload": N_("een bestand dat is ingestuurd"),
    "edit": N_("een wijziging op deze pagina"),
    "earlier": N_("regels die eerder golden"),
}
FOLDER_NAMES: Final[Mapping[str, str]] = {
    "safety": N_("Veiligheid"),
    "access": N_("Wie iets mag vragen"),
    "consent": N_("Toestemming"),
    "break_glass": N_("Als een leven ervan kan afhangen"),
    "release": N_("Lezen"),
    "share": N_("Schrijven"),
}
"""The folders of the rules, in the order in which they are read."""
_ACTIONS: Final[Mapping[Action, str]] = {"release": N_("Lezen"), "share": N_("Schrijven")}
_BASES: Final[Mapping[Basis, str]] = {
    "consent": N_("Toestemming van het gezin"),
    "vital_interest": N_("Levensbelang: noodtoegang"),
}
_READERS: Final[Mapping[ReaderKind, str]] = {
    "school": N_("School"),
    "shelter": N_("Opvang"),
    "guardian": N_("Ouder of voogd"),
}
_LEVELS: Final[Mapping[Level, str]] = {
    "O": N_("gewoon"),
    "O+": N_("gevoelig"),
    "A9": N_("bijzonder gegeven (AVG 9)"),
    "A10": N_("strafrechtelijk (AVG 10)"),
}
_WAYS: Final[Mapping[Direction, str]] = {
    "s2c": N_("van opvang naar school"),
    "c2s": N_("van school naar opvang"),
}
_CHILD: Final[Mapping[ChildAnswer, str]] = {
    "none": N_("het kind gaf geen antwoord"),
    "yes": N_("het kind zei ja"),
    "no": N_("het kind zei nee"),
}
_GATES: Final[Mapping[Gate, str]] = {
    "closed": N_("nee, de school mag niet van de hulp weten"),
    "open": N_("ja, de school mag van de hulp weten"),
    "meanwhile": N_("het ja van eerder, tot het kind antwoordt"),
}
_LAPSES: Final[Mapping[Lapse, str]] = {
    "none": "",
    "expired": N_("Het ja is verlopen."),
    "outdated": N_("Het ja ging over een ander doel of een andere ontvanger."),
    "restricted": N_("Het mag nu alleen bewaard worden (AVG 18)."),
    "suspended": N_("Het ja is gepauzeerd: de tekst was fout."),
}
_PUPIL: Final = {
    True: N_("het kind is leerling van de school"),
    False: N_("het kind is daar geen leerling meer"),
}
_AGREEMENT: Final = {True: N_("het convenant geldt"), False: N_("er geldt geen convenant")}
_CONTACT: Final = {True: N_("de lezer is contactpersoon"), False: N_("de lezer is geen contactpersoon")}
_ASSIGNED: Final = {
    True: N_("de begeleider hoort bij het gezin"),
    False: N_("de begeleider hoort niet bij het gezin"),
}
_SECRET: Final = {True: N_("het adres is geheim"), False: N_("het adres is niet geheim")}
_HOLDERS: Final = {
    True: N_("{count} met gezag, vastgesteld"),
    False: N_("{count} met gezag, niet vastgesteld"),
}
_OWN: Final = {True: N_("over wie het gaat, zei ja"), False: N_("over wie het gaat, zei geen ja")}
_BREAK_GLASS: Final = {True: N_("Zij loopt nog."), False: N_("Zij loopt niet meer.")}


class RuleWords:
    """One language and its labels."""

    def __init__(self, texts: LanguageTexts) -> None:
        self._texts = texts
        self.said = translator(texts.language)

    def type_label(self, key: str) -> str:
        """What an information type is called; one that is not worded here keeps its key."""
        text = self._texts.types.get(TypeKey(key))
        return key if text is None else text.label

    def role(self, code: str) -> str:
        """What a reader's role is called; a role the catalogue has and we do not know keeps its code."""
        known = {**CAPACITIES, **ROLES}
        return self.said.text(known[code]) if code in known else code

    def purpose(self, code: str) -> str:
        """What a purpose is called."""
        return self.said.text(PURPOSES[code]) if code in PURPOSES else code

    def reader(self, kind: ReaderKind, role: str) -> str:
        """Who asks, e.g. `School: Leerkracht`; never a person."""
        return f"{self.said.text(_READERS[kind])}: {self.role(role)}"

    def way(self, direction: Direction) -> str:
        """From whom to whom."""
        return self.said.text(_WAYS[direction])

    def action(self, action: Action) -> str:
        """Reading or writing, as a heading."""
        return self.said.text(_ACTIONS[action])

    def basis(self, basis: Basis) -> str:
        """The ground in law."""
        return self.said.text(_BASES[basis])

    def origin(self, origin: ProposalOrigin) -> str:
        """Where a proposal came from."""
        return self.said.text(ORIGINS[origin])

    def folder(self, name: str) -> str:
        """What a folder of rules is about."""
        return self.said.text(FOLDER_NAMES[name]) if name in FOLDER_NAMES else name

    def about(self, key: str, *, emergency: bool) -> str:
        """The subject, and whether it is only what one must know in an emergency."""
        label = self.type_label(key)
        if not emergency:
            return label
        return self.said.text(N_("{label} (alleen wat in nood nodig is)"), label=label)

    def problem(self, problem: PolicyProblem) -> str:
        """What to do about it; nothing for a finding that a later version of the software gave."""
        return self.said.text(advice(problem)) if advice(problem) else ""

    def answer(self, bundle: Bundle | None, key: str, answer: RecordedAnswer) -> str:
        """Yes or no, and why, in the words of the rules that answered; without those only the code."""
        said = self.said.text(N_("Ja.") if answer.allowed else N_("Nee."))
        if bundle is None or not self._is_worded(bundle, answer):
            return f"{said} {answer.code}"
        made = Allowance if answer.allowed else Refusal
        why = made(TypeKey(key), answer.code, answer.determining)
        return f"{said} {sentence(bundle, why, audience='officer', language=self.said.language)}"

    def situation(self, question: Question, *, preview: bool = False) -> tuple[FieldLine, ...]:
        """Everything the rules know of the first asked type, as a table of a few short lines.

        `preview`: it is only shown that it is shared, and nothing is opened.
        """
        facts = question.types[0]
        lines = (
            (N_("Wie"), self.reader(question.reader.kind, question.reader.role)),
            (N_("Wil"), self._wish(question.action, preview=preview)),
            (N_("Onderwerp"), self._subject(facts)),
            (N_("Doel"), self.purpose(question.purpose)),
            (N_("Grondslag"), self.basis(question.basis)),
            (N_("Samenwerking"), self._joined(self._cooperation(question))),
            (N_("Veiligheid"), self._joined(self._safety(question))),
            (N_("Wie beslist"), self._joined(self._holders(facts))),
            (N_("Kind"), self._joined(self._child(facts))),
            (N_("De eerste vraag"), self.said.text(_GATES[facts.gate])),
            (N_("Verder"), " ".join(self._further(question, facts))),
        )
        return tuple(FieldLine(self.said.text(label), value) for label, value in lines if value)

    def _is_worded(self, bundle: Bundle, answer: RecordedAnswer) -> bool:
        reasons = bundle.reasons.get(self.said.language)
        return reasons is not None and (not answer.allowed or answer.code in reasons.grounds)

    def _wish(self, action: Action, *, preview: bool) -> str:
        return self.said.text(N_("alleen zien dát het gedeeld wordt")) if preview else self.action(action)

    def _subject(self, facts: TypeFacts) -> str:
        label = self.about(facts.key, emergency=facts.emergency)
        return f"{label}; {self.said.text(_LEVELS[facts.level])}, {self.way(facts.direction)}"

    def _cooperation(self, question: Question) -> Iterator[str]:
        about = question.relationship
        yield _PUPIL[about.active]
        yield _AGREEMENT[about.agreement_valid]
        if question.reader.kind == "school":
            yield _CONTACT[about.active_contact]
        if question.reader.kind == "shelter":
            yield _ASSIGNED[about.assigned]

    def _safety(self, question: Question) -> Iterator[str]:
        about = question.relationship
        yield SAFETY[about.safety]
        yield _SECRET[about.secret_address]

    def _holders(self, facts: TypeFacts) -> Iterator[str]:
        """Counts that are nought and say nothing are left out."""
        counted = {
            _HOLDERS[facts.authority_known]: (facts.holders, True),
            N_("{count} zegt ja"): (facts.yes, True),
            N_("{count} maakt bezwaar"): (facts.objecting, True),
            N_("{count} wordt niet benaderd"): (facts.excused, False),
            N_("{count} zei ja vóór de verjaardag"): (facts.earlier_yes, False),
        }
        for told, (count, always) in counted.items():
            if count or always:
                yield self.said.text(told, count=count)
        yield _OWN[facts.own_yes]

    def _child(self, facts: TypeFacts) -> Iterator[str]:
        yield VOICES[facts.voice]
        yield _CHILD[facts.child_answer]

    def _further(self, question: Question, facts: TypeFacts) -> Iterator[str]:
        said, about = self.said, question.relationship
        if len(question.types) > 1:
            yield said.text(N_("Er worden {count} dingen tegelijk gevraagd."), count=len(question.types))
        if facts.lapse != "none":
            yield said.text(_LAPSES[facts.lapse])
        if facts.second_approved:
            yield said.text(N_("Een tweede persoon keurde dit stuk goed."))
        if about.break_glass_persons or question.basis == "vital_interest":
            yield said.text(N_("Noodtoegang: besloten door {count}."), count=about.break_glass_persons)
            yield said.text(_BREAK_GLASS[about.break_glass_running])

    def _joined(self, parts: Iterator[str]) -> str:
        """Parts as one line; a part that is a sentence of ours is translated, one filled in stays."""
        return "; ".join(self.said.text(part) for part in parts)
