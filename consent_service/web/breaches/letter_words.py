"""The words of a letter about a breach (AVG 34(2)): what happened, what it may mean, what was done, whom to
call. Each is one sentence to translate. No child, no school, no address, no kind of information."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from consent_service.foundation.i18n import N_, Translator
from consent_service.rights.breaches.letters import LetterPaper
from consent_service.rights.breaches.model import BreachKind, Consequence, Measure

TITLE: Final = N_("Er is iets misgegaan met uw gegevens")
TOGETHER: Final = N_("Deze brief is er nog niet in uw taal. Lees hem samen met een tolk.")
_TO: Final = N_("Aan {name}")
_WHAT: Final[Mapping[BreachKind, str]] = {
    "wrong_recipient": N_("Gegevens over u of uw gezin kwamen bij iemand voor wie ze niet waren."),
    "lost_or_stolen_device": N_(
        "Een apparaat van ons is kwijt of gestolen. Daarmee kon iemand bij gegevens over u of uw gezin."
    ),
    "account_misused": N_("Iemand keek naar gegevens over u of uw gezin, en dat mocht niet."),
    "leaked_backup": N_(
        "Iemand anders heeft een kopie van gegevens. Daarbij zijn gegevens over u of uw gezin."
    ),
    "wrong_person_saw": N_("Iemand zag gegevens over u of uw gezin die niet voor die persoon waren."),
    "other": N_("Gegevens over u of uw gezin waren niet goed beschermd."),
}
_WHEN: Final = N_("Dit gebeurde tussen {begin} en {end}.")
_MAY_MEAN: Final[Mapping[Consequence, str]] = {
    "place_found": N_("Iemand kan misschien te weten komen waar u bent."),
    "help_known": N_("Iemand kan weten dat u hulp krijgt."),
    "violence_known": N_("Iemand kan iets weten over wat u meemaakte."),
    "health_known": N_("Iemand kan iets weten over gezondheid."),
    "identity_misused": N_("Iemand kan uw naam misbruiken."),
    "none": N_("Wij denken dat u hier niets van merkt."),
}
_DONE: Final[Mapping[Measure, str]] = {
    "access_closed": N_("Wij hebben de toegang gesloten."),
    "account_closed": N_("Wij hebben het account gesloten."),
    "device_blocked": N_("Wij hebben het apparaat op afstand gesloten."),
    "keys_replaced": N_("Wij hebben de sleutels vervangen."),
    "recalled": N_("Wij hebben de gegevens teruggevraagd."),
    "recipient_deleted": N_("Wie de gegevens kreeg, heeft ze weggedaan."),
    "police_told": N_("Wij hebben aangifte gedaan."),
    "people_warned": N_("Wij waarschuwen iedereen over wie het gaat."),
    "working_method": N_("Wij werken voortaan anders, zodat dit niet weer gebeurt."),
}
_YOU: Final = N_("Voelt u zich niet veilig, of belt er iemand die u niet kent? Bel ons meteen.")
_CALL: Final = N_("Vragen? Bel {sender}: {phone}.")
_COMPLAIN: Final = N_("U mag ook een klacht indienen bij de Autoriteit Persoonsgegevens.")
_SORRY: Final = N_("Wij vinden het erg dat dit gebeurd is.")


def paragraphs(paper: LetterPaper, said: Translator) -> Iterator[str]:
    """The letter in one language, paragraph by paragraph."""
    about = paper.breach
    yield said.text(_TO, name=paper.name)
    yield said.text(_WHAT[about.kind])
    if about.happened_from is not None and about.happened_until is not None:
        days = {"begin": said.date(about.happened_from), "end": said.date(about.happened_until)}
        yield said.text(_WHEN, **days)
    for consequence in about.consequences:
        yield said.text(_MAY_MEAN[consequence])
    for measure in about.measures:
        yield said.text(_DONE[measure])
    yield said.text(_YOU)
    yield said.text(_CALL, sender=paper.sender, phone=paper.phone)
    yield said.text(_COMPLAIN)
    yield said.text(_SORRY)
