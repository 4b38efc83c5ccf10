"""What the officer reads of a no and of a duty: forbidden by which rule or only not permitted; what to do."""

from __future__ import annotations

import html
import re

from consent_service.audit.events import DutyArose
from consent_service.audit.log import OFFICER
from consent_service.consent.service import Target
from consent_service.foundation.ids import TypeKey
from consent_service.identity.model import by
from tests.scenarios.stories import SUPPORT, ask, told_family
from tests.web.visiting import Site, words_of


async def test_a_no_by_a_rule_is_told_from_a_yes_that_nobody_gave(site: Site) -> None:
    told = await told_family(site.world)
    target = Target(
        site.world.tenant, told.view.family, told.mother.guardian, ((told.relationship, SUPPORT),)
    )
    await site.world.services.consent.object(told.mother, target, method="page")
    await ask(site.world, told.relationship)
    officer = await site.logged_in(site.world.officer)
    trail = await officer.post(f"/toezicht/{site.world.tenant}/zoeken", {"event": "release.refused.v1"})
    (entry, *_) = re.findall(r'href="([^"]+/regels/[^"]+)"', trail.text)
    words = words_of(await officer.get(html.unescape(entry)))

    assert "de rechter kan beslissen (BW 1:253a). Verboden door: consent.objection." in words
    assert "Er is geen ja. Geen antwoord telt als nee. Verboden" not in words
    assert words.count("Verboden door") == 1


async def test_a_duty_is_a_task_that_says_what_about_and_until_when(site: Site) -> None:
    told = await told_family(site.world)
    released = await ask(site.world, told.relationship)
    arose = DutyArose(told.relationship, "officer_review", released.entry, TypeKey("support_advice"))
    async with site.world.services.installation.database.transaction() as conn:
        entry = await site.world.services.log.append(
            conn,
            tenant=site.world.tenant,
            event=arose,
            by=by(site.world.contact),
            subject=told.view.children[0].child,
            tagged_for=OFFICER,
            relationship=told.relationship,
        )
    await site.world.settle()
    officer = await site.logged_in(site.world.officer)
    home = f"/toezicht/{site.world.tenant}"
    tasks = await officer.get(f"{home}/taken")

    assert "Er is iets gegeven op een uitzondering. Kijk of dat terecht was." in words_of(tasks)
    assert f"{home}/regels/{entry}" in tasks.text
    said = words_of(await officer.get(f"{home}/regels/{entry}"))
    assert "Hierdoor moet er iets gebeuren: nakijken door de privacycoördinator." in said
