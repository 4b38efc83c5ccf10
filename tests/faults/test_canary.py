"""Nothing readable is left behind: canaries in every sealed place, searched for in all that lies on disk.

A stolen copy is the database with its write-ahead log, the stop journal and the logs. The search is shown
to find things: the same canaries, planted in plain sight, are found in every form.
"""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import asyncpg
import pytest
import structlog
from sqlalchemy import text

from consent_service.audit.log import TrailFilter
from consent_service.consent.model import Answer, Interpreter, Signature
from consent_service.consent.service import Target
from consent_service.families.model import NewFamily, NewGuardian, PersonIdentity
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError
from consent_service.foundation.ids import TypeKey
from consent_service.identity.model import GuardianActor
from consent_service.organisations.model import NewStaff
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.release.model import Released
from consent_service.release.service import Ask
from tests.faults.failures import keys_away
from tests.shelter import OPERATOR, SAFE, SECRET, World

CANARIES = {
    "child": "Kanariekind",
    "family name": "Vogelnestje",
    "guardian": "Moederkanarie",
    "other guardian": "Vaderkanarie",
    "new name": "Hernoemdkanarie",
    "phone": "0698761234",
    "mail": "kanarie.post@vogel.example",
    "staff": "Begeleiderkanarie",
    "signature": "Handtekeningkanarie",
    "drawn signature": "[[11,12,1177,399,987,123]]",
    "support": "Kanariegezang helpt altijd",
    "note of school": "Kanarievrolijk in de klas",
    "pickup": "Grootmoederkanarie",
    "refused": "Weigerkanarie",
    "birth date": "2018-11-27",
}
Found = dict[str, set[str]]


