"""Small files that must be there whole or not at all: key backups, the recovery public key, sheets."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path
from typing import Final

from consent_service.foundation.errors import ConfigurationError, ConflictError, UnavailableError
from consent_service.foundation.flushing import flush_folder

_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})
"""What Linux says on file systems that cannot give a file a second name."""


def write_durably(path: Path, content: bytes, *, mode: int, replacing: bool = False) -> None:
    """The whole file appears at once and survives a power cut.

    Raises:
        ConfigurationError: the file system has no hard links, so nothing can appear at once and only once.
        ConflictError: there is such a file already, and it is not to be replaced.
        UnavailableError: the disk does not take it; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_and_flush(temporary, content, mode)
        if replacing:
            temporary.replace(path)
        else:
            _link(temporary, path)
        flush_folder(path.parent)
    except FileExistsError as there:
        raise ConflictError("a file of this name exists already") from there
    except OSError as failure:
        raise UnavailableError("the disk does not take a file") from failure
    finally:
        temporary.unlink(missing_ok=True)


def private_folder(folder: Path) -> None:
    """Make the folder if need be; nobody but this user may look into it.

    Raises:
        UnavailableError: it cannot be made, or others may look into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode = folder.stat().st_mode
    except OSError as failure:
        raise UnavailableError("the folder cannot be made") from failure
    if mode & 0o077:
        raise UnavailableError("others may look into the folder")


def in_git_tree(path: Path) -> bool:
    """Whether the place lies inside a git work tree, from where it could be committed."""
    resolved = path.resolve()
    return any((folder / ".git").exists() for folder in (resolved, *resolved.parents))


def _link(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except OSError as failure:
        if failure.errno in _NO_LINKS:
            raise ConfigurationError(
                f"{path.parent} is on a file system without hard links, such as exFAT; choose another folder"
            ) from failure
        raise


def _write_and_flush(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
