"""Keeps keys in this process's memory out of core dumps and away from other programs of the same user.

It does not keep them from root, from swap (encrypt it, or run without) or from hibernation.
"""

from __future__ import annotations

import ctypes
import resource
import sys
from typing import Final

import msgspec

_PR_SET_DUMPABLE: Final = 4
"""prctl(2), from <sys/prctl.h>."""


class Protection(msgspec.Struct, frozen=True):
    """What holds from now on, for this process and every child it forks; a program it starts begins anew."""

    no_core_dumps: bool
    closed_to_other_programs: bool
    """No debugger of the same user may attach, and /proc/<pid>/mem is root's; Linux only."""


def protect_process() -> Protection:
    """Switch core dumps off, and on Linux reading this process's memory too.

    Elsewhere than on Linux only the size of a core dump can be limited: whoever runs as the same user can
    attach a debugger there.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return Protection(no_core_dumps=True, closed_to_other_programs=_close_to_other_programs())


def _close_to_other_programs() -> bool:
    if sys.platform != "linux":
        return False
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return bool(prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
