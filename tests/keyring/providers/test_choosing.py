"""The settings decide where root keys are made and opened."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.settings import Settings, load_settings
from consent_service.keyring.providers.choosing import initialise_provider, open_provider
from consent_service.keyring.secret import Secret
from tests.factories import PASSPHRASE, make_keystore
from tests.keyring.providers.places import TokenPlace
from tests.keyring.providers.transit_server import TransitServer


def _settings(folder: Path, **given: str) -> Settings:
    environ = {"HOME": str(folder), "RUGGENSTEUN_STATE_DIR": str(folder)}
    return load_settings(environ | {f"RUGGENSTEUN_{name.upper()}": value for name, value in given.items()})


def _token_settings(token_place: TokenPlace, folder: Path) -> Settings:
    place = token_place.place
    return _settings(
        folder,
        key_provider="pkcs11",
        key_name=place.name,
        pkcs11_module=str(place.module),
        pkcs11_token=place.token,
    )


def test_a_keystore_is_made_once_and_opened(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    made = initialise_provider(settings, PASSPHRASE, development=False)
    assert open_provider(settings, PASSPHRASE).check_value(1) == made.check_value(1)
    with pytest.raises(ConfigurationError, match="not overwritten"):
        initialise_provider(settings, PASSPHRASE, development=False)


def test_a_development_keystore_is_refused_in_production(tmp_path: Path) -> None:
    make_keystore(tmp_path)
    given = {"keystore": str(tmp_path / "keystore.json")}
    assert open_provider(_settings(tmp_path, **given), PASSPHRASE).development
    production = {"environment": "production", "public_origin": "https://x.example"}
    with pytest.raises(ConfigurationError, match="made for development"):
        open_provider(_settings(tmp_path, **given, **production), PASSPHRASE)


def test_a_token_is_filled_once_and_opened(token_place: TokenPlace, tmp_path: Path) -> None:
    settings = _token_settings(token_place, tmp_path)
    made = initialise_provider(settings, token_place.secret, development=False)
    opened = open_provider(settings, token_place.secret)
    assert (opened.kind, opened.check_value(1)) == ("pkcs11", made.check_value(1))


def test_a_server_is_filled_once_and_opened(transit_server: TransitServer, tmp_path: Path) -> None:
    settings = _settings(tmp_path, key_provider="transit", transit_url=transit_server.url)
    token = Secret(transit_server.token.encode())
    made = initialise_provider(settings, token, development=False)
    opened = open_provider(settings, token)
    assert (opened.kind, opened.check_value(1)) == ("transit", made.check_value(1))


def test_only_a_file_can_be_marked_as_made_for_development(
    token_place: TokenPlace, transit_server: TransitServer, tmp_path: Path
) -> None:
    server = _settings(tmp_path, key_provider="transit", transit_url=transit_server.url)
    for settings in (_token_settings(token_place, tmp_path), server):
        with pytest.raises(ConfigurationError, match="only a keystore file"):
            initialise_provider(settings, PASSPHRASE, development=True)
    assert transit_server.requests == []


def test_a_token_without_a_library_is_one_sentence(token_place: TokenPlace, tmp_path: Path) -> None:
    settings = msgspec.structs.replace(_token_settings(token_place, tmp_path), pkcs11_module=None)
    with pytest.raises(ConfigurationError, match="pkcs11_module"):
        open_provider(settings, token_place.secret)
