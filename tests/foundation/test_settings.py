"""Tests of `consent_service.foundation.settings`."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.i18n import SUPPORTED, problem_sentence
from consent_service.foundation.settings import (
    EXAMPLES,
    InvalidSettingsError,
    Settings,
    load_settings,
    shipped_policies,
)

HOME = {"HOME": "/home/operator"}
SECRET = "hunter2-secret"


def _problems(environ: dict[str, str], config: Path | None = None) -> list[tuple[str, str]]:
    with pytest.raises(InvalidSettingsError) as caught:
        load_settings(HOME | environ, config)
    return [(problem.field, problem.code) for problem in caught.value.problems]


def _config(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "ruggensteun.toml"
    path.write_text(content)
    return path


def test_a_secret_is_never_repeated_in_a_message_or_a_representation() -> None:
    wrong = {
        f"RUGGENSTEUN_{name.upper()}": f"postgres://x:{SECRET}@host/\0" for name in (*EXAMPLES, "pasword")
    }
    with pytest.raises(ConfigurationError) as caught:
        load_settings(HOME | wrong)
    assert SECRET not in f"{caught.value!s} {caught.value!r}"

    url = f"postgresql+asyncpg://ruggensteun:{SECRET}@db/ruggensteun"
    settings = load_settings(HOME | {"RUGGENSTEUN_DATABASE_URL": url})
    assert settings.database_url == url
    assert SECRET not in repr(settings)
    assert "//***@db/ruggensteun" in repr(settings)


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    config = _config(tmp_path, 'log_level = "loud"\nhost = true\nsession_idel_minutes = 5\n')

    assert _problems({"RUGGENSTEUN_PORT": "many", "RUGGENSTEUN_KEYSTOR": "x"}, config) == [
        ("keystor", "settings.unknown"),
        ("session_idel_minutes", "settings.unknown"),
        ("host", "settings.text"),
        ("port", "settings.number"),
        ("log_level", "settings.choice"),
    ]


def test_an_unknown_setting_is_refused_with_the_nearest_one_and_an_example() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"^RUGGENSTEUN_PUBLIC_URL: there is no such setting\. Did you mean public_origin\? "
        r"Example: RUGGENSTEUN_PUBLIC_ORIGIN=https://ruggensteun\.example$",
    ):
        load_settings(HOME | {"RUGGENSTEUN_PUBLIC_URL": "https://x.example"})


@pytest.mark.parametrize(
    "name,value,code",
    [
        ("port", "0", "settings.number"),
        ("port", "65536", "settings.number"),
        ("port", "8080.0", "settings.number"),
        ("port", "٨٠٨٠", "settings.number"),
        ("environment", "prod", "settings.choice"),
        ("default_language", "de", "settings.choice"),
        ("database_url", "postgresql://localhost/x", "settings.database_url"),
        ("database_url", "sqlite+aiosqlite://", "settings.database_url"),
        ("state_dir", "a\0b", "settings.path"),
        ("passphrase_file", "/not/there", "settings.path_missing"),
        ("policies_dir", "/not/there", "settings.path_missing"),
        ("host", "not a host", "settings.host"),
        ("public_origin", "ruggensteun.example", "settings.web_address"),
        ("public_origin", "javascript://x", "settings.web_address"),
        ("public_origin", "https://[", "settings.web_address"),
        ("public_origin", "https://x.example/path", "settings.origin"),
        ("public_origin", "https://name:secret@x.example", "settings.origin"),
        ("neutral_site", "javascript:alert(1)", "settings.web_address"),
        ("session_idle_minutes", "121", "settings.number"),
        ("trusted_proxies", "10.0.0.0/8,proxy.example", "settings.networks"),
        ("trusted_proxies", "10.0.0.1/8", "settings.networks"),
        ("step_up_minutes", "61", "settings.number"),
        ("invitation_days", "0", "settings.number"),
        ("second_factor", "sometimes", "settings.choice"),
        ("database_pool_size", "-1", "settings.number"),
        ("key_provider", "vault", "settings.choice"),
        ("key_name", "a/b", "settings.word"),
        ("key_name", "-a", "settings.word"),
        ("key_name", "a" * 65, "settings.word"),
        ("transit_mount", "../sys", "settings.word"),
        ("pkcs11_module", "/not/there", "settings.path_missing"),
        ("pkcs11_token", "a\0b", "settings.token_label"),
        ("pkcs11_token", "é" * 17, "settings.token_label"),
        ("transit_ca_file", "/not/there", "settings.path_missing"),
        ("transit_url", "https://vault.example/v1", "settings.origin"),
        ("transit_url", "http://vault.example", "settings.transit_https"),
        ("transit_url", "http://127.0.0.1.example", "settings.transit_https"),
        ("key_backup_days", "0", "settings.number"),
        ("key_backup_days", "366", "settings.number"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(name: str, value: str, code: str) -> None:
    assert _problems({f"RUGGENSTEUN_{name.upper()}": value}) == [(name, code)]


def test_a_session_may_not_be_idle_for_longer_than_it_lasts() -> None:
    limits = {"RUGGENSTEUN_SESSION_IDLE_MINUTES": "60", "RUGGENSTEUN_SESSION_ABSOLUTE_MINUTES": "30"}

    assert _problems(limits) == [("session_idle_minutes", "settings.idle_longer_than_absolute")]


def test_officers_always_need_a_second_factor_in_production() -> None:
    off = {"RUGGENSTEUN_SECOND_FACTOR": "off"}
    https = {"RUGGENSTEUN_PUBLIC_ORIGIN": "https://ruggensteun.example"}

    assert _problems({"RUGGENSTEUN_ENVIRONMENT": "production", **off, **https}) == [
        ("second_factor", "settings.second_factor_in_production")
    ]
    assert load_settings(off).second_factor == "off"
    assert load_settings({}).second_factor == "required"


def test_production_asks_who_types_commands_unless_it_is_said_that_it_does_not() -> None:
    production = {
        "RUGGENSTEUN_ENVIRONMENT": "production",
        "RUGGENSTEUN_PUBLIC_ORIGIN": "https://ruggensteun.example",
    }
    assert load_settings({}).operator_approval == "off"
    assert load_settings(production).operator_approval == "required"
    assert load_settings({**production, "RUGGENSTEUN_OPERATOR_APPROVAL": "off"}).operator_approval == "off"


def test_proxies_are_addresses_and_networks() -> None:
    given = load_settings({"RUGGENSTEUN_TRUSTED_PROXIES": "10.0.0.5, 2001:db8::/32"})

    assert [str(one) for one in given.proxy_networks] == ["10.0.0.5/32", "2001:db8::/32"]
    assert load_settings({}).proxy_networks == ()


def test_production_is_https_only() -> None:
    production = {"RUGGENSTEUN_ENVIRONMENT": "production"}

    assert _problems(production) == [("public_origin", "settings.https_in_production")]
    settings = load_settings(HOME | production | {"RUGGENSTEUN_PUBLIC_ORIGIN": "https://x.example/"})
    assert settings.is_production
    assert settings.public_origin == "https://x.example"


@pytest.mark.parametrize(
    "kind,needed",
    [("file", []), ("pkcs11", ["pkcs11_module", "pkcs11_token"]), ("transit", ["transit_url"])],
)
def test_a_key_provider_needs_to_know_where_it_is(kind: str, needed: list[str]) -> None:
    chosen = {"RUGGENSTEUN_KEY_PROVIDER": kind}

    if not needed:
        assert load_settings(HOME | chosen).key_provider == kind
        return
    assert _problems(chosen) == [(name, "settings.key_provider_incomplete") for name in needed]


def test_one_sentence_about_a_setting_is_enough() -> None:
    chosen = {"RUGGENSTEUN_KEY_PROVIDER": "transit", "RUGGENSTEUN_TRANSIT_URL": "vault.example"}

    assert _problems(chosen) == [("transit_url", "settings.web_address")]


@pytest.mark.parametrize("address", ["http://localhost:8200", "http://127.0.0.1:8200", "http://[::1]:8200"])
def test_keys_travel_without_tls_inside_a_developers_machine_only(address: str) -> None:
    chosen = {"RUGGENSTEUN_TRANSIT_URL": address}
    production = {
        "RUGGENSTEUN_ENVIRONMENT": "production",
        "RUGGENSTEUN_PUBLIC_ORIGIN": "https://x.example",
    }

    assert load_settings(HOME | chosen).transit_url == address
    assert _problems(chosen | production) == [("transit_url", "settings.transit_https")]


@pytest.mark.parametrize(
    "content,code",
    [
        (None, "settings.file_missing"),
        (b"port = ", "settings.file_not_toml"),
        (b"\xff\xfe", "settings.file_unreadable"),
    ],
)
def test_a_settings_file_that_cannot_be_used_is_refused(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    path = tmp_path / "ruggensteun.toml"
    if content is not None:
        path.write_bytes(content)

    assert _problems({"RUGGENSTEUN_CONFIG": str(path)}) == [("config", code)]


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    config = _config(tmp_path, 'port = 9000\nhost = "::1"\nkeystore = "keys/store"\nstate_dir = "~/state"\n')

    settings = load_settings(HOME | {"RUGGENSTEUN_PORT": "9001", "RUGGENSTEUN_LOG_LEVEL": ""}, config)

    assert settings.port == 9001
    assert settings.public_origin == "http://[::1]:9001"
    assert settings.keystore == tmp_path / "keys" / "store"
    assert settings.state_dir == Path("/home/operator/state")
    assert settings.log_level == "info"


def test_everything_has_a_default() -> None:
    settings = load_settings(HOME)

    assert settings.state_dir == Path("/home/operator/.local/state/ruggensteun")
    assert settings.database_url == f"sqlite+aiosqlite:///{settings.state_dir}/ruggensteun.sqlite"
    assert settings.keystore == settings.state_dir / "keystore"
    assert settings.key_provider == "file"
    assert settings.recovery_key == settings.state_dir / "recovery.pub"
    assert settings.key_backup_dir == settings.state_dir / "key-backups"
    assert settings.key_backup_days == 7
    assert settings.policies_dir == shipped_policies()
    assert load_settings({"XDG_STATE_HOME": "/state"}).state_dir == Path("/state/ruggensteun")


def test_every_setting_has_an_example_that_works(tmp_path: Path) -> None:
    assert set(EXAMPLES) == set(Settings.__struct_fields__)

    existing = (
        *("passphrase_file", "policies_dir", "pkcs11_module", "transit_ca_file"),
        *("theme_file", "witnesses_file", "timestamp_ca_file"),
    )
    present = {name: str(tmp_path) for name in existing}
    load_settings(
        {f"RUGGENSTEUN_{name.upper()}": value for name, value in (dict(EXAMPLES) | present).items()}
    )


def test_time_stamps_are_not_believed_from_just_anybody() -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        load_settings({"RUGGENSTEUN_TIMESTAMP_URL": "https://tsa.example/tsr"})

    assert [problem.code for problem in caught.value.problems] == ["settings.timestamp_incomplete"]


def test_every_message_is_a_whole_sentence_in_every_language() -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        load_settings({"RUGGENSTEUN_PORT": "x", "RUGGENSTEUN_PROT": "x", "RUGGENSTEUN_CONFIG": "/not/there"})

    for problem in caught.value.problems:
        for language in SUPPORTED:
            assert "{" not in problem_sentence(problem, language)
