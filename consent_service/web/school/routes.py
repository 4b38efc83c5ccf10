"""Pages of the school. Who the child is comes from the release door only, at every view anew.

A look is asked for by POST, so that nothing a browser fetches ahead releases anything. A child that may
not be known is not in the list, and its own page is not there either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError, Problem
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import SchoolStaff
from consent_service.information.content import compulsory_education_starts
from consent_service.information.model import Catalogue, InformationType
from consent_service.policy.decision import Refusal
from consent_service.policy.explain import sentence
from consent_service.process.recalls_model import open_notices
from consent_service.records.model import Shared, ShareRefused, WrittenRecord
from consent_service.records.service import Note
from consent_service.release.model import Ask, WaitingLine
from consent_service.release.model import ChildLine as KnownChild
from consent_service.web.components import Option, RefusedPart, ReleasedPart
from consent_service.web.emergencies import school_routes as emergency_routes
from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.school import attesting, stepping_back
from consent_service.web.school.finding import child_address, known_child, navigation, pupil_to_confirm
from consent_service.web.school.forms import PURPOSES, read_purpose
from consent_service.web.school.showing import released_to_school
from consent_service.web.school.views import (
    ChildLine,
    ChildrenPage,
    NothingOpenedPage,
    RelationshipPage,
    SignalChild,
    WaitingChild,
    WritePage,
    WrittenLine,
    WrittenPage,
)
from consent_service.web.sharing import attestations, read_share, share_fields, share_form
from consent_service.web.visit import Visit

_WRITTEN_ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "school_absence": (
        N_("Schrijf per dag of dagdeel of er verlof was. Uren worden hier niet geteld."),
        N_("Dit is geen wettelijke verzuimmelding. Die blijft de plicht van de school zelf."),
    ),
    "wellbeing_at_school": (
        N_("Schrijf wat u zag of hoorde, niet wat u ervan vindt. De ouder kan het lezen."),
    ),
}
_NOT_COMPULSORY: Final = N_(
    "Dit kind is leerplichtig vanaf {day}. Voor een dag daarvoor kiest u nooit vermoedelijk ongeoorloofd."
)


@get("/school/{tenant:str}", include_in_schema=False)
async def children(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    families = visit.services.families
    listed = await families.school_children(actor.tenant, actor.staff, actor.school)
    known = await visit.services.release.children_of_contact(actor, [one.relationship for one in listed])
    places = [one.relationship for one in known]
    others = [one.relationship for one in listed if one.relationship not in places]
    waiting = await visit.services.release.waiting_of_contact(actor, others)
    shelter = await visit.services.organisations.tenant(actor.tenant)
    school = await visit.services.organisations.school(actor.tenant, actor.school)
    notices = await visit.services.recalls.notices(actor)
    asked = {one.relationship for one in await families.asked_of(actor.tenant, actor.staff, actor.school)}
    standing_in = await families.stands_in_at(actor.tenant, actor.staff, places)
    view = ChildrenPage(
        school=school.name,
        recalls_href=f"/school/{actor.tenant}/teruggeroepen" if notices else "",
        open_recalls=len(open_notices(notices)),
        urgent=await emergency_routes.urgent_children(visit, actor),
        attest_href=f"/school/{actor.tenant}/bevestigen" if asked & set(places) else "",
        children=tuple(
            ChildLine(
                child_address(actor, child.relationship),
                child.full_name,
                child.birth_date,
                shelter.neutral_name,
                child.relationship in standing_in,
            )
            for child in known
        ),
        signals=await _signals(visit, actor, places, waiting),
        waiting=tuple(_waiting_line(actor, one) for one in waiting if one.to_confirm),
        other_parent_href=f"/school/{actor.tenant}/andere-ouder",
        tasks_href=f"/school/{actor.tenant}/taken",
        method_href=f"/school/{actor.tenant}/werkwijze",
    )
    return await visit.show(view, navigation=await navigation(visit, actor))


@get("/school/{tenant:str}/kinderen/{relationship:str}", include_in_schema=False)
async def child(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    try:
        known = await known_child(visit, actor, relationship)
    except NotFoundError:
        waiting = await pupil_to_confirm(visit, actor, relationship)
        return visit.redirect(f"{child_address(actor, waiting.relationship)}/bevestigen")
    return await _child_page(visit, actor, known)


@post("/school/{tenant:str}/kinderen/{relationship:str}", include_in_schema=False, status_code=200)
async def ask(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Asked and answered in one page: what was opened is never kept to be shown again."""
    actor = visit.school_staff(tenant)
    form = FormReader(visit.posted)
    purpose = read_purpose(form)
    if form.problems:
        known = await known_child(visit, actor, relationship)
        entered = FormState.of(visit.posted, form.problems, language=visit.language)
        return await _child_page(visit, actor, known, form=entered)
    about = RelationshipId(relationship)
    wanted = Ask(about, purpose, visit.language)
    try:
        outcome = await visit.services.release.to_school(actor, wanted)
    except NotAllowedError as moved:
        raise NotFoundError("relationship") from moved
    known_now = await visit.services.release.children_of_contact(actor, [about])
    released = await released_to_school(visit, actor, outcome, named=bool(known_now))
    if not known_now:
        waiting = await visit.services.release.waiting_of_contact(actor, [about])
        view = NothingOpenedPage(f"/school/{actor.tenant}", released, _named(waiting))
        return await visit.show(view, navigation=await navigation(visit, actor))
    return await _child_page(visit, actor, known_now[0], released=released)


