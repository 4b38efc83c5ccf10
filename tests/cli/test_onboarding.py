"""From an empty machine to a shelter with schools, agreements, staff and logins, by commands only."""

from __future__ import annotations

import re

import pytest

from tests.cli.conftest import Shell, add_school, add_staff, onboard

PROVIDER = (
    "provider", "add", "--id", "school-login", "--name", "Inloggen scholen", "--issuer", "https://login.example",
    "--client-id", "ruggensteun", "--audience", "school",
)  # fmt: skip


def test_everybody_who_takes_part_is_onboarded_by_commands(shell: Shell) -> None:
    onboard(shell)
    add_school(shell)
    shell.must("agreement", "sign", "--school", "12ab 00", "--valid-from", "2026-01-01")
    contact = add_staff(
        shell, "--kind", "school_staff", "--name", "Ida Intern", "--school", "12AB00", "--role", "contact"
    )
    add_staff(shell, "--kind", "counsellor", "--name", "Bo Begeleider", "--working-days", "mon,thu")
    shell.must(*PROVIDER)
    shell.must("staff", "link", "--staff", contact, "--provider", "school-login", "--subject", "ida@linde")

    assert "Ida Intern" in shell.must("staff", "list")
    listed = shell.must("staff", "list")
    assert "Contactpersoon van de school (contact)" in listed
    assert "ma, do" in listed
    assert "private_key_jwt" in shell.must("provider", "list")
    assert "12AB00" in shell.must("school", "list")
    assert "OK: Opvang Zuid" in shell.must("audit", "verify")


def test_the_first_officer_is_made_by_commands_that_say_what_comes_next(shell: Shell) -> None:
    onboard(shell)
    provider = [*PROVIDER[:-1], "officer"]
    shell.must(*provider)
    officer = add_staff(shell, "--kind", "privacy_coordinator", "--name", "Puk Privacy")
    following = shell.said[-1].err
    assert f"consent-service staff link --staff {officer} --provider ... --subject ..." in following
    assert "consent-service provider list" in following

    assert "school-login" in shell.must("provider", "list")
    shell.must("staff", "link", "--staff", officer, "--provider", "school-login", "--subject", "puk@opvang")
    assert officer in shell.must("staff", "list")


def test_the_first_coordinator_of_a_shelter_is_made_once_and_gets_a_code(shell: Shell) -> None:
    onboard(shell)
    made = shell.must("officer", "first", "--name", "Puk Privacy")
    code = re.search(r"(?:[2-9A-Z]{4}-){3}[2-9A-Z]{4}", made)
    assert code is not None
    officer = made.splitlines()[0].rpartition(" ")[2]
    assert f"staff link --staff {officer}" in shell.said[-1].err
    assert shell.type("officer", "first", "--name", "Ties Tweede").code != 0
    assert "heeft al een privacycoördinator" in shell.said[-1].err
    again = shell.must("factor", "enrol-code", "--staff", officer)
    assert code[0] not in again
    shell.must("staff", "end", "--staff", officer)
    assert shell.type("factor", "enrol-code", "--staff", officer).code != 0
    shell.must("officer", "first", "--name", "Ties Tweede")


def test_an_invitation_is_made_listed_and_taken_back(shell: Shell) -> None:
    onboard(shell)
    add_school(shell)
    ida = add_staff(
        shell, "--kind", "school_staff", "--name", "Ida Intern", "--school", "12AB00", "--role", "contact"
    )
    assert f"consent-service staff invite --staff {ida}" in shell.said[-1].err
    code = shell.must("staff", "invite", "--staff", ida).strip()
    assert re.fullmatch(r"([2-9A-Z]{4}-){3}[2-9A-Z]{4}", code)
    assert "hij werkt één keer" in shell.said[-1].err
    assert shell.must("staff", "invite", "--staff", ida).strip() != code
    listed = shell.must("staff", "invitations")
    assert listed.count("Ida Intern") == 1
    assert code not in listed
    invitation = next(line for line in listed.splitlines() if "Ida Intern" in line).split()[0]
    shell.must("staff", "revoke-invitation", "--invitation", invitation)
    assert "Ida Intern" not in shell.must("staff", "invitations")
    again = shell.type("staff", "revoke-invitation", "--invitation", invitation)
    assert (again.code, again.err.partition(":")[0]) == (2, "--invitation")


def test_a_second_shelter_makes_it_necessary_to_name_one(shell: Shell) -> None:
    onboard(shell)
    shell.must("tenant", "add", "--name", "Ander", "--neutral-name", "Hulp", "--phone", "0800-5550001")

    said = shell.type("school", "list")

    assert said.code == 2
    assert said.err.startswith("--tenant: Er is meer dan een opvang.")
    shell.must("school", "list", "--tenant", "Ander")
    assert shell.type("school", "list", "--tenant", "Nergens").err.startswith(
        "--tenant: Deze opvang is er niet."
    )


