"""`keys reencrypt` and `keys reindex` on an installation, as an operator types them."""

from __future__ import annotations

import asyncio
import re
from datetime import date

import pytest
from sqlalchemy import insert, select, update

from consent_service.app import Services
from consent_service.cli.opening import run_with
from consent_service.cli.terminal import Terminal
from consent_service.families.model import NewFamily, NewGuardian, PersonIdentity, SchoolConfirmation
from consent_service.families.tables import children, relationships
from consent_service.foundation.database import Database
from consent_service.foundation.ids import StaffId, TenantId
from consent_service.identity.model import Counsellor
from consent_service.keyring.tables import relationship_keys, tenant_keys
from consent_service.records.tables import record_digests
from tests.cli.conftest import Shell, add_school, add_staff, onboard
from tests.shelter import SAFE

BORN = date(2018, 5, 4)


@pytest.fixture
def furnished(shell: Shell) -> Shell:
    """A shelter with a school, and two children of one family who both go there."""
    tenant = TenantId(onboard(shell))
    add_school(shell)
    counsellor = Counsellor(
        tenant, StaffId(add_staff(shell, "--kind", "counsellor", "--name", "Bo Begeleider"))
    )

    async def fill(services: Services) -> None:
        guardian = NewGuardian(PersonIdentity("Samira", "Voorbeeld"), "holder", "register")
        kids = tuple(PersonIdentity(name, "Voorbeeld", BORN) for name in ("Noor", "Sem"))
        family = await services.families.register_family(counsellor, NewFamily((guardian,), kids))
        await services.families.assess_safety(counsellor, family, SAFE)
        view = await services.families.view(counsellor, family)
        school = SchoolConfirmation("12AB00", "Lindelaan 1", "013-5550101", despite_other_parent=True)
        for child in view.children:
            await services.families.start_relationship(counsellor, child.child, school)

    run_with(Terminal(shell.environ), fill)
    return shell


def values(shell: Shell, column: object) -> list[object]:
    """The values of one column, in order."""

    async def read() -> list[object]:
        database = Database(shell.environ["RUGGENSTEUN_DATABASE_URL"])
        try:
            async with database.reading() as conn:
                return sorted((await conn.execute(select(column))).scalars())  # type: ignore[call-overload]
        finally:
            await database.close()

    return asyncio.run(read())


def plant_digest(shell: Shell, relationship: str) -> None:
    """As if a record had been taken away behind the service's back."""

    async def write(services: Services) -> None:
        (tenant,) = await services.organisations.tenants()
        async with services.installation.database.transaction() as conn:
            await conn.execute(
                insert(record_digests).values(
                    tenant=tenant.tenant,
                    relationship=relationship,
                    information_type="support_advice",
                    digest=bytes(32),
                )
            )

    run_with(Terminal(shell.environ), write)


def test_everything_gets_a_fresh_key_and_a_run_broken_off_goes_on(furnished: Shell) -> None:
    said = furnished.must("keys", "reencrypt", "--all")
    assert "2 keer een nieuwe sleutel, 0 gegevens opnieuw versleuteld." in said
    assert values(furnished, relationship_keys.c.version) == [2, 2]
    began = re.search(r"--all --since (\S+)", said)
    assert began is not None

    again = furnished.must("keys", "reencrypt", "--all", "--since", began[1])

    assert again.count("overgeslagen, al gedaan") == 2
    assert "0 keer een nieuwe sleutel" in again
    assert values(furnished, relationship_keys.c.version) == [2, 2]
    assert "goed" in furnished.must("check")


def test_one_that_does_not_open_stops_the_run_and_is_named(furnished: Shell) -> None:
    first, second = map(str, values(furnished, relationships.c.relationship))
    plant_digest(furnished, second)

    said = furnished.type("keys", "reencrypt", "--all")

    assert said.code == 1
    assert f"{second} gaat niet open zoals het hoort. Daaraan is niets veranderd" in said.err
    assert "1 keer een nieuwe sleutel" in said.out
    alone = furnished.type("keys", "reencrypt", "--relationship", second, "--language", "en")
    assert (alone.code, f"{second} does not open as it should." in alone.err) == (1, True)
    assert "1 keer een nieuwe sleutel" in furnished.must("keys", "reencrypt", "--relationship", first)


def test_names_are_tagged_anew_under_a_fresh_index_key(furnished: Shell) -> None:
    assert "0 zoekkenmerken" not in furnished.must("keys", "reindex")
    assert set(values(furnished, children.c.search_bits)) == {1}

    said = furnished.must("keys", "reindex", "--rotate")

    assert "2 zoekkenmerken zijn opnieuw gemaakt." in said
    assert "Zoeksleutel 2 is in gebruik, de vorige is weg." in said
    assert set(values(furnished, children.c.search_version)) == {2}
    assert values(furnished, tenant_keys.c.version).count(2) == 1
    assert "0 zoekkenmerken" in furnished.must("keys", "reindex")


@pytest.mark.parametrize(
    "typed, sentence",
    [
        ((), "--relationship: Kies één kind op één school"),
        (("--all", "--relationship", "x"), "--relationship: Kies één kind op één school"),
        (("--all", "--since", "gisteren"), "--since: Schrijf het moment"),
        (("--all", "--since", "2026-09-01T08:00:00"), "--since: Schrijf het moment"),
        (("--all", "--tenant", "Opvang Noord"), "--tenant: "),
    ],
)
def test_what_is_typed_wrongly_is_said_and_nothing_is_done(
    sqlite_shell: Shell, typed: tuple[str, ...], sentence: str
) -> None:
    onboard(sqlite_shell)
    said = sqlite_shell.type("keys", "reencrypt", *typed)
    assert (said.code, sentence in said.err) == (2, True), said


def test_a_relationship_that_is_not_here_is_not_found(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    assert sqlite_shell.type("keys", "reencrypt", "--relationship", "nergens").code == 1


def test_an_ended_guidance_is_skipped_and_said(furnished: Shell) -> None:
    async def end(services: Services) -> None:
        async with services.installation.database.transaction() as conn:
            await conn.execute(update(relationship_keys).values(retired_at=services.installation.clock.now()))

    run_with(Terminal(furnished.environ), end)
    said = furnished.must("keys", "reencrypt", "--all")
    assert said.count("overgeslagen, de begeleiding is klaar") == 2
    assert values(furnished, relationship_keys.c.version) == [1, 1]
