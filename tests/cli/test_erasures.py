"""`erasures` and `audit prune`: two coordinators decide, an operator carries out, mistakes are told."""

from __future__ import annotations

import re

import pytest

from consent_service.families.tables import children, families, guardians
from consent_service.keyring.tables import person_keys
from tests.cli.conftest import Shell, add_staff
from tests.cli.room import Room
from tests.cli.test_keys_data import values
from tests.cli.test_keys_destroy import furnished as furnished
from tests.cli.test_keys_destroy import staff_of


def second(shell: Shell) -> str:
    return add_staff(shell, "--kind", "privacy_coordinator", "--name", "Ties Tweede")


def asked(shell: Shell, *whom: str) -> str:
    said = shell.must("erasures", "ask", *whom, "--coordinator", staff_of(shell, "Puk Privacy"))
    (erasure,) = re.findall(r"[0-9a-f-]{36}", said)
    return str(erasure)


def test_a_family_is_forgotten_step_by_step(furnished: Shell) -> None:
    other = second(furnished)
    assert "niets gevraagd" in furnished.must("erasures", "list")
    (family,) = values(furnished, families.c.family)
    erasure = asked(furnished, "--family", str(family))
    listed = furnished.must("erasures", "list")
    assert "wacht op de tweede" in listed
    assert "vraag getypt door de beheerder" in listed
    furnished.must("erasures", "approve", "--erasure", erasure, "--coordinator", other)
    said = furnished.must("erasures", "execute", "--erasure", erasure, "--yes")
    assert "Mensen: 2. Sleutels: 3." in said
    assert values(furnished, families.c.family) == values(furnished, children.c.child) == []
    listed = furnished.must("erasures", "list", "--language", "en")
    assert "carried out" in listed
    assert "both typed by the operator" in listed
    assert str(family) not in listed
    assert "OK: Opvang Zuid" in furnished.must("audit", "verify")


def test_every_mistake_is_told_and_nothing_happens(furnished: Shell) -> None:
    puk, other = staff_of(furnished, "Puk Privacy"), second(furnished)
    (child,) = values(furnished, children.c.child)
    (guardian,) = values(furnished, guardians.c.guardian)
    keys = values(furnished, person_keys.c.person)
    bo = staff_of(furnished, "Bo Begeleider")
    erasure = asked(furnished, "--child", str(child))
    mine = ("--coordinator", puk)
    for typed, told in (
        (("ask", *mine), "precies een"),
        (("ask", "--child", str(child), "--family", "x", *mine), "precies een"),
        (("ask", "--family", "x", *mine), "gezin is hier niet bekend"),
        (
            ("ask", "--person", str(guardian), *mine),
            "--person: Over een kind van dit gezin wordt nog gedeeld",
        ),
        (("ask", "--child", str(child), "--coordinator", bo), "geen privacycoördinator"),
        (("ask", "--child", str(child), "--coordinator", other), "--child: Dit is al gevraagd"),
        (("approve", "--erasure", erasure, *mine), "zelf"),
        (("approve", "--erasure", "x", *mine), "niet bekend"),
        (("drop", "--erasure", "x", *mine), "niet bekend"),
        (("execute", "--erasure", "x", "--yes"), "niet bekend"),
        (("execute", "--erasure", erasure, "--yes"), "goedkeuren"),
        (("execute", "--erasure", erasure), "Niemand kan bevestigen"),
    ):
        said = furnished.type("erasures", *typed)
        assert said.code != 0
        assert told in said.err, said
    assert values(furnished, person_keys.c.person) == keys
    assert "gaat niet door" in furnished.must("erasures", "drop", "--erasure", erasure, *mine)


def test_old_entries_are_let_go_only_after_five_years_and_on_a_coordinators_decision(
    furnished: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    puk = staff_of(furnished, "Puk Privacy")
    prune = ("audit", "prune", "--coordinator")
    said = furnished.type(*prune, puk, "--before", "2026-01-01", "--yes")
    assert "vijf jaar" in said.err
    bo = staff_of(furnished, "Bo Begeleider")
    said = furnished.type(*prune, bo, "--before", "2019-01-01", "--yes")
    assert "geen privacycoördinator" in said.err
    room = Room(furnished, capsys, monkeypatch)
    said = room.type(*prune, puk, "--before", "2019-01-01", lines=("nee",))
    assert said.code != 0
    said = room.type(*prune, puk, "--before", "2019-01-01", lines=("weglaten",))
    assert (said.code, "bewaard vanaf nr. 1; 0 regels" in said.out) == (0, True)
    erasure = asked(furnished, "--child", str(values(furnished, children.c.child)[0]))
    room.type("erasures", "execute", "--erasure", erasure, lines=("nee",))
    assert len(values(furnished, children.c.child)) == 1
