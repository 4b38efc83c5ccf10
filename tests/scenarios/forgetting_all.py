"""A household with canaries in every place, and a search that opens whatever can still be opened.

What is sealed is found only by opening it, so the search opens too: the details of the log, the families,
what schools may read, requests. What it finds before an erasure shows that it can find.
"""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Awaitable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import msgspec
import structlog
from sqlalchemy import select

from consent_service.audit.log import TrailFilter
from consent_service.consent.model import Receipt
from consent_service.families.model import FamilyView, NewFamily, NewGuardian, PersonIdentity
from consent_service.families.tables import families, relationships
from consent_service.foundation.database import metadata
from consent_service.foundation.errors import ConsentServiceError, NotFoundError
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, TypeKey
from consent_service.identity.model import GuardianActor
from consent_service.process.emergencies.model import NewBreakGlass, NewRequest, StepText
from consent_service.process.meetings.model import Preparation
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.release.service import Ask
from consent_service.rights.carrying.restricting import ToRestrict
from consent_service.rights.cases.model import Asked
from consent_service.rights.exporting import Wanted
from consent_service.rights.exports.model import Order
from consent_service.web.officer.wording import LogWords
from tests.faults.test_canary import forms_of
from tests.ledger import whole_trail
from tests.shelter import SAFE, World

WORDS = {
    "child": "Vergeetkind",
    "family name": "Wegwaaier",
    "mother": "Vergeetmoeder",
    "father": "Vergeetvader",
    "phone": "0612398745",
    "mail": "wegwaaier.post@vogel.example",
    "birth date": "2018-11-27",
    "support": "Vergeetadvies helpt altijd",
    "note of school": "Vergeetvrolijk in de klas",
    "pickup": "Vergeetoma",
    "agenda": "Vergeetagenda met Kerkstraat",
    "request": "Vergeetwoorden van het verzoek",
    "emergency": "Vergeetnood",
    "meldcode": "Vergeetmeldcode",
    "statutory": "Vergeetraad",
}
"""What people typed; each is sealed somewhere, and some of it is opened by no door of its own."""
OPENED = frozenset(WORDS) - {"note of school", "agenda", "emergency", "meldcode", "statutory"}
"""What the search reads as long as the family lives."""


@dataclass
class Planted:
    """A household, and every id that leads to it."""

    view: FamilyView
    relationship: RelationshipId
    mother: GuardianActor
    receipt: Receipt

    @property
    def ids(self) -> frozenset[str]:
        people = (one.guardian for one in self.view.guardians)
        return frozenset((self.view.family, self.view.children[0].child, self.relationship, *people))


async def planted_household(world: World) -> Planted:
    """Written through the services, as people would."""
    services, name = world.services, WORDS["family name"]
    family = await services.families.register_family(
        world.counsellor,
        NewFamily(
            guardians=(
                NewGuardian(
                    PersonIdentity(WORDS["mother"], name, phone=WORDS["phone"], email=WORDS["mail"]),
                    "holder",
                    "register",
                ),
                NewGuardian(PersonIdentity(WORDS["father"], name), "holder", "register"),
            ),
            children=(PersonIdentity(WORDS["child"], name, date.fromisoformat(WORDS["birth date"])),),
        ),
    )
    await services.families.assess_safety(world.counsellor, family, SAFE)
    view = await services.families.view(world.counsellor, family)
    relationship = await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    yes = dict.fromkeys(
        ("shelter_involvement", "support_advice", "pickup", "three_way_meeting", "wellbeing_at_school"), "yes"
    )
    receipt = await world.intake(mother, yes)  # type: ignore[arg-type]
    await world.intake(world.guardian(view, 1), yes)  # type: ignore[arg-type]
    await _told(world, relationship)
    await _around(world, view, relationship, mother)
    await services.families.search(
        world.counsellor,
        names=f"{WORDS['child']} {name}",
        birth_date=date.fromisoformat(WORDS["birth date"]),
    )
    await world.settle()
    return Planted(view, relationship, mother, receipt)