def test_no_shelter_yet_is_said_so(shell: Shell) -> None:
    assert "Doe eerst: consent-service tenant add" in shell.type("staff", "list").err


def test_one_name_stands_for_one_shelter(shell: Shell) -> None:
    onboard(shell)

    said = shell.type(
        "tenant", "add", "--name", "Opvang Zuid", "--neutral-name", "Hulp", "--phone", "0800-5550000"
    )

    assert (said.code, said.err.strip()) == (2, "--name: Er is al een opvang met deze naam.")


def test_an_ended_agreement_is_gone_from_the_list(shell: Shell) -> None:
    onboard(shell)
    add_school(shell)
    signed = shell.must("agreement", "sign", "--school", "12AB00", "--valid-from", "2026-01-01")
    agreement = signed.rsplit(" ", 1)[1].strip()
    assert agreement in shell.must("school", "list")

    shell.must("agreement", "end", "--agreement", agreement)

    assert agreement not in shell.must("school", "list")
    assert shell.type("agreement", "end", "--agreement", agreement).code == 1


def test_an_agreement_does_not_end_before_it_begins(shell: Shell) -> None:
    onboard(shell)
    add_school(shell)

    said = shell.type(
        "agreement", "sign", "--school", "12AB00", "--valid-from", "2026-02-01", "--valid-until", "2026-01-31"
    )

    assert said.err.startswith("--valid-until: De einddatum ligt voor de begindatum.")


@pytest.mark.parametrize(
    "arguments,option",
    [
        (("--kind", "counsellor", "--school", "12AB00"), "--school"),
        (("--kind", "counsellor", "--role", "teacher"), "--school"),
        (("--kind", "school_staff", "--role", "teacher"), "--school"),
        (("--kind", "school_staff", "--school", "12AB00"), "--role"),
    ],
)
def test_school_and_role_belong_to_school_staff(
    shell: Shell, arguments: tuple[str, ...], option: str
) -> None:
    onboard(shell)
    add_school(shell)

    said = shell.type("staff", "add", "--name", "Iemand", *arguments)

    assert (said.code, said.err.partition(":")[0]) == (2, option)
    assert "Iemand" not in shell.must("staff", "list")


def test_a_counsellor_is_placed_in_a_team_and_taken_out_again(shell: Shell) -> None:
    onboard(shell)
    member = add_staff(shell, "--kind", "counsellor", "--name", "Bo Begeleider", "--team", "noord")
    for arguments in (("--team", "zuid"), ()):
        assert "Het team is vastgelegd." in shell.must("staff", "team", "--staff", member, *arguments)
    assert shell.type("staff", "team", "--staff", member, "--team", "Team Noord").err.startswith("--team:")


def test_who_left_can_be_neither_ended_twice_nor_linked(shell: Shell) -> None:
    onboard(shell)
    member = add_staff(shell, "--kind", "counsellor", "--name", "Bo Begeleider")
    shell.must("staff", "end", "--staff", member)

    assert shell.type("staff", "end", "--staff", member).err.startswith(
        "--staff: Deze medewerker werkt hier niet."
    )
    said = shell.type("staff", "link", "--staff", member, "--provider", "x", "--subject", "y")
    assert said.err.startswith("--staff:")


def test_a_link_names_a_provider_for_this_kind_of_staff_and_stands_once(shell: Shell) -> None:
    onboard(shell)
    add_school(shell)
    shell.must(*PROVIDER)
    counsellor = add_staff(shell, "--kind", "counsellor", "--name", "Bo Begeleider")
    teacher = add_staff(
        shell, "--kind", "school_staff", "--name", "Jip Juf", "--school", "12AB00", "--role", "teacher"
    )

    def link(staff: str, provider: str = "school-login") -> str:
        return shell.type("staff", "link", "--staff", staff, "--provider", provider, "--subject", "s").err

    assert link(teacher) == ""
    assert link(teacher).startswith("--subject: Deze login hoort al bij deze medewerker.")
    assert link(counsellor).startswith("--provider: Deze inlogdienst is niet voor deze soort medewerker.")
    assert link(teacher, "nergens").startswith("--provider: Deze inlogdienst is er niet.")


def test_options_that_are_missing_are_named_as_they_are_typed(bare_shell: Shell) -> None:
    said = bare_shell.type("provider", "add")

    assert {line.partition(":")[0] for line in said.err.splitlines()} == {
        "--id", "--name", "--issuer", "--client-id", "--audience",
    }  # fmt: skip


