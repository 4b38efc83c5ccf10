"""The Dockerfile's steps work where nothing but Python is installed."""

from __future__ import annotations

import re
import subprocess

import pytest

from consent_service.foundation.i18n import LOCALE_FOLDER

CHECKOUT = LOCALE_FOLDER.parent.parent


@pytest.mark.slow
def test_the_image_can_be_built_and_its_command_starts() -> None:
    done = subprocess.run(
        [CHECKOUT / ".ci" / "dockerfile-steps"], capture_output=True, text=True, check=False, timeout=300
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_is_glibc_and_its_process_is_nobody_special() -> None:
    dockerfile = (CHECKOUT / "Dockerfile").read_text()

    assert re.search(r"^USER (?!0\b)\d+$", dockerfile, re.MULTILINE)
    bases = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert len(bases) == 2
    assert not [base for base in bases if "alpine" in base]
    assert 'CMD ["serve"]' in dockerfile


def test_everything_the_dockerfile_copies_is_let_through_by_dockerignore() -> None:
    copied = re.findall(r"^COPY ([^-].*) \S+$", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
    allowed = re.findall(r"^!(.*)$", (CHECKOUT / ".dockerignore").read_text(), re.MULTILINE)

    assert sorted(path for paths in copied for path in paths.split()) == sorted(allowed)