@get("/school/{tenant:str}/kinderen/{relationship:str}/geschreven", include_in_schema=False)
async def written(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    known = await known_child(visit, actor, relationship)
    records = await visit.services.records.written(actor, known.relationship)
    own = [one for one in records if one.author == actor.staff]
    view = WrittenPage(
        back_href=child_address(actor, known.relationship),
        child=known.full_name,
        items=tuple(_written_line(visit, one) for one in own),
    )
    return await visit.show(view, navigation=await navigation(visit, actor))


@get("/school/{tenant:str}/kinderen/{relationship:str}/schrijven/{key:str}", include_in_schema=False)
async def write_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str], key: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    kind = _writable(visit, actor, key)
    return await _write_page(visit, actor, await known_child(visit, actor, relationship), kind)


@post("/school/{tenant:str}/kinderen/{relationship:str}/schrijven/{key:str}", include_in_schema=False)
async def write(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str], key: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    kind = _writable(visit, actor, key)
    known = await known_child(visit, actor, relationship)
    fields = share_fields(kind, visit.services.texts.of_type(visit.language, kind.key))
    entered = read_share(visit.posted, fields)
    note = Note(kind.key, entered.fields, attested=entered.attested)
    try:
        outcome = await visit.services.records.share(actor, known.relationship, note)
    except InputError as wrong:
        return await _write_page(visit, actor, known, kind, problems=wrong.problems)
    if isinstance(outcome, Shared):
        return visit.redirect(child_address(actor, known.relationship), done="geschreven")
    return await _write_page(visit, actor, known, kind, refused=outcome)


ROUTES: list[HTTPRouteHandler] = [
    children,
    child,
    ask,
    written,
    write_page,
    write,
    *stepping_back.ROUTES,
    *attesting.ROUTES,
    *emergency_routes.ROUTES,
]


async def _child_page(
    visit: Visit,
    actor: SchoolStaff,
    known: KnownChild,
    *,
    released: ReleasedPart | None = None,
    form: FormState = EMPTY,
) -> Response[str]:
    shelter = await visit.services.organisations.tenant(actor.tenant)
    address = child_address(actor, known.relationship)
    services, here = visit.services, [known.relationship]
    view = RelationshipPage(
        action=address,
        back_href=f"/school/{actor.tenant}",
        child=known.full_name,
        birth_date=known.birth_date,
        organisation=shelter.neutral_name,
        organisation_phone=shelter.phone,
        purposes=_purposes(_catalogue(visit), actor),
        write_links=_write_links(visit, actor, address),
        written_href=f"{address}/geschreven",
        step_back_href=f"{address}/klopt-niet",
        away_href=f"{address}/afwezig",
        meetings_href=f"{address}/gesprekken",
        timeline_href=f"{address}/tijdlijn",
        who_helps_href=f"{address}/wie-helpt",
        first_day_href=f"{address}/eerste-dag",
        other_parent_href=f"/school/{actor.tenant}/andere-ouder",
        stands_in=bool(await services.families.stands_in_at(actor.tenant, actor.staff, here)),
        urgent=await emergency_routes.urgent_among(visit, actor, here),
        call_first=known.relationship in await services.recalls.call_first_at(actor),
        released=released,
        form=form,
    )
    status = 400 if form.problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor))


def _write_links(visit: Visit, actor: SchoolStaff, address: str) -> tuple[Option, ...]:
    return tuple(
        Option(f"{address}/schrijven/{kind.key}", _label(visit, kind.key))
        for kind in _writable_types(_catalogue(visit), actor)
    )


