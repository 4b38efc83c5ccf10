"""X.509 certificates that the settings name, for checking what others signed."""

from __future__ import annotations

from pathlib import Path

from consent_service.foundation.errors import ConfigurationError
from consent_service.keyring.primitives import Certificate, certificates_in


class Authorities(tuple[Certificate, ...]):
    """Certificates that are trusted, some of them roots, the others issued by one of those."""

    __slots__ = ()

    @property
    def roots(self) -> list[Certificate]:
        """Those that were issued by nobody else."""
        return [one for one in self if one.issuer == one.subject]

    @property
    def intermediates(self) -> list[Certificate]:
        return [one for one in self if one.issuer != one.subject]


def read_authorities(path: Path, setting: str) -> Authorities:
    """The certificates in a PEM file, at least one of them a root.

    Raises:
        ConfigurationError: the file cannot be read, holds no certificate or no root; names `setting`.
    """
    try:
        found = Authorities(certificates_in(path.read_bytes()))
    except (OSError, ValueError) as failure:
        raise ConfigurationError(f"{setting}: {path} cannot be read as certificates in PEM") from failure
    if not found.roots:
        raise ConfigurationError(f"{setting}: {path} holds no certificate of a root authority")
    return found
