"""Rules: a bundle of policies together with the catalogue it was made for, read from one folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, BundleError, load_bundle
from consent_service.policy.sources import folder_problems


class Rules(msgspec.Struct, frozen=True):
    """A bundle with the catalogue it was made for."""

    bundle: Bundle
    catalogue: Catalogue


def load_rules(folder: Path) -> Rules:
    """The rules in a folder.

    Raises:
        BundleError: with every problem found; nothing is opened while a file must not be.
        BlocksError: the catalogue cannot be used.
    """
    unsafe = tuple(folder_problems(folder))
    if unsafe:
        raise BundleError(unsafe)
    catalogue = load_catalogue(folder)
    return Rules(load_bundle(folder, catalogue=catalogue), catalogue)