async def _write_page(
    visit: Visit,
    actor: SchoolStaff,
    known: KnownChild,
    kind: InformationType,
    *,
    problems: tuple[Problem, ...] = (),
    refused: ShareRefused | None = None,
) -> Response[str]:
    shelter = await visit.services.organisations.tenant(actor.tenant)
    text = visit.services.texts.of_type(visit.language, kind.key)
    fields = share_fields(kind, text)
    attested = read_share(visit.posted, fields).attested
    address = child_address(actor, known.relationship)
    view = WritePage(
        action=f"{address}/schrijven/{kind.key}",
        back_href=address,
        child=known.full_name,
        other_party=shelter.neutral_name,
        type_key=kind.key,
        label=text.label,
        fields=fields,
        explanation=_explanation(visit, known, kind),
        attestations=attestations(problems, attested=attested, language=visit.language),
        refused=_refused_part(visit, refused),
        form=share_form(visit.posted, problems, fields, language=visit.language),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor))


def _explanation(visit: Visit, known: KnownChild, kind: InformationType) -> str:
    """What this is and what it never replaces, for what a school tells about the child."""
    said = translator(visit.language)
    sentences = [said.text(one) for one in _WRITTEN_ABOUT.get(kind.key, ())]
    starts = compulsory_education_starts(known.birth_date)
    if "not_under_five" in kind.rules and local_date(visit.now()) < starts:
        sentences.append(said.text(_NOT_COMPULSORY, day=said.date(starts)))
    return " ".join(sentences)


def _waiting_line(actor: SchoolStaff, one: WaitingLine) -> WaitingChild:
    address = child_address(actor, one.child.relationship)
    return WaitingChild(
        one.child.full_name,
        one.child.birth_date,
        f"{address}/bevestigen" if one.to_confirm else "",
    )


async def _signals(
    visit: Visit, actor: SchoolStaff, known: Sequence[RelationshipId], waiting: Sequence[WaitingLine]
) -> tuple[SignalChild, ...]:
    """What cannot wait, above everything else; also about a pupil nobody confirmed yet."""
    read = await visit.services.signals.read_by(actor)
    found = await visit.services.release.signals_of_contact(actor, [one for one in known if one not in read])
    first = (one.child for one in waiting if one.signal and one.child.relationship not in read)
    lines = [*found, *first]
    return tuple(
        SignalChild(f"{child_address(actor, one.relationship)}/signaal", one.full_name, one.birth_date)
        for one in lines
    )


def _named(waiting: Sequence[WaitingLine]) -> WaitingChild | None:
    """About whom a care signal was read before the pupil was confirmed."""
    return next(
        (WaitingChild(one.child.full_name, one.child.birth_date) for one in waiting if one.signal), None
    )


def _refused_part(visit: Visit, refused: ShareRefused | None) -> RefusedPart | None:
    """A cause in the family reads the same whatever it is."""
    if refused is None:
        return None
    worded = sentence(
        visit.services.policies.proposal.bundle,
        Refusal(refused.information_type, refused.code),
        audience="school",
        language=visit.language,
    )
    return RefusedPart(_label(visit, refused.information_type), worded)


def _written_line(visit: Visit, one: WrittenRecord) -> WrittenLine:
    until = None if one.expires_at is None else local_date(one.expires_at)
    return WrittenLine(_label(visit, one.information_type), one.written_at, until)


def _purposes(catalogue: Catalogue, actor: SchoolStaff) -> tuple[str, ...]:
    """The purposes for which there is anything at all that this role may read."""
    readable = [
        kind for kind in catalogue.types.values() if "s2c" in kind.directions and actor.role in kind.readers
    ]
    return tuple(purpose for purpose in PURPOSES if any(purpose in kind.purposes for kind in readable))


def _writable_types(catalogue: Catalogue, actor: SchoolStaff) -> Iterable[InformationType]:
    for kind in catalogue.types.values():
        if "c2s" in kind.directions and actor.role in kind.writers:
            yield kind


def _writable(visit: Visit, actor: SchoolStaff, key: str) -> InformationType:
    found = next((kind for kind in _writable_types(_catalogue(visit), actor) if kind.key == key), None)
    if found is None:
        raise NotFoundError("information type")
    return found


def _catalogue(visit: Visit) -> Catalogue:
    return visit.services.policies.proposal.catalogue


def _label(visit: Visit, key: TypeKey) -> str:
    return visit.services.texts.of_type(visit.language, key).label
