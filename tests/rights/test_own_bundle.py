"""What one's own bundle opens about others (S9, S21, S46): who was given something, as on the page."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from consent_service.audit.bundle_check import check_bundle_file
from consent_service.audit.bundle_content import _opened, opened_entries
from consent_service.audit.details import OpenedDetail
from consent_service.audit.encoding import Leaf, canonical_detail, commitment, encode_leaf, hash_text, instant
from consent_service.audit.events import Event, InformationReleased, ReleaseRefused
from consent_service.audit.log import OFFICER
from consent_service.audit.standalone.archive import Archive
from consent_service.audit.standalone.checking import Findings, Known, check_bundle
from consent_service.audit.standalone.telling import answer
from consent_service.foundation.errors import IntegrityError, LogUnavailableError, NotFoundError
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TypeKey, new_id
from consent_service.foundation.pacing import TooOftenError
from consent_service.identity.model import PersonActor
from consent_service.rights.exporting import OWN_PER_HOUR, OWN_TRIES_PER_HOUR
from tests.audit.factories import SYSTEM, a_consent
from tests.ledger import entries
from tests.scenarios.stories import ask, told_family
from tests.shelter import SECRET, World

LOOK = InformationReleased(
    relationship=RelationshipId(new_id()),
    purpose="support",
    reader="01990000-0000-7000-8000-0000000000f1",
    reader_kind="school",
    role="contact",
    types=(TypeKey("support_advice"),),
)


async def _append(world: World, event: Event, subject: PersonId | None, *, hidden: bool = False) -> EntryId:
    async with world.services.installation.database.transaction() as conn:
        entry = await world.services.log.append(
            conn,
            tenant=world.tenant,
            event=event,
            by=SYSTEM,
            subject=subject,
            tagged_for=OFFICER if hidden else None,
        )
    assert entry is not None
    return entry


async def _own(world: World, actor: PersonActor, folder: Path) -> tuple[Findings, zipfile.ZipFile, Path]:
    target, path = io.BytesIO(), folder / f"{new_id()}.zip"
    await world.services.bundles.write_own(actor, target)
    path.write_bytes(target.getvalue())
    archive = Archive(path)
    try:
        found = check_bundle(archive, Known())
    finally:
        archive.close()
    assert check_bundle_file(path).ok
    return found, zipfile.ZipFile(target), path


async def test_s9_s21_a_guardian_takes_along_who_looked_at_her_child_as_her_page_shows_and_nothing_else(
    world: World, tmp_path: Path
) -> None:
    """Not what is hidden, refused, about the other holder, a child that decides alone or another family."""
    services = world.services
    born = (("Noor", date(2018, 5, 4)), ("Mees", date(2009, 2, 1)))
    view = await world.family(children=born, guardians=(("Samira", "holder"), ("Karim", "holder")))
    mother, father = world.guardian(view), world.guardian(view, 1)
    young, alone = view.children[0].child, view.children[1].child
    for child in (young, alone):
        await world.at_school(child)
    told = await told_family(world, family_name="Anders")
    another = (await ask(world, told.relationship)).entry
    assert another is not None
    looks = [await _append(world, LOOK, young) for _ in range(60)]  # the page shows the newest fifty
    by_father = {"reader": father.guardian, "reader_kind": "guardian"}
    closed = [
        await _append(world, LOOK, young, hidden=True),
        await _append(world, LOOK, father.guardian),
        await _append(world, LOOK, alone),
        await _append(world, LOOK, None),
        another,
        await _append(world, InformationReleased(LOOK.relationship, "support", **by_father), young),  # type: ignore[arg-type]
        await _append(world, ReleaseRefused(LOOK.relationship, "support", LOOK.reader, "school"), young),
        await _append(world, a_consent(), young),
        await _append(world, a_consent(), father.guardian),
        await _append(world, a_consent(), mother.guardian, hidden=True),
    ]
    own = await _append(world, LOOK, mother.guardian)
    await world.settle()

    found, archive, path = await _own(world, mother, tmp_path)

    assert [one.id for one in found.looks] == looks
    opened = {one.id for one in found.opened}
    assert {*looks, own} <= opened
    assert not opened & set(closed)
    assert {one.entry for one in await services.rights.who_looked(mother)} <= {*looks, own}
    assert own in {one.id for one in found.found}
    assert not {*looks, *closed} & {one.id for one in found.found}  # her key proves nothing about these
    assert not found.has_closed
    proved = {name.rpartition("/")[2][:36] for name in archive.namelist() if name.startswith("proofs/")}
    assert proved == opened
    for look in looks:
        said = json.loads(archive.read(f"details/{look}.json"))
        assert (said["subject"], said["shown_to"], said["event"]["reader"]) == (young, young, LOOK.reader)
    whole = b"".join(archive.read(name) for name in archive.namelist() if name.startswith("details/"))
    assert not any(one.encode() in whole for one in (father.guardian, told.mother.guardian))
    code, lines = answer([str(path)])
    assert code == 0
    said = "\n".join(lines)
    assert f"Gegevens gegeven over iemand voor wie u beslist, elk met een bewijs: {len(looks)}." in said
    assert "LET OP" not in said
    hers, _, _ = await _own(world, world.child(view), tmp_path)
    assert hers.looks == []
    assert set(looks) <= {one.id for one in hers.found}
    assert not {own, closed[0], closed[1], closed[2]} & {one.id for one in hers.opened}
    his, _, _ = await _own(world, father, tmp_path)
    assert [one.id for one in his.looks] == [*looks, closed[5]]  # also what he was given himself
    assert own not in {one.id for one in his.opened}


async def test_whatever_is_asked_along_only_a_look_that_its_person_may_find_is_opened(world: World) -> None:
    """The writer of the bundle believes neither the page nor the index: each entry says itself what it is."""
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    mother, father, child = world.guardian(view), world.guardian(view, 1), view.children[0].child
    look = await _append(world, LOOK, child)
    also = [
        await _append(world, LOOK, child, hidden=True),
        await _append(world, LOOK, None),
        await _append(world, a_consent(), father.guardian),
        await _append(world, a_consent(), child),
        look,
    ]
    await world.settle()
    parts = world.services.installation
    async with parts.database.reading() as conn:
        opened = await opened_entries(
            conn, parts.ring, world.tenant, mother.guardian, hidden=False, own=(), also=also
        )
    assert {one.entry for one in opened} & set(also) == {look}


async def test_content_that_names_another_entry_than_the_one_it_stands_beside_is_refused(
    world: World,
) -> None:
    view = await world.family()
    entry = await _append(world, a_consent(), world.guardian(view).guardian)
    await world.settle()
    (found,) = [one for one in await entries(world) if one.id == entry]
    assert found.detail is not None
    detail = msgspec.structs.replace(found.detail, entry=EntryId(new_id()))
    salt, raw = b"s" * 32, canonical_detail(detail)
    leaf = Leaf(
        1, entry, instant(found.at), "", hash_text(b"t" * 32), commitment(salt, raw)
    )  # as somebody with the keys would write it
    row = SimpleNamespace(entry=entry, log=1, seq=0, leaf=encode_leaf(leaf))
    with pytest.raises(IntegrityError, match="something else"):
        _opened(row, OpenedDetail(salt, raw, detail))  # type: ignore[arg-type]


async def test_ones_own_bundle_is_made_a_few_times_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For each person by itself; what is refused is not made, and not logged."""
    view = await world.family()
    await world.settle()
    mother, child, bundles = world.guardian(view), world.child(view), world.services.bundles
    for _ in range(OWN_PER_HOUR):
        await bundles.write_own(mother, io.BytesIO())
    target = io.BytesIO()
    with pytest.raises(TooOftenError):
        await bundles.write_own(mother, target)
    assert target.getvalue() == b""
    assert len(await entries(world, "log.exported.v1")) == OWN_PER_HOUR
    await bundles.write_own(child, io.BytesIO())
    world.clock.advance(timedelta(hours=1))
    with monkeypatch.context() as away:
        away.setattr(type(world.services.log), "append", _refuse)
        for _ in range(OWN_TRIES_PER_HOUR - 1):
            with pytest.raises(LogUnavailableError):  # given nothing, so it is none of the four
                await bundles.write_own(mother, io.BytesIO())
    await bundles.write_own(mother, io.BytesIO())
    with pytest.raises(TooOftenError):
        await bundles.write_own(mother, io.BytesIO())
    assert len(await entries(world, "log.exported.v1")) == OWN_PER_HOUR + 2


async def _refuse(*_: object, **__: object) -> None:
    raise LogUnavailableError("away")


async def test_s21_s46_while_where_they_are_is_secret_only_who_is_shown_the_child_reads_who_looked(
    world: World, tmp_path: Path
) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    mother, father = world.guardian(view), world.guardian(view, 1)
    await world.at_school(view.children[0].child)
    look = await _append(world, LOOK, view.children[0].child)
    await world.settle()
    assert [one.id for one in (await _own(world, father, tmp_path))[0].looks] == [look]

    await world.services.families.assess_safety(world.counsellor, view.family, SECRET)
    await world.settle()

    with pytest.raises(NotFoundError):
        await world.services.bundles.write_own(father, io.BytesIO())
    assert await world.services.rights.looks_at_children(father) == ()
    shown = [one.entry for one in await world.services.rights.who_looked(mother)]
    try:
        hers = [one.id for one in (await _own(world, mother, tmp_path))[0].looks]
    except NotFoundError:
        hers = []
    assert hers == shown
