"""The folder key backups lie in: private, outside git, and recognised wherever it is mounted.

Its id stands in a file of its own. A mount point without its disk has none, another node's folder has
another: only where the id is found does a missing backup mean that it is gone. What it is: `backup_file`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from consent_service.custody.durable_files import in_git_tree, private_folder, write_durably
from consent_service.foundation.errors import (
    ConfigurationError,
    ConflictError,
    IntegrityError,
    UnavailableError,
)
from consent_service.foundation.ids import is_id, new_id

ID_FILE: Final = "folder-id"


def require_outside_git(folder: Path) -> None:
    """Return where what is written cannot be committed by accident.

    Raises:
        ConfigurationError: the folder lies inside a git work tree.
    """
    if in_git_tree(folder):
        raise ConfigurationError(
            f"key_backup_dir: {folder} lies inside a git work tree, e.g. key_backup_dir = "
            '"/var/backups/ruggensteun-keys"'
        )


def prepare_folder(folder: Path) -> str:
    """Make the folder and its id if need be; the id.

    Raises:
        ConfigurationError: the folder lies inside a git work tree, or has no hard links.
        IntegrityError: what stands in the file is no id.
        UnavailableError: it cannot be made or read, or others may look into it.
    """
    require_outside_git(folder)
    private_folder(folder)
    found = read_folder_id(folder)
    if found is not None:
        return found
    made = new_id()
    try:
        write_durably(folder / ID_FILE, f"{made}\n".encode(), mode=0o600)
    except ConflictError:  # another process was first
        made = read_folder_id(folder) or made
    return made


def read_folder_id(folder: Path) -> str | None:
    """The id of the folder; None where no key backup was ever made, as on a mount point without its disk.

    Raises:
        IntegrityError: what stands in the file is no id.
        UnavailableError: it cannot be read.
    """
    try:
        found = (folder / ID_FILE).read_text(encoding="ascii", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise UnavailableError("the folder of key backups cannot be read") from failure
    if not is_id(found):
        raise IntegrityError(f"the file {ID_FILE} of the key backups is damaged; remove it")
    return found