async def _told(world: World, relationship: RelationshipId) -> None:
    pickup = {"name": WORDS["pickup"], "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
    for writer, key, fields in (
        (world.counsellor, "support_advice", {"helps": WORDS["support"]}),
        (world.contact, "support_advice", {"helps": WORDS["note of school"]}),
        (world.counsellor, "pickup", pickup),
    ):
        written = await world.services.records.share(writer, relationship, Note(TypeKey(key), fields))
        assert isinstance(written, Shared)
    for purpose in ("support", "safety"):
        await world.services.release.to_school(world.contact, Ask(relationship, purpose))
    await world.services.release.to_shelter(world.counsellor, Ask(relationship, "support"))


async def _around(
    world: World, view: FamilyView, relationship: RelationshipId, mother: GuardianActor
) -> None:
    """A meeting, an emergency, the meldcode, a request of the council, and requests of the mother herself."""
    services, child = world.services, view.children[0].child
    world.clock.advance(timedelta(minutes=1))
    meeting = await services.meetings.propose(world.counsellor, relationship, "routine")
    await services.meetings.prepare(
        world.counsellor,
        str(meeting),
        Preparation(WORDS["agenda"], (mother.guardian,), (world.contact.staff,)),
    )
    glass = NewBreakGlass(
        information_type=TypeKey("support_advice"),
        fields={"helps": WORDS["emergency"]},
        reason="medical",
        why=WORDS["emergency"],
        approver=world.colleague.staff,
    )
    await services.break_glass.ask(world.counsellor, relationship, glass)
    step = StepText(what=WORDS["meldcode"], why="Daarom.")
    await services.meldcodes.begin(world.counsellor, view.family, child, step)
    asked = NewRequest(asker="raad", ground="bw_1_240", name=WORDS["statutory"], asked="Hoe het gaat.")
    await services.statutory_requests.receive(world.counsellor, view.family, child, asked)
    await services.rights.report_wrong(mother, relationship, TypeKey("support_advice"))
    await services.page_access.choose_pin(mother, "580241", "580241")
    await services.release.preview(mother, relationship, language="nl")
    case = await services.cases.ask(mother, Asked("rectification", words=WORDS["request"]))
    await services.cases.decide(world.officer, case, "grant")
    wrong = f"{relationship}:support_advice"
    await services.rectifications.ask(world.officer, case, [wrong])
    wanted = ToRestrict(child, "contested", relationship, TypeKey("absence_reason"))
    await services.restrictions.restrict(world.officer, case, wanted)


async def readable(world: World, folder: Path) -> dict[str, bytes]:
    """Whatever a door of the service still opens, and exports made just now, by where it comes from."""
    services = world.services
    async with services.installation.database.reading() as conn:
        told = await whole_trail(services.log, conn, world.tenant, TrailFilter())
        everybody = (await conn.execute(select(families.c.family))).scalars().all()
        places = (await conn.execute(select(relationships.c.relationship))).scalars().all()
    found = {f"{entry.type or 'shut'} {entry.id}": _json(entry.detail) for entry in told}
    for family in everybody:
        found[f"family {family}"] = await _answer(services.families.view(world.counsellor, FamilyId(family)))
    for place in places:
        for purpose in ("support", "safety"):
            ask = Ask(RelationshipId(place), purpose)
            found[f"{purpose} {place}"] = await _answer(services.release.to_school(world.contact, ask))
    found["recalls"] = await _answer(services.recall_desk.overview(world.officer))
    for case in await services.cases.overview(world.officer):
        found[f"case {case.case}"] = await _answer(services.cases.view(world.officer, case.case))
    await world.settle()
    return found | await _exports(world, folder)


async def _answer(asked: Awaitable[object]) -> bytes:
    try:
        return _json(await asked)
    except ConsentServiceError:
        return b""


def _json(told: object) -> bytes:
    return msgspec.json.encode(told, enc_hook=str)


async def _exports(world: World, folder: Path) -> dict[str, bytes]:
    """A file of each kind, fresh, and a bundle with everything in it."""
    services, order = world.services, Order(world.tenant)
    words, number = LogWords(services.texts.of("nl")), world.clock.now().isoformat()
    made = {kind: folder / f"{number}-{kind}" for kind in ("ldv", "nen7513")}
    await services.exports.processing(world.officer, order, made["ldv"], words, request_name="x")
    await services.exports.access(world.officer, order, made["nen7513"], words)
    async with services.installation.database.reading() as conn:
        query = select(metadata.tables["person_keys"].c.person)
        people = (await conn.execute(query)).scalars().all()
    for person in people:
        own = Order(world.tenant, person=PersonId(person))
        target = folder / f"{number}-client-{person[-6:]}"
        try:
            await services.exports.client_view(world.officer, own, target, words, translator("nl"))
        except NotFoundError:
            continue
        made[f"client {person}"] = target
    bundle = io.BytesIO()
    await services.bundles.write(world.officer, Wanted(world.tenant, hidden=True), bundle)
    parts = zipfile.ZipFile(bundle)
    return {name: path.read_bytes() for name, path in made.items()} | {
        f"bundle {name}": parts.read(name) for name in parts.namelist()
    }


async def stored(world: World) -> dict[str, bytes]:
    """Every column of every table, as bytes to search."""
    found: dict[str, bytearray] = {}
    async with world.services.installation.database.reading() as conn:
        for table in metadata.tables.values():
            for row in (await conn.execute(select(table))).all():
                for column in table.columns:
                    value = getattr(row, column.name)
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    found.setdefault(f"{table.name}.{column.name}", bytearray()).extend(raw + b"\n")
    return {name: bytes(raw) for name, raw in found.items()}


def on_disk(world: World, folder: Path) -> dict[str, bytes]:
    """Every file under the state directory but the exports that were just made."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "exports" not in path.parts:
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def holding(places: dict[str, bytes], secrets: Collection[str]) -> dict[str, frozenset[str]]:
    """In which places which of these stand, in any form."""
    wanted = {one: set().union(*forms_of(one).values()) for one in secrets}
    found = {
        place: frozenset(one for one, forms in wanted.items() if any(form in raw for form in forms))
        for place, raw in places.items()
    }
    return {place: one for place, one in found.items() if one}


@contextmanager
def what_is_logged() -> Iterator[io.StringIO]:
    """What the service and its libraries log at the level of an installation."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    level, before = root.level, structlog.get_config()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(written))
    try:
        yield written
    finally:
        structlog.configure(**before)
        root.setLevel(level)
        root.removeHandler(handler)
