"""The policies as they ship, whole, in a folder of the test's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.shelter import POLICIES


def copied_policies(target: Path) -> Path:
    """Rules, catalogue, texts and locks; to be changed by `tests.information.folders.change`."""
    shutil.copytree(POLICIES, target)
    return target
