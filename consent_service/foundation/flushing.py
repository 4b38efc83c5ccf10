"""Making the names in a folder survive a power cut, as `fsync` does for what is in a file."""

from __future__ import annotations

import os
from pathlib import Path


def flush_folder(folder: Path) -> None:
    """What was made, renamed or removed in the folder is on the disk afterwards.

    Raises:
        OSError: the folder is not there, or the disk does not take it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
