"""Files of a lived log: who may have them, what they hold, that they are whole, and that it is logged."""

from __future__ import annotations

import hmac
import json
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consent_service.audit.events import EntriesReleased, InformationPreviewed, LogExported
from consent_service.audit.log_keys import current_log, open_next_log
from consent_service.families.model import FamilyView
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
)
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, StaffId, TypeKey, new_id
from consent_service.foundation.tracing import started, tracing
from consent_service.identity.model import Counsellor, Fg, by
from consent_service.keyring.envelope import length_prefixed
from consent_service.records.service import Note
from consent_service.release.model import Ask
from consent_service.rights.exports import reading, service
from consent_service.rights.exports.access import AccessRecord
from consent_service.rights.exports.files import ExportFile
from consent_service.rights.exports.model import Manifest, Order, Written
from consent_service.rights.exports.processing import ProcessingRecord, own_span
from consent_service.web.officer.wording import LogWords
from tests.ledger import entries
from tests.shelter import OPERATOR, SECRET, World, furnish

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NAMES = ("Bo Begeleider", "Ida Intern", "Puk Privacy", "Samira Voorbeeld", "Noor Voorbeeld")


class Lived:
    """A shelter in which something happened, and its files."""

    def __init__(self, world: World, view: FamilyView, relationship: RelationshipId, folder: Path) -> None:
        self.world = world
        self.view = view
        self.relationship = relationship
        self.folder = folder
        self.words = LogWords(world.services.texts.of("nl"))
        self.door = world.services.exports

    def order(self, **more: Any) -> Order:
        return Order(self.world.tenant, **more)

    async def ldv(self, name: str = "ldv.jsonl", actor: Any = None, **more: Any) -> Written:
        given = more.pop("register", "")
        return await self.door.processing(
            actor or self.world.officer,
            self.order(**more),
            self.folder / name,
            self.words,
            request_name="Verzoek",
            register=given,
        )

    async def nen(self, name: str = "nen.jsonl", actor: Any = None, **more: Any) -> Written:
        return await self.door.access(
            actor or self.world.officer, self.order(**more), self.folder / name, self.words
        )

    async def client(self, person: PersonId, name: str = "client.txt", **more: Any) -> list[str]:
        target = self.folder / name
        await self.door.client_view(
            self.world.officer, self.order(person=person, **more), target, self.words, translator("nl")
        )
        return target.read_text().splitlines()


@pytest.fixture
async def lived(world: World, tmp_path: Path) -> Lived:
    """Registration, intake, share, a release and a refusal; one of them asked for by another application."""
    with started():
        view = await world.family()
        relationship = await world.at_school(view.children[0].child)
        await world.intake(world.guardian(view), {"shelter_involvement": "yes", "support_advice": "yes"})
    note = Note(TypeKey("support_advice"), {"helps": "Even naar buiten lopen."})
    await world.services.records.share(world.counsellor, relationship, note)
    with tracing([(b"traceparent", PARENT)]):
        await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    await world.services.release.to_school(world.contact, Ask(relationship, "transition"))
    await world.settle()
    folder = tmp_path / "files"
    folder.mkdir()
    return Lived(world, view, relationship, folder)


def lines(written: Written) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.path.read_bytes().splitlines()]


def manifest_beside(written: Written) -> Manifest:
    return msgspec.json.decode(Path(f"{written.path}.manifest.json").read_bytes(), type=Manifest)


async def exported(world: World) -> list[LogExported]:
    found = await entries(world, "log.exported.v1")
    return [one.detail.event for one in found if one.detail and isinstance(one.detail.event, LogExported)]