def test_a_provider_is_told_what_its_redirect_uri_follows(shell: Shell) -> None:
    said = shell.must(
        "provider", "add", "--id", "inloggen", "--name", "Inloggen", "--issuer", "https://login.example",
        "--client-id", "c", "--audience", "any",
    )  # fmt: skip

    assert "De redirect_uri volgt public_origin (http" in said


def test_a_provider_says_everything_that_is_wrong_and_its_id_stands_once(shell: Shell) -> None:
    said = shell.type(
        "provider", "add", "--id", "Mijn Login", "--name", "x", "--issuer", "ftp://x", "--client-id", "c",
        "--audience", "school", "--minimum-acr", "hoog",
    )  # fmt: skip
    assert [line.partition(":")[0] for line in said.err.splitlines()] == ["--id", "--issuer", "--minimum-acr"]

    assert '"kty":"RSA"' in shell.must(*PROVIDER)
    assert '"d":' not in shell.said[-1].out
    assert shell.type(*PROVIDER).err.startswith("--id: Er is al een inlogdienst met dit kenmerk.")


def test_a_client_secret_comes_from_a_file_and_is_never_shown(shell: Shell) -> None:
    secret = shell.folder / "secret"
    secret.write_text("zeer geheim\n")

    said = shell.must(*PROVIDER, "--client-secret-file", str(secret))

    assert "geheim" not in said
    assert "client_secret" in shell.must("provider", "list")


def test_a_federation_is_read_by_its_preset_and_by_what_the_operator_sets_otherwise(shell: Shell) -> None:
    rules = shell.folder / "rules.toml"
    rules.write_text('subject_claim = "uid"\nscopes = ["openid", "profile"]\n')
    said = shell.must(*PROVIDER, "--preset", "entree", "--rules", str(rules), "--minimum-acr", "")
    assert "/inloggen/school-login/afgemeld" in said
    assert "/uitgelogd" in said
    shown = shell.must("provider", "change", "--id", "school-login")
    assert "subject_claim = 'uid'" in shown
    assert "nlEduPersonHomeOrganizationId" in shown

    rules.write_text("max_age = 300\n")
    assert "max_age = 300" in shell.must("provider", "change", "--id", "school-login", "--rules", str(rules))
    rules.write_text("max_age = 'long'\nmaximum = 3\n")
    wrong = shell.type("provider", "change", "--id", "school-login", "--rules", str(rules))
    assert [line.partition(":")[0] for line in wrong.err.splitlines()] == ["--max-age", "--maximum"]
    rules.write_text("= no toml")
    assert shell.type(*PROVIDER, "--rules", str(rules)).err.startswith("--rules: Dit bestand is geen TOML")
    assert shell.type("provider", "change", "--id", "x").err.startswith("--id: Deze inlogdienst is er niet.")


def test_a_provider_is_closed_opened_and_gets_our_next_key_in_two_steps(shell: Shell) -> None:
    shell.must(*PROVIDER)
    which = ("--id", "school-login")
    assert "Beëindigde sessies: 0" in shell.must("provider", "close", *which)
    assert "gesloten" in shell.must("provider", "list")
    assert "is open" in shell.must("provider", "open", *which)
    assert shell.type("provider", "rotate-key", *which, "--use").err.startswith("--id: Deze inlogdienst kent")
    assert '"kty":"RSA"' in shell.must("provider", "rotate-key", *which)
    assert '"d":' not in shell.said[-1].out
    assert "volgende sleutel klaar" in shell.must("provider", "list")
    assert "nieuwe sleutel" in shell.must("provider", "rotate-key", *which, "--use")
    assert shell.type("provider", "close", "--id", "x").err.startswith("--id: Deze inlogdienst is er niet.")


def test_a_school_that_goes_on_as_another_is_recorded_with_the_document_that_was_seen(shell: Shell) -> None:
    onboard(shell)
    add_school(shell)
    add_school(shell, "34CD01")
    order = (
        "school",
        "succession",
        "--school",
        "12AB00",
        "--successor",
        "34CD01",
        "--document",
        "merger_deed",
    )

    said = shell.type(*order, "--decided-on", "2999-01-01")

    assert (said.code, said.err.startswith("--decided-on: Deze datum ligt in de toekomst.")) == (2, True)
    assert "De opvolging is vastgelegd" in shell.must(*order, "--decided-on", "2026-01-01")
    again = shell.type(*order, "--decided-on", "2026-01-01")
    assert (again.code, again.err.strip()) == (2, "--successor: Deze opvolging is al vastgelegd.")
