"""The examples for operators are settings that work, and hold nothing secret."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from consent_service.foundation.settings import InvalidSettingsError, load_settings
from tests.keyring.providers.transit_server import MOUNT

EXAMPLES = Path(__file__).parents[3] / "keys" / "providers"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_an_example_chooses_its_provider_and_is_complete(path: Path, tmp_path: Path) -> None:
    given = tomllib.loads(path.read_text())
    absent = {name for name, value in given.items() if str(value).startswith("/") and name != "keystore"}
    with pytest.raises(InvalidSettingsError) as refused:  # this machine has not got those files
        load_settings({"HOME": str(tmp_path)} | _unset(absent & {"pkcs11_module"}), path)
    assert {problem.field for problem in refused.value.problems} <= absent
    for name in absent:
        (tmp_path / name).touch()
    present = {f"RUGGENSTEUN_{name.upper()}": str(tmp_path / name) for name in absent}
    assert load_settings({"HOME": str(tmp_path)} | present, path).key_provider == path.stem


def test_there_is_one_for_every_kind() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.toml")} == {"file", "pkcs11", "transit"}


def test_the_policy_lets_the_token_do_what_the_service_does_and_makes_no_key_by_encrypting() -> None:
    policy = (EXAMPLES / "transit.hcl").read_text()
    granted = {
        path: set(re.findall(r'"(\w+)"', verbs))
        for path, verbs in re.findall(r'path "([^"]+)" \{\s*capabilities = \[([^\]]*)\]', policy)
    }
    assert granted == {
        f"{MOUNT}/keys": {"list"},
        f"{MOUNT}/keys/ruggensteun-root-*": {"create", "read", "update", "delete"},
        f"{MOUNT}/encrypt/ruggensteun-root-*": {"update"},
        f"{MOUNT}/decrypt/ruggensteun-root-*": {"update"},
        f"{MOUNT}/hmac/ruggensteun-root-*": {"update"},
    }


def _unset(names: set[str]) -> dict[str, str]:
    return {f"RUGGENSTEUN_{name.upper()}": "/not/there" for name in names}
