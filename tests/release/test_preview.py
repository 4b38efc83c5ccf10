"""What a preview explains: why, until when, what would change it, and to whom."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update

from consent_service.consent.model import Answer
from consent_service.consent.service import Target
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import NotAllowedError
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import GuardianActor, PersonActor
from consent_service.organisations.model import NewStaff
from consent_service.organisations.tables import assignments
from consent_service.release.model import Ask, TypePreview
from consent_service.release.wording import NOTHING_SHARED
from tests.scenarios.stories import told_family
from tests.shelter import OPERATOR, World


async def test_a_preview_says_until_when_and_what_would_change_it(world: World) -> None:
    told = await told_family(world)
    own = await world.services.release.preview(told.mother, told.relationship, language="nl")
    staff = await world.services.release.preview(world.counsellor, told.relationship, language="nl")
    for line in (_line(own, "support_advice"), _line(staff, "support_advice")):
        assert line.valid_until == local_midnight(date(2027, 8, 1))
    assert _line(own, "support_advice").would_change_if == ("u uw ja intrekt", "u bezwaar maakt")
    assert _line(own, "contact_persons").would_change_if == ("u ja zegt",)
    assert _line(staff, "contact_persons").explanation == (
        "Er is geen ja. Geen antwoord telt als nee. Verandert als een ouder met gezag die nog geen ja zei, "
        "ja zegt."
    )


async def test_a_child_previews_its_own_school_and_no_siblings(world: World) -> None:
    view = await world.family(children=(("Noor", date(2013, 5, 4)), ("Sam", date(2018, 5, 4))))
    noor, sam = view.children
    own, of_sam = await world.at_school(noor.child), await world.at_school(sam.child)
    seen = await world.services.release.preview(world.child(view), own, language="nl")
    assert _line(seen, "shelter_involvement").would_change_if == ("u ja zegt",)
    with pytest.raises(NotAllowedError):
        await world.services.release.preview(world.child(view), of_sam, language="nl")


async def test_a_preview_explains_a_type_by_who_could_read_it(world: World) -> None:
    told = await told_family(world)
    add = world.services.organisations.add_staff
    desk = NewStaff("school_staff", "Ada Administratie", world.linde, "administration")
    await world.services.families.list_contact(
        world.counsellor, told.relationship, await add(OPERATOR, world.tenant, desk)
    )
    seen = await world.services.release.preview(world.counsellor, told.relationship, language="nl")
    assert _line(seen, "postal_address").sentence == "Er is geen ja. Geen antwoord telt als nee."


def _line(seen: tuple[TypePreview, ...], key: str) -> TypePreview:
    (found,) = (line for line in seen if line.information_type == key)
    return found


# --- from the school to the counsellor -------------------------------------------------------------

WELLBEING = TypeKey("wellbeing_at_school")
YES_TO_WELLBEING: dict[str, Answer] = {"shelter_involvement": "yes", WELLBEING: "yes"}


async def _from_school(world: World, actor: PersonActor, relationship: RelationshipId) -> TypePreview:
    seen = await world.services.release.preview(actor, relationship, language="nl", way="c2s")
    return _line(seen, WELLBEING)


def _about(actor: GuardianActor, relationship: RelationshipId) -> Target:
    return Target(actor.tenant, actor.family, actor.guardian, keys=((relationship, WELLBEING),))


async def _is_refused(world: World, relationship: RelationshipId) -> bool:
    """Whether the counsellor's own request is refused for a cause; an empty yes is none."""
    answer = await world.services.release.to_shelter(world.counsellor, Ask(relationship, "support"))
    said = {line.information_type: line.sentence for line in answer.refused}
    return said.get(WELLBEING, NOTHING_SHARED) != NOTHING_SHARED


async def test_what_comes_from_the_school_is_decided_as_the_counsellors_own_request(world: World) -> None:
    view = await world.family()
    relationship, mother = await world.at_school(view.children[0].child), world.guardian(view)
    assert not (await _from_school(world, mother, relationship)).shared
    await world.intake(mother, YES_TO_WELLBEING)
    seen = await _from_school(world, mother, relationship)
    assert (seen.shared, await _is_refused(world, relationship)) == (True, False)
    assert seen.would_change_if == ("u uw ja intrekt", "u bezwaar maakt")
    everything = await world.services.release.preview(mother, relationship, language="nl", way="c2s")
    catalogue = world.services.policies.proposal.catalogue
    assert {line.information_type for line in everything} == {
        kind.key for kind in catalogue.types.values() if "c2s" in kind.directions
    }
    await world.services.consent.withdraw(mother, _about(mother, relationship), method="page")
    seen = await _from_school(world, mother, relationship)
    assert (seen.shared, await _is_refused(world, relationship)) == (False, True)


async def test_without_a_counsellor_with_the_family_nothing_comes_from_the_school(world: World) -> None:
    view = await world.family()
    relationship, mother = await world.at_school(view.children[0].child), world.guardian(view)
    await world.intake(mother, YES_TO_WELLBEING)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(assignments).values(ends_at=world.clock.now()))
    preview = world.services.release.preview
    assert await preview(mother, relationship, language="nl", way="c2s") == ()


async def test_of_a_child_of_thirteen_who_has_not_answered_the_school_tells_nothing(world: World) -> None:
    view = await world.family(children=(("Noor", date(2013, 5, 4)),))
    relationship, mother = await world.at_school(view.children[0].child), world.guardian(view)
    await world.intake(mother, YES_TO_WELLBEING)
    for actor in (mother, world.child(view)):
        assert not (await _from_school(world, actor, relationship)).shared
    assert await _is_refused(world, relationship)
    await world.intake(world.child(view), YES_TO_WELLBEING)
    for actor in (mother, world.child(view)):
        assert (await _from_school(world, actor, relationship)).shared
    assert not await _is_refused(world, relationship)


async def test_when_another_holder_objects_she_reads_the_same_neutral_line_as_for_danger(
    world: World,
) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    relationship = await world.at_school(view.children[0].child)
    mother, father = world.guardian(view), world.guardian(view, 1)
    await world.intake(mother, YES_TO_WELLBEING)
    await world.intake(father, YES_TO_WELLBEING)
    assert (await _from_school(world, mother, relationship)).shared
    await world.services.consent.object(father, _about(father, relationship), method="page")
    seen = await _from_school(world, mother, relationship)
    assert (seen.shared, seen.sentence) == (False, "Dit wordt nu niet gedeeld.")
    assert seen.would_change_if == ()
    assert await _is_refused(world, relationship)