async def test_processing_records_name_every_entry_and_nobody(lived: Lived) -> None:
    world, child = lived.world, lived.view.children[0].child
    everything = [one for one in await entries(world) if one.seq is not None]
    written = await lived.ldv()
    found = lines(written)
    for line in written.path.read_bytes().splitlines():
        msgspec.json.decode(line, type=ProcessingRecord)

    of_entries = [one for one in found if "ruggensteun.log.entry" in one["resource"]["attributes"]]
    places = [int(one["resource"]["attributes"]["ruggensteun.log.index"]) for one in of_entries]
    named = {one["resource"]["attributes"]["ruggensteun.log.entry"] for one in of_entries}
    assert places == sorted(places)
    assert set(places) == set(range(len(everything)))
    assert named == {one.id for one in everything}
    assert {own_span(EntryId(one)) for one in named} <= {one["span_id"] for one in of_entries}
    assert len({one["span_id"] for one in found}) == len(found), "each action has a span of its own"
    assert {one["parent_span_id"] for one in found if "parent_span_id" in one} <= {
        *(one["span_id"] for one in found),
        PARENT.decode().split("-")[2],
    }

    text = written.path.read_text()
    people = {entry.detail.by.id for entry in everything if entry.detail and entry.detail.by.id}
    assert len(people) >= 4
    planted = {*people, child, lived.view.guardians[0].guardian, lived.relationship}
    assert [one for one in (*planted, *NAMES) if one in text] == []
    users = (await lived.nen()).path.read_text()
    assert [one for one in planted if one not in users] == [], "the other form names them all"
    (asked,) = [one for one in found if one.get("parent_span_id") == PARENT.decode().split("-")[2]]
    assert asked["trace_id"] == PARENT.decode().split("-")[1]
    assert asked["attributes"]["dpl.core.foreign_operation.processor"] == "https://onbekend.invalid/"
    below = [one for one in found if one.get("parent_span_id") == asked["span_id"]]
    assert "Informatie gegeven" in {one["name"] for one in below}
    assert {one["trace_id"] for one in below} == {asked["trace_id"]}


async def test_a_data_subject_has_one_pseudonym_that_only_the_tenants_key_makes(lived: Lived) -> None:
    world, child = lived.world, lived.view.children[0].child
    ring = world.services.installation.ring
    async with world.services.installation.database.reading() as conn:
        key = await ring.tenant_key(conn, world.tenant, "audit")
    derived = ring.material.derived(key, "pseudonym/v1")
    expected = hmac.digest(derived.reveal(), length_prefixed("pseudonym/v1", child), sha256).hex()
    one, other = await lived.ldv("1"), await lived.ldv("2", since=local_midnight(date(2026, 9, 1)))
    for written in (one, other):
        ids = {line["attributes"].get("dpl.core.data_subject_id") for line in lines(written)}
        assert expected in ids
    kinds = {line["attributes"].get("dpl.core.data_subject_id_type") for line in lines(one)}
    assert kinds == {None, "tag:test.invalid,2026:verwerkingen/v1/betrokkene"}
    own = await lived.ldv("3", register="https://register.example.nl/v1/")
    activities = {line["attributes"]["dpl.core.processing_activity_id"] for line in lines(own)}
    assert "https://register.example.nl/v1/delen" in activities


async def test_access_records_name_users_and_hold_no_content(lived: Lived) -> None:
    world = lived.world
    written = await lived.nen()
    found = [msgspec.json.decode(line, type=AccessRecord) for line in written.path.read_bytes().splitlines()]
    assert [one.logIndex for one in found] == list(range(written.manifest.entries))
    users = {(user.userID, user.userName) for one in found for user in one.users}
    for known in (
        (world.counsellor.staff, "Bo Begeleider"),
        (world.contact.staff, "Ida Intern"),
        (lived.view.guardians[0].guardian, "Samira Voorbeeld"),
    ):
        assert known in users
    (release,) = [one for one in found if one.eventTypeCode.code == "information.released.v1"]
    (reader,) = release.users
    assert (reader.roleIDCode, reader.purposeOfUse) == ("contact", "support")
    assert reader.alternateUserID == world.linde
    assert release.autorisatieProtocol
    assert "Even naar buiten" not in written.path.read_text()
    assert "Noor" not in written.path.read_text()


async def test_records_of_one_person_tell_of_nobody_else(lived: Lived) -> None:
    mother = lived.view.guardians[0].guardian
    written = await lived.nen(person=mother)
    found = [msgspec.json.decode(line, type=AccessRecord) for line in written.path.read_bytes().splitlines()]
    assert found
    for one in found:
        assert one.participants[0].participantObjectID == mother
    (event,) = await exported(lived.world)
    assert (event.kind, event.entries) == ("nen7513", len(found))
    (entry,) = await entries(lived.world, "log.exported.v1", shown_to=mother)
    assert entry.detail is not None
    assert entry.detail.subject == mother
    with pytest.raises(NotFoundError):
        await lived.nen("2", person=PersonId(new_id()))


