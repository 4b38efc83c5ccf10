"""A bundle for outsiders, from the service to the verifier: who gets what, and that it is logged first."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import update

from consent_service.audit.checkpoint import read_note
from consent_service.audit.details import seal_detail
from consent_service.audit.encoding import canonical_detail
from consent_service.audit.events import LogExported, LogHeadLearned
from consent_service.audit.log import OFFICER
from consent_service.audit.reading import verify_stored
from consent_service.audit.standalone.archive import Archive
from consent_service.audit.standalone.checking import Findings, Known, check_bundle
from consent_service.audit.tables import audit_index
from consent_service.families.model import FamilyView
from consent_service.foundation.errors import (
    ConfigurationError,
    IntegrityError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import EntryId, PersonId, StaffId, new_id
from consent_service.identity.model import Fg, GuardianActor, Operator
from consent_service.keyring.secret import Secret
from consent_service.keyring.view_keys import view_key
from consent_service.rights.erasure_model import Wanted as Erase
from consent_service.rights.exporting import BundleService, Wanted
from consent_service.rights.searching import Search
from tests.audit.factories import SYSTEM, Desk, a_consent
from tests.ledger import entries
from tests.rights.forgetting import erased
from tests.shelter import World, furnish

OPERATOR = Operator("command-line")


async def _append(world: World, subject: PersonId, *, hidden: bool = False) -> EntryId:
    async with world.services.installation.database.transaction() as conn:
        entry = await world.services.log.append(
            conn,
            tenant=world.tenant,
            event=a_consent(),
            by=SYSTEM,
            subject=subject,
            tagged_for=OFFICER if hidden else None,
        )
    assert entry is not None
    return entry


async def _view_key(world: World, person: PersonId) -> Secret:
    ring = world.services.installation.ring
    async with world.services.installation.database.reading() as conn:
        return view_key(ring, await ring.person_key(conn, world.tenant, person))


def _checked(bundle: io.BytesIO, folder: Path, key: Secret | None = None) -> Findings:
    path = folder / f"{new_id()}.zip"
    path.write_bytes(bundle.getvalue())
    archive = Archive(path)
    try:
        return check_bundle(archive, Known(view_key=None if key is None else key.reveal()))
    finally:
        archive.close()


async def _two_guardians(world: World) -> tuple[FamilyView, GuardianActor, GuardianActor]:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    return view, world.guardian(view, 0), world.guardian(view, 1)


async def test_s21_a_view_key_of_one_guardian_finds_none_of_the_others_entries_and_no_hidden_one(
    world: World, tmp_path: Path
) -> None:
    """In the database and in every kind of bundle; what is released is found from then on."""
    view, mother, father = await _two_guardians(world)
    child, bundles = view.children[0].child, world.services.bundles
    await world.at_school(child)
    own, others = await _append(world, mother.guardian), await _append(world, father.guardian)
    hidden = await _append(world, mother.guardian, hidden=True)
    await world.settle()
    hers = {one.id for one in await entries(world, shown_to=mother.guardian)}
    assert own in hers
    key = await _view_key(world, mother.guardian)

    mine = io.BytesIO()
    count = await bundles.write_own(mother, mine)
    found = _checked(mine, tmp_path)

    assert {one.id for one in found.found} == hers
    assert {one.id for one in found.opened} == hers
    assert (count.opened, found.released) == (len(hers), [])
    assert not {others, hidden} & hers
    assert found.contents.person == mother.guardian
    raw = mine.getvalue()
    assert father.guardian.encode() not in raw
    assert child.encode() not in b"".join(
        zipfile.ZipFile(mine).read(name) for name in zipfile.ZipFile(mine).namelist() if "entries" in name
    )
    for officers in (Wanted(world.tenant), Wanted(world.tenant, father.guardian)):
        bundle = io.BytesIO()
        await bundles.write(world.officer, officers, bundle)
        also = _checked(bundle, tmp_path, key)
        assert hers <= {one.id for one in also.found}  # and since then the entry that says it was taken
        assert not {others, hidden} & {one.id for one in also.found}
    stored = await bundles.find(world.officer, world.tenant, key)
    assert hers <= {one.entry for one in stored.tagged}
    assert not {others, hidden} & {one.entry for one in (*stored.tagged, *stored.released)}

    await world.services.entry_releases.release(world.officer, hidden, mother.guardian)
    await world.settle()
    again = io.BytesIO()
    await bundles.write_own(mother, again)

    assert [one.id for one in _checked(again, tmp_path).released] == [hidden]
    stored = await bundles.find(world.officer, world.tenant, key)
    assert [one.entry for one in stored.released] == [hidden]
    assert hidden not in {one.entry for one in stored.tagged}
    assert others not in {one.entry for one in stored.tagged}
    assert (await bundles.find(world.officer, world.tenant, Secret(b"x" * 32))).tagged == ()


async def test_s22_neither_what_officers_did_nor_the_end_of_the_other_guardian_can_be_read_in_ones_own(
    world: World, tmp_path: Path
) -> None:
    """An officer searches, pins, verifies and exports about her; the other guardian is forgotten."""
    _, mother, father = await _two_guardians(world)
    await _append(world, mother.guardian)
    await world.settle()
    services, officer = world.services, world.officer
    await services.supervision.search(officer, Search(person=mother.guardian))
    head = read_note((await services.supervision.head(officer)).note).checkpoint
    await services.supervision.pin(officer, head.size)
    await services.supervision.verify(officer)
    await services.bundles.write(officer, Wanted(world.tenant, mother.guardian, hidden=True), io.BytesIO())
    await services.bundles.find(officer, world.tenant, await _view_key(world, mother.guardian))
    await erased(world, Erase("person", father.guardian, "requested"))
    async with services.installation.database.transaction() as conn:  # an operator: its kind is in clear
        learned = LogHeadLearned(log=1, size=1)
        await services.log.append(conn, tenant=world.tenant, event=learned, by=SYSTEM, subject=None)
    await world.settle()
    about_nobody = {one.type for one in await entries(world) if one.detail and one.detail.subject is None}
    hers = {one.id for one in await entries(world, shown_to=mother.guardian)}
    mine = io.BytesIO()

    await services.bundles.write_own(mother, mine)

    assert {"log.viewed.v1", "log.pinned.v1", "log.exported.v1", "erasure.executed.v1"} <= about_nobody
    assert {one.id for one in _checked(mine, tmp_path).opened} == hers
    archive = zipfile.ZipFile(mine)
    said = b"".join(archive.read(one) for one in archive.namelist() if one.startswith(("logs/", "details/")))
    assert set(re.findall(rb'"type":"((?:log|erasure|key)[a-z_.]*)', said)) == {b"log.head_learned.v"}
    assert father.guardian.encode() not in said


async def test_a_bundle_for_a_court_opens_what_was_hidden_and_only_officers_see_that_it_was_made(
    world: World, tmp_path: Path
) -> None:
    view = await world.family()
    mother = world.guardian(view)
    hidden = await _append(world, mother.guardian, hidden=True)
    await world.settle()
    wanted = Wanted(world.tenant, mother.guardian, hidden=True)
    bundle = io.BytesIO()

    count = await world.services.bundles.write(world.officer, wanted, bundle)

    found = _checked(bundle, tmp_path)
    assert hidden in {one.id for one in found.opened}
    assert found.contents.hidden
    assert found.found == []  # no view key went along
    (logged,) = await entries(world, "log.exported.v1")
    assert logged.detail is not None
    assert logged.detail.event == LogExported(kind="bundle", entries=count.entries, recipient="court")
    assert (logged.detail.subject, logged.detail.shown_to) == (mother.guardian, "officer")
    installation = world.services.installation
    report = await verify_stored(installation.database, installation.ring, world.tenant)
    assert report.ok, report.problems


async def test_who_may_not_have_the_log_gets_nothing_and_nothing_is_logged(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")), safety=None)
    elsewhere = await furnish(world.services, world.clock, "Opvang Noord")
    await world.settle()
    bundles, wanted, target = world.services.bundles, Wanted(world.tenant), io.BytesIO()
    key = Secret(b"x" * 32)

    for stranger in (elsewhere.officer, world.counsellor, world.contact, world.guardian(view), OPERATOR):
        with pytest.raises(NotAllowedError):
            await bundles.write(stranger, wanted, target)  # type: ignore[arg-type]
        with pytest.raises(NotAllowedError):
            await bundles.find(stranger, world.tenant, key)  # type: ignore[arg-type]
    decided = StaffId(elsewhere.officer.staff)
    with pytest.raises(NotAllowedError):
        await bundles.write(OPERATOR, Wanted(world.tenant, coordinator=decided), target)
    with pytest.raises(NotFoundError):  # answered by a person (S46)
        await bundles.write_own(world.guardian(view), target)
    with pytest.raises(NotFoundError):
        await bundles.write(world.officer, Wanted(world.tenant, PersonId(new_id())), target)
    assert target.getvalue() == b""
    assert await entries(world, "log.exported.v1") == ()
    decided = StaffId(world.officer.staff)
    await bundles.write(OPERATOR, Wanted(world.tenant, coordinator=decided), target)
    await bundles.write(Fg(world.tenant, world.officer.staff), wanted, io.BytesIO())
    assert len(await entries(world, "log.exported.v1")) == 2


async def test_a_child_gets_its_own_and_a_missing_certificate_is_told(world: World, tmp_path: Path) -> None:
    view = await world.family()
    await world.settle()
    installation = world.services.installation
    bundle = io.BytesIO()

    await world.services.bundles.write_own(world.child(view), bundle)

    assert _checked(bundle, tmp_path).contents.person == view.children[0].child
    parts = {
        "database": installation.database,
        "ring": installation.ring,
        "log": world.services.log,
        "rights": world.services.rights,
    }
    without = BundleService(**parts, clock=world.clock, authority=tmp_path / "gone.pem")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError):
        await without.write(world.officer, Wanted(world.tenant), io.BytesIO())


async def test_without_its_entry_in_the_log_no_bundle_is_given(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.family()
    await world.settle()

    async def refuse(*_arguments: object, **_more: object) -> None:
        raise LogUnavailableError("away")

    monkeypatch.setattr(type(world.services.log), "append", refuse)
    with pytest.raises(LogUnavailableError):
        await world.services.bundles.write(world.officer, Wanted(world.tenant), io.BytesIO())
    with pytest.raises(LogUnavailableError):
        await world.services.bundles.find(world.officer, world.tenant, Secret(b"x" * 32))


async def test_an_index_that_was_changed_opens_nobodys_entries_to_another(
    world: World, tmp_path: Path
) -> None:
    """Whoever owns the database cannot have the service hand out what is not hers to see."""
    _, mother, father = await _two_guardians(world)
    others, hidden = await _append(world, father.guardian), await _append(world, mother.guardian, hidden=True)
    await world.settle()
    async with world.services.installation.database.transaction() as conn:
        here = audit_index.c
        stolen = update(audit_index).where(here.tenant == world.tenant, here.kind == "person")
        await conn.execute(stolen.where(here.entry == others).values(key=mother.guardian))
        await conn.execute(stolen.where(here.entry == hidden).values(shown=True))
    bundle = io.BytesIO()

    await world.services.bundles.write_own(mother, bundle)

    assert not {others, hidden} & {one.id for one in _checked(bundle, tmp_path).opened}


async def test_content_that_its_entry_does_not_commit_to_is_given_to_nobody(world: World) -> None:
    """Whoever owns the database and the keys seals another content under an old entry."""
    view = await world.family()
    mother = world.guardian(view)
    entry = await _append(world, mother.guardian)
    await world.settle()
    (found,) = [one for one in await entries(world, shown_to=mother.guardian) if one.id == entry]
    assert found.detail is not None
    ring, raw = world.services.installation.ring, canonical_detail(found.detail)
    async with world.services.installation.database.transaction() as conn:
        key = await ring.person_key(conn, world.tenant, mother.guardian)
        sealed = seal_detail(ring, key, entry=entry, salt=b"x" * 32, raw=raw)
    desk = Desk(world.services.installation.database, ring, world.clock)
    await desk.tamper(
        [],
        "UPDATE audit_details SET sealed = :sealed WHERE tenant = :tenant AND entry = :entry",
        sealed=sealed,
        tenant=world.tenant,
        entry=entry,
    )

    with pytest.raises(IntegrityError):
        await world.services.bundles.write_own(mother, io.BytesIO())
    with pytest.raises(IntegrityError):
        await world.services.bundles.find(
            world.officer, world.tenant, await _view_key(world, mother.guardian)
        )


async def test_entries_that_were_changed_are_not_searched_as_if_they_were_whole(world: World) -> None:
    view = await world.family()
    await world.settle()
    key = await _view_key(world, world.guardian(view).guardian)
    desk = Desk(world.services.installation.database, world.services.installation.ring, world.clock)
    await desk.tamper(
        ["audit_sequence"],
        "UPDATE audit_sequence SET leaf_hash = :other WHERE tenant = :tenant AND seq = 1",
        other=b"x" * 32,
        tenant=world.tenant,
    )

    with pytest.raises(IntegrityError):
        await world.services.bundles.find(world.officer, world.tenant, key)
