"""What a preview explains: why, until when, what would change it, and to whom."""

from __future__ import annotations

from datetime import date

import pytest

from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import NotAllowedError
from consent_service.organisations.model import NewStaff
from consent_service.release.model import TypePreview
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
