"""What is needed to carry a request out, as its pages show it."""

from __future__ import annotations

from collections.abc import Mapping

from consent_service.families.restrictions import Restriction
from consent_service.foundation.clock import local_date
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import PersonId
from consent_service.identity.model import Fg, PrivacyCoordinator
from consent_service.rights.carrying.rectifying import Written
from consent_service.rights.carrying.restricting import Place
from consent_service.rights.carrying.whom import Whom
from consent_service.rights.cases.model import CaseView
from consent_service.web.components import FieldLine, Option
from consent_service.web.erasing.showing import CARRY_OUT, CASES, line_of, notice_of
from consent_service.web.erasing.views import AskErasurePage, RectifyPage, RestrictionLine, RestrictPage
from consent_service.web.forms import FormState
from consent_service.web.officer.room import home
from consent_service.web.officer.wording import LogWords
from consent_service.web.visit import Officer, Visit

RESTRICTIONS = "beperkingen"


class CaseShowing:
    """One request for the coordinator who carries it out."""

    def __init__(self, visit: Visit, actor: PrivacyCoordinator, found: CaseView, form: FormState) -> None:
        self._visit = visit
        self._actor = actor
        self._found = found
        self._form = form
        self._said = translator(visit.language)
        self._words = LogWords(visit.services.texts.of(visit.language))

    @property
    def _case(self) -> str:
        return self._found.case.case

    def _at(self, *parts: str) -> str:
        return home(self._actor, CASES, self._case, *parts)

    async def erasure(self) -> AskErasurePage:
        """Who is erased, and why."""
        services, actor = self._visit.services, self._actor
        whom = await services.erasing_desk.whom(actor, self._case)
        return AskErasurePage(
            action=self._at(CARRY_OUT, "wissen"),
            back_href=self._at(),
            words=self._found.words,
            due_on=self._found.case.due_on,
            subjects=tuple(Option(one.subject, self._whom(one)) for one in whom),
            asked=tuple(
                line_of(actor, one)
                for one in await services.erasures.overview(actor)
                if one.case == self._case
            ),
            form=self._form,
        )

    async def restriction(self) -> RestrictPage:
        """What may be kept only."""
        services = self._visit.services
        places = await services.restrictions.places(self._actor, self._case)
        names = {one.child: one.name for one in places}
        schools = await school_names(self._visit, self._actor)
        mine = [one for one in await services.restrictions.overview(self._actor) if one.case == self._case]
        return RestrictPage(
            kind=self._found.case.kind,
            state=self._found.case.state,
            action=self._at(CARRY_OUT, "beperken"),
            back_href=self._at(),
            words=self._found.words,
            due_on=self._found.case.due_on,
            places=tuple(option for one in places for option in self._places(one, schools)),
            types=self._types(),
            lines=await restriction_lines(self._visit, self._actor, mine, names=names),
            form=self._form,
        )

    async def rectification(self) -> RectifyPage:
        """What is not right, and what came of it."""
        services, actor = self._visit.services, self._actor
        written = await services.rectifications.written(actor, self._case)
        asked = await services.rectifications.of_case(actor, self._case)
        schools = await school_names(self._visit, actor)
        notices = await services.recall_desk.overview(actor)
        return RectifyPage(
            action=self._at(CARRY_OUT, "rechtzetten"),
            restrict_href=self._at(CARRY_OUT, "beperken"),
            back_href=self._at(),
            words=self._found.words,
            due_on=self._found.case.due_on,
            written=tuple(Option(one.key, self._written(one, schools)) for one in written if not one.asked),
            asked=tuple(
                FieldLine(
                    self._words.type_label(one.information_type),
                    self._said.date(local_date(one.asked_at)),
                )
                for one in asked
            ),
            notices=tuple(
                notice_of(one, schools, self._words) for one in notices if one.matter == self._case
            ),
            form=self._form,
        )

    def _whom(self, one: Whom) -> str:
        """A given name with what that person is."""
        match one.scope:
            case "child":
                return self._said.text(N_("Kind: {name}"), name=one.name)
            case "person":
                return self._said.text(N_("Ouder of voogd: {name}"), name=one.name)
            case _:
                return self._said.text(N_("Het hele gezin, ook de andere ouder"))

    def _places(self, one: Place, schools: dict[str, str]) -> tuple[Option, ...]:
        everywhere = self._said.text(N_("{name}, elke school"), name=one.name)
        return (
            Option(one.child, everywhere),
            *(
                Option(f"{one.child}:{at.relationship}", f"{one.name}, {schools.get(at.school, '')}")
                for at in one.relationships
            ),
        )

    def _types(self) -> tuple[Option, ...]:
        known = self._visit.services.policies.proposal.catalogue.types
        return tuple(Option(key, self._words.type_label(key)) for key in known)

    def _written(self, one: Written, schools: dict[str, str]) -> str:
        parts = (one.child_name, schools.get(one.school, ""), self._words.type_label(one.information_type))
        words = ", ".join(parts)
        return f"{words} ({self._said.text(N_('de school schreef dit'))})" if one.by_school else words


async def school_names(visit: Visit, actor: Officer) -> dict[str, str]:
    """What each school is called."""
    known = await visit.services.organisations.schools(actor.tenant)
    return {str(one.school): one.name for one in known}


async def restriction_lines(
    visit: Visit,
    actor: Officer,
    found: list[Restriction],
    *,
    names: Mapping[PersonId, str] | None = None,
) -> tuple[RestrictionLine, ...]:
    """Restrictions with their next step for who decides; with names only where a request is being read."""
    words = LogWords(visit.services.texts.of(visit.language))
    schools = await school_names(visit, actor)
    places = await visit.services.restrictions.schools_of(actor, found)
    return tuple(
        _line(actor, one, words, schools.get(places.get(one.restriction, ""), ""), names) for one in found
    )


def _line(
    actor: Officer, one: Restriction, words: LogWords, school: str, names: Mapping[PersonId, str] | None
) -> RestrictionLine:
    at, decides = home(actor, RESTRICTIONS, one.restriction), not isinstance(actor, Fg) and one.in_force
    return RestrictionLine(
        label=words.type_label(one.information_type),
        school=school,
        ground=one.ground,
        since=local_date(one.since),
        told_on=None if one.told_at is None else local_date(one.told_at),
        lifted_on=None if one.lifted_at is None else local_date(one.lifted_at),
        tell_action=f"{at}/verteld" if decides and one.told_at is None else "",
        lift_action=f"{at}/opheffen" if decides and one.told_at is not None else "",
        child="" if names is None else names.get(one.child, ""),
        case_href="" if one.case is None or names is not None else home(actor, CASES, one.case),
    )
