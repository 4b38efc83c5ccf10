"""The letter with which a request is refused, whole or in part: the ground, and what somebody can do.

The neutral letter is the same, letter for letter, whoever gets it and why: who is not known here, who may not
know anything, and who has to be protected from (S4, S46). Date and address are written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import msgspec

from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.i18n import N_, translator
from consent_service.identity.model import Fg, PrivacyCoordinator
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.looking import tenant_in
from consent_service.organisations.model import Tenant
from consent_service.organisations.service import require
from consent_service.rights.cases.model import ARTICLES, GROUNDS, Case, RefusalGround
from consent_service.rights.cases.rows import case_of, read_case_row
from consent_service.rights.cases.service import CaseService

_BLANK: Final = "________________"
NEUTRAL_WORDS: Final = (
    N_("U vroeg iets over persoonsgegevens."),
    N_("Wij kunnen niet aan uw verzoek voldoen (AVG 12(6), AVG 23(1)(i), UAVG 41(1)(i))."),
    N_("Dit antwoord zegt niet of wij gegevens bewaren over u of over iemand anders."),
    N_(
        "Wij geven alleen gegevens aan wie heeft laten zien wie hij is en het recht heeft om ze te krijgen. "
        "U kunt met een identiteitsbewijs bij ons langskomen, of iets sturen waaruit uw recht blijkt."
    ),
)
"""For every neutral ground."""
REASONS: Final[Mapping[RefusalGround, str]] = {
    "rights_of_others": N_("Een deel gaat over anderen. Hun belang weegt hier zwaarder dan het uwe."),
    "excessive": N_("U vroeg dit kort geleden ook, en er is sindsdien niets veranderd."),
    "legal_hold": N_("De gegevens zijn nodig voor een rechtszaak. Tot die voorbij is, bewaren wij ze."),
    "proof": N_("Wij moeten kunnen laten zien wat u koos. Dat bewijs bewaren wij zo lang als de wet vraagt."),
    "law": N_("Een wet zegt dat wij dit moeten bewaren of gebruiken."),
    "child_decides": N_("Het kind is oud genoeg om hier zelf over te beslissen en kan het zelf vragen."),
    "nothing_here": N_("Wij hebben gezocht en bewaren hier niets over u wat bij uw verzoek hoort."),
}
"""What a person reads as the ground; the neutral grounds have no sentence of their own."""
_ASKED: Final[Mapping[str, str]] = {
    "access": N_("Op {day} vroeg u welke gegevens wij over u bewaren ({article})."),
    "portability": N_("Op {day} vroeg u om uw gegevens mee te nemen ({article})."),
    "rectification": N_("Op {day} vroeg u om gegevens te verbeteren ({article})."),
    "erasure": N_("Op {day} vroeg u om gegevens te wissen ({article})."),
    "restriction": N_("Op {day} vroeg u om uw gegevens even niet te gebruiken ({article})."),
    "objection": N_("Op {day} maakte u bezwaar tegen het gebruik van uw gegevens ({article})."),
}
_APPEAL: Final = (
    N_("Bent u het er niet mee eens? Praat met onze functionaris gegevensbescherming: {name}, {phone}."),
    N_(
        "U kunt een klacht sturen naar de Autoriteit Persoonsgegevens: Postbus 93374, 2509 AJ Den Haag, "
        "autoriteitpersoonsgegevens.nl (AVG 77)."
    ),
    N_("U kunt de rechtbank vragen om te beslissen, binnen zes weken na deze brief (UAVG 35)."),
)


class LetterText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One letter in one language."""

    language: str
    title: str
    paragraphs: tuple[str, ...]


class CaseLetter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The letters of one decision; none before the day on which it may be given."""

    case: Case
    letters: tuple[LetterText, ...]
    not_before: date | None


def refusal(case: Case, tenant: Tenant, language: str) -> LetterText:
    """The letter for a request that was refused, or granted in part."""
    said = translator(language)
    blanks = (said.text(N_("Datum: {blank}"), blank=_BLANK), said.text(N_("Aan: {blank}"), blank=_BLANK))
    appeal = tuple(said.text(one, name=tenant.name, phone=tenant.phone) for one in _APPEAL)
    if case.neutral or case.ground is None:
        words = tuple(said.text(one) for one in NEUTRAL_WORDS)
        return LetterText(language, said.text(N_("Antwoord op uw verzoek")), (*blanks, *words, *appeal))
    day, article = said.date(case.received_on), ARTICLES[case.kind]
    part = N_("Een deel van wat u vroeg, krijgt u of doen wij niet. De reden ({article}):")
    whole = N_("Wij doen niet wat u vroeg. De reden ({article}):")
    words = (
        said.text(_ASKED[case.kind], day=day, article=article),
        said.text(part if case.outcome == "grant_in_part" else whole, article=GROUNDS[case.ground]),
        said.text(REASONS[case.ground]),
    )
    return LetterText(language, said.text(N_("Antwoord op uw verzoek")), (*blanks, *words, *appeal))


class CaseLetterService:
    """The letters of a shelter."""

    def __init__(self, *, database: Database, clock: Clock, cases: CaseService) -> None:
        self._database = database
        self._clock = clock
        self._cases = cases

    async def refusal(self, actor: PrivacyCoordinator | Fg, case: str, *languages: str) -> CaseLetter:
        """The letter in each of these languages; that it was looked at is logged.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: no such request here, or nothing of it was refused.
        """
        require(actor, Action.VIEW_CASES, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            one = case_of(await read_case_row(conn, actor.tenant, case))
            if one.outcome not in ("refuse", "grant_in_part"):
                raise NotFoundError("letter")
            await self._cases.tell(conn, actor, one, "letter_read")
            today, first = local_date(self._clock.now()), one.answer_from
            if first is not None and today < first:
                return CaseLetter(one, (), first)
            tenant = await tenant_in(conn, actor.tenant)
            return CaseLetter(one, tuple(refusal(one, tenant, each) for each in languages), None)
