"""What somebody who keeps an error with its tracebacks and local variables would have of it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import FrameType
from typing import Any

import msgspec

from consent_service.keyring.secret import Secret


def captured_by(failure: BaseException, *, package: str = "consent_service") -> Iterator[str | bytes]:
    """Every text and byte string in the message, the causes and the locals of this package's frames.

    Whatever those locals lead to is looked at as well; the content of a Secret is what may be there.
    """
    seen: set[int] = set()
    for one in _chain(failure):
        yield from _texts(one.args, seen)
        yield str(one)
        yield repr(one)
        yield from (str(note) for note in getattr(one, "__notes__", ()))
        trace = one.__traceback__
        while trace is not None:
            if _module(trace.tb_frame).startswith(package):
                yield from _texts(dict(trace.tb_frame.f_locals), seen)
            trace = trace.tb_next


def shown_to(failure: BaseException) -> tuple[str, ...]:
    """The functions of the package whose local variables are captured."""
    names = []
    for one in _chain(failure):
        trace = one.__traceback__
        while trace is not None:
            if _module(trace.tb_frame).startswith("consent_service"):
                names.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
    return tuple(names)


def holds(found: Iterator[str | bytes], forbidden: bytes) -> bool:
    """Whether `forbidden` is somewhere in what was found, as bytes or as text."""
    text = forbidden.decode(errors="surrogateescape")
    return any(forbidden in one if isinstance(one, bytes) else text in one for one in found)


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _chain(failure: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException | None] = [failure]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]


def _texts(value: Any, seen: set[int]) -> Iterator[str | bytes]:
    """Texts and bytes in anything reachable, but for the inside of secrets, classes and modules."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, (Secret, type)) or type(one).__name__ in _NOT_FOLLOWED:
            continue
        seen.add(id(one))
        if isinstance(one, str):
            yield one
        elif isinstance(one, (bytes, bytearray, memoryview)):
            yield bytes(one)
        elif isinstance(one, msgspec.Struct):
            waiting += [getattr(one, name) for name in one.__struct_fields__]
        else:
            waiting += gc.get_referents(one)
            for kind in type(one).__mro__:
                waiting += [getattr(one, name, None) for name in getattr(kind, "__slots__", ())]


_NOT_FOLLOWED = {"module", "function", "builtin_function_or_method", "code", "frame", "traceback", "method"}
