"""The tables of every package together, as the code declares them."""

from __future__ import annotations

import importlib
import pkgutil

from sqlalchemy import MetaData

import consent_service
from consent_service.foundation.database import metadata


def complete_metadata() -> MetaData:
    """The one metadata after every feature package's `tables` module has been imported."""
    for package in pkgutil.iter_modules(consent_service.__path__, "consent_service."):
        if package.ispkg and importlib.util.find_spec(f"{package.name}.tables") is not None:
            importlib.import_module(f"{package.name}.tables")
    return metadata
