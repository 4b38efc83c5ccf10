"""Opens, or makes, the root keys where the settings say they are.

The libraries for tokens and transit servers are imported only where one is used.
"""

from __future__ import annotations

from typing import assert_never

from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.settings import Settings
from consent_service.keyring.providers import KeyProvider
from consent_service.keyring.providers.file import create_keystore, unlock_keystore
from consent_service.keyring.secret import Secret


def open_provider(settings: Settings, secret: Secret) -> KeyProvider:
    """The root keys of this installation.

    Args:
        secret: the passphrase of the keystore, the PIN of the token or the token of the transit server.

    Raises:
        ConfigurationError: they are not there, unsafe, or the secret does not open them; a development
            keystore in production.
        KeyProviderUnavailableError: the token or transit server is away.
    """
    provider = _opened(settings, secret)
    if provider.development and settings.is_production:
        raise ConfigurationError(
            "keystore: this keystore was made for development; make one with 'consent-service keys init'"
        )
    return provider


def initialise_provider(settings: Settings, secret: Secret, *, development: bool) -> KeyProvider:
    """Make root generation 1 where the settings say; nothing that exists is overwritten.

    Raises:
        ConfigurationError: there is something already, the place is unsafe or does not exist, or
            `development` is asked of something that cannot be marked.
        KeyProviderUnavailableError: the token or transit server is away.
    """
    if settings.key_provider == "file":
        return create_keystore(settings.keystore, secret, development=development)
    if development:
        raise ConfigurationError("key_provider: only a keystore file can be marked as made for development")
    if settings.key_provider == "pkcs11":
        return _in_token(settings, secret, fresh=True)
    return _at_server(settings, secret, fresh=True)


def _opened(settings: Settings, secret: Secret) -> KeyProvider:
    match settings.key_provider:
        case "file":
            return unlock_keystore(settings.keystore, secret)
        case "pkcs11":
            return _in_token(settings, secret, fresh=False)
        case "transit":
            return _at_server(settings, secret, fresh=False)
        case _:
            assert_never(settings.key_provider)


def _in_token(settings: Settings, pin: Secret, *, fresh: bool) -> KeyProvider:
    from consent_service.keyring.providers.pkcs11 import open_token, prepare_token
    from consent_service.keyring.providers.pkcs11_session import Place

    if settings.pkcs11_module is None:
        raise ConfigurationError("pkcs11_module: is needed with key_provider=pkcs11")
    place = Place(settings.pkcs11_module, settings.pkcs11_token, settings.key_name)
    return (prepare_token if fresh else open_token)(place, pin)


def _at_server(settings: Settings, token: Secret, *, fresh: bool) -> KeyProvider:
    from consent_service.keyring.providers.transit import open_server, prepare_server
    from consent_service.keyring.providers.transit_line import Place

    place = Place(settings.transit_url, settings.transit_mount, settings.key_name, settings.transit_ca_file)
    return (prepare_server if fresh else open_server)(place, token)
