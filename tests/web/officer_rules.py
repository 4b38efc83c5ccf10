"""Rules to propose: the shipped policies with one thing changed, as text and as an archive."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx

from consent_service.foundation.ids import RelationshipId, StaffId
from consent_service.identity.model import Fg, PrivacyCoordinator
from consent_service.organisations.model import NewStaff
from consent_service.release.model import Ask
from tests.shelter import OPERATOR, POLICIES, World
from tests.web.visiting import Browser, Site, words_of

SAFETY = "safety/location.cedar"
YES = "consent/yes.cedar"
AGE = "tests/age.toml"
_WAITS = """
when { resource.yes >= 1 }
when { resource.voice == Voice::"heard" || resource.child_answer == ChildAnswer::"yes" };
"""


def widened() -> dict[str, str]:
    """Ordinary types no longer wait for a child of 12 to 15, and the cases that said so say otherwise."""
    rules = text_of(YES).replace('@unmet("- no_consent awaiting_child")', '@unmet("- no_consent")', 1)
    rules = rules.replace(_WAITS, "\nwhen { resource.yes >= 1 };\n", 1)
    return {YES: rules, AGE: _cases(text_of(AGE))}


def _cases(text: str) -> str:
    blocks = text.split("[[cases]]")
    told = {
        "the child turned 12 and was not asked yet": '"consent.ordinary"',
        "twelve and not asked yet: pickup goes on": '"consent.meanwhile", "consent.ordinary"',
    }
    for place, block in enumerate(blocks):
        for name, by in told.items():
            if f'name = "{name}"' in block:
                blocks[place] = f'{block[: block.index("expect = ")]}expect = "permit"\nby = [{by}]\n\n'
    return "[[cases]]".join(blocks)


def weakened() -> str:
    """The rule on secret addresses forgets that the address is secret."""
    whole = 'context.secret_address || context.safety != Safety::"no_known_danger"'
    return text_of(SAFETY).replace(whole, 'context.safety != Safety::"no_known_danger"')


def text_of(file: str) -> str:
    """A file of the rules as they ship."""
    return (POLICIES / file).read_text(encoding="utf-8")


def archive(changed: dict[str, str] | None = None) -> bytes:
    """The rules as they ship, in a zip, with some files otherwise."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(_files()):
            name = path.relative_to(POLICIES).as_posix()
            packed.writestr(name, (changed or {}).get(name, path.read_text(encoding="utf-8")))
    return raw.getvalue()


def _files() -> list[Path]:
    return [path for path in POLICIES.rglob("*") if path.suffix in (".cedar", ".cedarschema", ".toml")]


async def second_coordinator(world: World) -> PrivacyCoordinator:
    """Another privacy coordinator of the same shelter."""
    staff = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("privacy_coordinator", "Pia Privacy")
    )
    return PrivacyCoordinator(world.tenant, StaffId(staff))


async def fg_of(world: World) -> Fg:
    """The FG of the same shelter."""
    staff = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("fg", "Fenna Gegevens")
    )
    return Fg(world.tenant, StaffId(staff))


@dataclass
class Room:
    """A shelter in which a school was refused what a child of thirteen was not asked about yet."""

    site: Site
    first: Browser
    second: Browser
    relationship: RelationshipId

    @property
    def world(self) -> World:
        return self.site.world

    def at(self, *parts: str) -> str:
        return "/".join((f"/toezicht/{self.world.tenant}/spelregels", *parts))

    async def proposed(self) -> str:
        """The first coordinator proposes the wider rules; the address of the proposal."""
        answer = await self.first.post(self.at("bewerken"), form_of(widened()))
        assert answer.status_code == 303, words_of(answer)
        return answer.headers["location"].partition("?")[0]

    async def active(self) -> str:
        """The hash in force."""
        return await self.world.services.policies.ensure_active(self.world.tenant)


async def make_room(site: Site) -> Room:
    """Two coordinators, and one release that the school was refused."""
    world = site.world
    view = await world.family(children=(("Noor", date(2013, 5, 4)),))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "support_advice": "yes"})
    await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    await world.settle()
    second = await site.logged_in(await second_coordinator(world))
    return Room(site, await site.logged_in(world.officer), second, relationship)


def form_of(texts: dict[str, str], **more: str) -> dict[str, str]:
    """The edit page's form with these files."""
    fields: dict[str, str] = {}
    for number, (file, text) in enumerate(texts.items()):
        fields |= {f"file-{number}": file, f"text-{number}": text}
    return {**fields, **more}


def keys_on(answer: httpx.Response) -> list[str]:
    """What can be ticked."""
    return re.findall(r'name="goed" value="([0-9a-f]{64})"', answer.text)