async def test_a_period_begins_and_ends_where_it_says(lived: Lived) -> None:
    lived.world.clock.advance(timedelta(days=1))
    await lived.world.services.release.to_school(lived.world.contact, Ask(lived.relationship, "support"))
    await lived.world.settle()
    middle = local_midnight(date(2026, 9, 2))
    before, after, all_of_it = (
        await lived.ldv("1", until=middle),
        await lived.ldv("2", since=middle),
        await lived.ldv("3", until=lived.world.clock.now() + timedelta(days=1)),
    )
    assert after.manifest.entries >= 1
    exports = 2  # of the first two, which wait for their place
    assert all_of_it.manifest.waiting == exports
    assert before.manifest.entries + after.manifest.entries == all_of_it.manifest.entries
    assert after.manifest.since == middle
    assert (await lived.nen("4", since=middle, until=middle)).manifest.records == 0


async def test_the_manifest_says_what_the_file_holds_and_pages_make_no_difference(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await lived.ldv("whole")
    beside = manifest_beside(whole)
    raw = whole.path.read_bytes()
    assert beside == whole.manifest
    assert beside.sha256 == sha256(raw).hexdigest()
    assert beside.records == raw.count(b"\n")
    assert (beside.form, beside.standard) == ("ldv", "Logboek Dataverwerkingen 1.0.0")
    (head,) = beside.logs
    assert head.size == beside.entries
    assert (beside.erased, beside.damaged) == (0, 0)
    for number, size in enumerate((3, beside.entries)):
        monkeypatch.setattr(reading, "PAGE", size)
        again = await lived.ldv(f"again-{number}")
        assert again.path.read_bytes() == raw


async def test_only_officers_and_an_operator_on_the_word_of_a_coordinator_get_a_file(lived: Lived) -> None:
    world = lived.world
    another = await furnish(world.services, world.clock, "Opvang Aa")
    fg, stranger = Fg(world.tenant, world.officer.staff), StaffId(new_id())
    refused: list[tuple[Any, StaffId | None]] = [
        (world.counsellor, None),
        (world.contact, None),
        (world.guardian(lived.view), None),
        (another.officer, None),
        (Counsellor(world.tenant, world.officer.staff), world.officer.staff),
        (OPERATOR, None),
        (OPERATOR, stranger),
        (OPERATOR, world.counsellor.staff),
        (OPERATOR, another.officer.staff),
    ]
    for actor, coordinator in refused:
        with pytest.raises(NotAllowedError):
            await lived.ldv(actor=actor, coordinator=coordinator)
        with pytest.raises(NotAllowedError):
            await lived.nen(actor=actor, coordinator=coordinator)
        order = lived.order(person=lived.view.children[0].child, coordinator=coordinator)
        with pytest.raises(NotAllowedError):
            await lived.door.client_view(actor, order, lived.folder / "x", lived.words, translator("nl"))
    assert list(lived.folder.iterdir()) == []
    assert await exported(world) == []
    await lived.ldv("1", actor=fg)
    await lived.ldv("2", actor=OPERATOR, coordinator=world.officer.staff)
    assert [one.kind for one in await exported(world)] == ["ldv", "ldv"]


async def test_there_is_no_file_without_an_entry_and_no_entry_without_a_whole_file(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError):
        await lived.ldv(register="ftp://register.example.nl")
    (lived.folder / "nen.jsonl.manifest.json").write_text("another")
    with pytest.raises(ConflictError):
        await lived.nen()
    with pytest.raises(NotFoundError):
        await lived.door.client_view(
            lived.world.officer, lived.order(), lived.folder / "x", lived.words, translator("nl")
        )

    def away(_self: ExportFile) -> None:
        raise UnavailableError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(ExportFile, "acknowledge", away)
        with pytest.raises(UnavailableError, match="planted"):
            await lived.ldv()
        assert await exported(lived.world) == []

    async def refuse(*_given: object, **_named: object) -> None:
        raise UnavailableError("the log is away")

    monkeypatch.setattr(lived.door._log, "append", refuse)
    with pytest.raises(UnavailableError, match="log is away"):
        await lived.ldv()
    assert [one.name for one in lived.folder.iterdir()] == ["nen.jsonl.manifest.json"]


async def test_what_was_erased_or_damaged_is_counted_and_not_told(lived: Lived) -> None:
    world, child = lived.world, lived.view.children[0].child
    whole = await lived.ldv("whole")
    ground = world.services.installation
    async with ground.database.transaction() as conn:
        await ground.ring.destroy_person_key(conn, world.tenant, child)
    erased, users = await lived.ldv("erased"), await lived.nen("users")
    assert erased.manifest.erased > 0
    assert erased.manifest.entries + erased.manifest.erased == whole.manifest.entries
    assert users.manifest.records == users.manifest.entries == erased.manifest.entries
    gone = {line["attributes"].get("dpl.core.data_subject_id") for line in lines(whole)} - {
        line["attributes"].get("dpl.core.data_subject_id") for line in lines(erased)
    }
    assert len(gone) == 1
    with pytest.raises(NotFoundError):
        await lived.nen("child", person=child)


async def test_a_person_reads_what_carries_her_tag_or_was_released_to_her_in_order(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, mother = lived.world, lived.view.guardians[0].guardian
    services = world.services
    own = {one.id for one in await entries(world, shown_to=mother)}
    monkeypatch.setattr(service, "_LINES", 2)
    told = await lived.client(mother)
    body = [line for line in told if line[2:3] == ":"]
    assert len(body) == len(own)
    assert [line[:5] for line in body] == sorted(line[:5] for line in body)
    assert any("Uzelf: Ja gezegd tegen delen van" in line for line in body)
    for planted in (*NAMES, "De Eik", mother, lived.relationship):
        assert planted not in "\n".join(told)

    hidden = next(one for one in await entries(world, "relationship.started.v1"))
    async with services.installation.database.transaction() as conn:
        await services.log.append(
            conn,
            tenant=world.tenant,
            event=EntriesReleased((hidden.id,)),
            by=by(world.officer),
            subject=mother,
        )
    again = await lived.client(mother, "again.txt")
    assert len([line for line in again if line[2:3] == ":"]) == len(body) + 3, (
        "released, the release, the file"
    )
    assert any("School van het kind vastgelegd." in line for line in again)


async def test_a_child_reads_which_school_looked_and_a_guardian_in_danger_reads_of_no_school(
    lived: Lived,
) -> None:
    world, child = lived.world, lived.view.children[0].child
    told = await lived.client(child)
    assert any("Medewerker van de school (De Linde): Informatie gegeven" in line for line in told)
    assert not any("Ida Intern" in line for line in told)
    services, view = world.services, await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    father = view.guardians[1].guardian
    async with services.installation.database.transaction() as conn:
        await services.log.append(
            conn,
            tenant=world.tenant,
            event=InformationPreviewed(lived.relationship, "support", world.contact.staff),
            by=by(world.contact),
            subject=father,
        )
    assert any(
        "Medewerker van de school (De Linde): " in line for line in await lived.client(father, "before")
    )
    await services.families.assess_safety(world.counsellor, view.family, SECRET)
    after = await lived.client(father, "after")
    assert any("Medewerker van de school: " in line for line in after)
    assert not any("De Linde" in line for line in after)


async def test_a_log_that_was_begun_anew_is_read_after_the_one_before(lived: Lived) -> None:
    world, ground = lived.world, lived.world.services.installation
    async with ground.database.transaction() as conn:
        before = await current_log(conn, world.tenant)
        assert before is not None
        await open_next_log(conn, ground.ring, before, now=world.clock.now())
    empty = await lived.ldv("empty")
    assert [(head.log, head.size > 0) for head in empty.manifest.logs] == [(1, True), (2, False)]
    await world.services.release.to_school(world.contact, Ask(lived.relationship, "support"))
    await world.settle()
    written = await lived.ldv("both")
    first, second = written.manifest.logs
    assert written.manifest.entries == first.size + second.size
    told = [one["resource"]["attributes"].get("ruggensteun.log.origin") for one in lines(written)]
    origins = [origin for origin in told if origin is not None]
    assert list(dict.fromkeys(origins)) == [first.origin, second.origin]
    assert origins == sorted(origins, key=[first.origin, second.origin].index)