def forms_of(secret: str) -> dict[str, set[bytes]]:
    """Every way in which a text may lie in a file."""
    raw = secret.encode()
    aligned = set()
    for shift in range(3):  # the first and last characters also encode what stands beside it
        encoded = base64.b64encode(bytes(shift) + raw).rstrip(b"=")
        kept = encoded[(shift * 4 + 2) // 3 : len(encoded) - (1 if (shift + len(raw)) % 3 else 0)]
        aligned |= {kept, kept.replace(b"+", b"-").replace(b"/", b"_")}
    return {
        "utf-8": {raw},
        "utf-16-le": {secret.encode("utf-16-le")},
        "utf-16-be": {secret.encode("utf-16-be")},
        "base64": aligned,
        "hex": {raw.hex().encode()},
        "HEX": {raw.hex().upper().encode()},
    }


def search(haystacks: Iterator[bytes] | list[bytes]) -> Found:
    """Which canaries lie there, and in which forms."""
    wanted = {name: forms_of(secret) for name, secret in CANARIES.items()}
    found: Found = {}
    for haystack in haystacks:
        for name, forms in wanted.items():
            for form, needles in forms.items():
                if any(needle in haystack for needle in needles):
                    found.setdefault(name, set()).add(form)
    return found


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """All that any library or the service itself logs, at the most talkative level."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(written))
    try:
        yield written
    finally:
        structlog.configure(**before)
        root.setLevel(level)
        root.removeHandler(handler)


async def whole_story(world: World, folder: Path) -> None:
    """A family from registration to withdrawal, with a canary wherever something is sealed."""
    actor, receipt_of = await _registered(world)
    services = world.services
    relationship = await world.at_school((await services.families.own_family(actor)).children[0].child)
    await _decided(world, actor, Signature("typed", CANARIES["signature"]))
    code = await _decided(world, receipt_of, Signature("drawn", CANARIES["drawn signature"]))
    for writer, key, fields in (
        (world.counsellor, "support_advice", {"helps": CANARIES["support"]}),
        (world.contact, "support_advice", {"helps": CANARIES["note of school"]}),
        (
            world.counsellor,
            "pickup",
            {
                "name": CANARIES["pickup"],
                "relation": "grandparent",
                "moment": "always",
                "evidence_seen": "yes",
            },
        ),
    ):
        written = await services.records.share(writer, relationship, Note(TypeKey(key), fields))
        assert isinstance(written, Shared)
    answer = await services.release.to_school(world.contact, Ask(relationship, "support"))
    assert isinstance(answer, Released)
    assert answer.records[0].fields == {"helps": CANARIES["support"]}  # sealed, not lost
    await services.release.to_shelter(world.counsellor, Ask(relationship, "support"))
    await services.release.children_of_contact(world.contact, [relationship])
    names = f"{CANARIES['child']} {CANARIES['family name']}"
    born = date.fromisoformat(CANARIES["birth date"])
    assert await services.families.search(world.counsellor, names=names, birth_date=born)
    await services.families.assess_safety(world.counsellor, actor.family, SECRET)
    note = Note(TypeKey("support_advice"), {"helps": f"{CANARIES['refused']}, Kerkstraat 12"})
    with pytest.raises(InputError):
        await services.records.share(world.counsellor, relationship, note)
    with keys_away(folder):
        await services.consent.withdraw_by_code(code)
    await services.replay_stops()
    father = Target(world.tenant, receipt_of.family, receipt_of.guardian)
    await services.consent.object(receipt_of, father, method="page")
    await world.settle()
    await services.supervision.trail(world.officer, TrailFilter())


async def _registered(world: World) -> tuple[GuardianActor, GuardianActor]:
    families, family_name = world.services.families, CANARIES["family name"]
    await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("counsellor", CANARIES["staff"])
    )
    family = await families.register_family(
        world.counsellor,
        NewFamily(
            guardians=(
                NewGuardian(
                    PersonIdentity(
                        CANARIES["guardian"], family_name, phone=CANARIES["phone"], email=CANARIES["mail"]
                    ),
                    "holder",
                    "register",
                ),
                NewGuardian(PersonIdentity(CANARIES["other guardian"], family_name), "holder", "register"),
            ),
            children=(
                PersonIdentity(CANARIES["child"], family_name, date.fromisoformat(CANARIES["birth date"])),
            ),
        ),
    )
    await families.assess_safety(world.counsellor, family, SAFE)
    view = await families.view(world.counsellor, family)
    renamed = PersonIdentity(
        CANARIES["new name"], family_name, phone=CANARIES["phone"], email=CANARIES["mail"]
    )
    await families.change_identity(world.counsellor, family, view.guardians[0].guardian, renamed)
    return world.guardian(view, 0), world.guardian(view, 1)


async def _decided(world: World, actor: GuardianActor, signature: Signature) -> str:
    sittings = world.services.sittings
    interpreter: Interpreter = "telephone"
    sitting = await sittings.start(
        world.counsellor,
        family=actor.family,
        guardian=actor.guardian,
        language="nl",
        interpreter=interpreter,
        types=[TypeKey(key) for key in ("shelter_involvement", "support_advice", "pickup")],
    )
    for question in sitting.questions:
        answer: Answer = "yes"
        shown = world.shown(question.information_type)
        await sittings.answer(actor, sitting.sitting, question, answer=answer, shown=shown)
    return (await sittings.sign(actor, sitting.sitting, signature)).withdrawal_code


async def files_of(database: Database, folder: Path) -> list[bytes]:
    """Everything a thief of the disk gets: the database with its log, and what lies beside it."""
    if database.is_sqlite:
        return _contents(folder)
    url = database.engine.url
    connection = await asyncpg.connect(host=str(url.query["host"]), user="postgres", database=url.database)
    try:
        await connection.execute("CHECKPOINT")
        oid = await connection.fetchval("SELECT oid FROM pg_database WHERE datname = $1", url.database)
        data = Path(await connection.fetchval("SHOW data_directory"))
    finally:
        await connection.close()
    return _contents(folder, data / "base" / str(oid), data / "pg_wal", data / "log")


def _contents(*places: Path) -> list[bytes]:
    inside = [path for place in places for path in (place, *sorted(place.rglob("*")))]
    return [path.read_bytes() for path in dict.fromkeys(inside) if path.is_file()]


async def plant(database: Database, form: str, name: str) -> None:
    """Write one canary in one form into the database, in plain sight."""
    for needle in forms_of(CANARIES[name])[form]:
        statement = text("INSERT INTO scratch VALUES (:planted)")
        async with database.transaction() as conn:
            await conn.execute(statement, {"planted": needle})


async def test_a_stolen_copy_holds_no_canary_in_any_form(world: World, tmp_path: Path) -> None:
    database = world.services.installation.database
    database.engine.echo = "debug"
    with everything_logged() as logs:
        await whole_story(world, tmp_path)
    stolen = await files_of(database, tmp_path)
    assert sum(map(len, stolen)) > 100_000
    assert search([*stolen, logs.getvalue().encode()]) == {}
    assert "INSERT INTO children" in logs.getvalue()  # statements were logged, what was in them was not


async def test_the_search_finds_what_is_planted_in_the_database(world: World, tmp_path: Path) -> None:
    database = world.services.installation.database
    kind = "BLOB" if database.is_sqlite else "BYTEA"
    async with database.transaction() as conn:
        await conn.execute(text(f"CREATE TABLE scratch (planted {kind})"))
    planted: Found = {}
    for number, name in enumerate(CANARIES):
        forms = list(forms_of(CANARIES[name]))
        form = forms[number % len(forms)]
        await plant(database, form, name)
        planted[name] = {form}
    assert {form for forms in planted.values() for form in forms} == set(forms_of("x"))
    found = search(await files_of(database, tmp_path))
    assert {name: forms & found.get(name, set()) for name, forms in planted.items()} == planted


@pytest.mark.parametrize("form", list(forms_of("x")))
def test_the_search_finds_each_form_wherever_it_begins(form: str) -> None:
    for name, secret in CANARIES.items():
        for shift in range(4):
            if form == "base64":
                beside = base64.b64encode(b"x" * shift + secret.encode() + b"y" * 5)
            else:
                (needle,) = forms_of(secret)[form]
                beside = b"x" * shift + needle + b"y"
            assert form in search([beside]).get(name, set()), (name, shift)


def test_the_search_finds_what_is_planted_in_a_log() -> None:
    with everything_logged() as logs:
        logging.getLogger("some.library").debug("child %s", CANARIES["child"])
        structlog.get_logger().info("read", words=CANARIES["support"])
    assert search([logs.getvalue().encode()]) == {"child": {"utf-8"}, "support": {"utf-8"}}
    assert search([b""]) == {}
