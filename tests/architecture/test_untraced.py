"""What is marked untraced is: coverage costs a test more than the test itself, and xdist has two tracers."""

from __future__ import annotations

import sys

import pytest


@pytest.mark.untraced
def test_nothing_traces_what_is_marked() -> None:
    assert sys.gettrace() is None
