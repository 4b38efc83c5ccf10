"""The tables of every package together, as the code declares them."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from sqlalchemy import MetaData

import consent_service
from consent_service.foundation.database import metadata


def complete_metadata() -> MetaData:
    """The one metadata after `tables` and each `tables_<subject>` of every package was imported."""
    for folder in consent_service.__path__:
        for path in sorted(Path(folder).rglob("tables*.py")):
            if re.fullmatch(r"tables(_\w+)?", path.stem):
                within = ".".join(path.relative_to(folder).with_suffix("").parts)
                importlib.import_module(f"consent_service.{within}")
    return metadata
