"""Which chain of requests an act belongs to: W3C Trace Context, Level 1 (Recommendation of 23 November 2021).

A caller that is known may say which chain that is; the id of the chain is kept, and every request that this
service makes meanwhile carries it on. Ids are random and say nothing about anybody; they are kept, masked, in
the sealed part of log entries and nowhere else. What a caller adds for other systems (`tracestate`) is passed
on and never kept. Whose headers are accepted is `app.tracing`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Final, Literal

import msgspec

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
LONGEST_STATE: Final = 512
"""Characters of `tracestate` that are passed on: what the specification asks for, and no more."""
_LONG_MEMBER: Final = 128
_MOST_MEMBERS: Final = 32
_RECORDED: Final = "01"
"""Every act is logged, so the flag `sampled` is always set."""

_OWS: Final = " \t"
_PARENT = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?P<trace>(?!0{32})[0-9a-f]{32})"
    r"-(?P<span>(?!0{16})[0-9a-f]{16})-[0-9a-f]{2}(?P<more>-.*)?",
    re.ASCII | re.DOTALL,
)
_KEY = r"(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
_VALUE = r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_MEMBER = re.compile(rf"(?P<key>{_KEY})={_VALUE}", re.ASCII)

TraceId = Annotated[str, msgspec.Meta(pattern=r"\A(?!0{32})[0-9a-f]{32}\Z")]
"""16 bytes in hexadecimal, not all zero."""
SpanId = Annotated[str, msgspec.Meta(pattern=r"\A(?!0{16})[0-9a-f]{16}\Z")]
"""8 bytes in hexadecimal, not all zero."""
CallerId = Annotated[str, msgspec.Meta(pattern=r"\A(|(?!0{16})[0-9a-f]{16})\Z")]
"""A `SpanId`, or empty."""


class Trace(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The chain (`id`), what is done here for one request or command (`span`), and who asked for it.

    `caller` is the span of another application that called this one; empty when nobody said so. In a log
    entry `form` 1 means that the ids are masked (`audit.traces`).
    """

    id: TraceId
    span: SpanId
    caller: CallerId = ""
    form: Literal[0, 1] = 0


class _Context(msgspec.Struct, frozen=True):
    trace: Trace
    state: str = ""


_current: ContextVar[_Context | None] = ContextVar("trace", default=None)


def current_trace() -> Trace | None:
    """The chain that the running act belongs to; None outside `tracing` and `started`."""
    context = _current.get()
    return None if context is None else context.trace


@contextmanager
def tracing(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[Trace]:
    """What is done inside belongs to the chain these request headers name, or begins one of its own.

    Names of headers may have any case. Two `traceparent` headers, or one that is not well-formed, count
    as none; then `tracestate` is not looked at either (section 3.3).
    """
    parents, states = [], []
    for name, value in headers:
        known = name.lower()
        if known == TRACEPARENT.encode():
            parents.append(value.decode("latin-1"))
        elif known == TRACESTATE.encode():
            states.append(value.decode("latin-1"))
    found = read_traceparent(parents[0]) if len(parents) == 1 else None
    context = _Context(_begun(*found), read_tracestate(states)) if found else _Context(_begun())
    with _within(context):
        yield context.trace


@contextmanager
def started() -> Iterator[Trace]:
    """What is done inside is one chain that begins here: a command, or one round of a job."""
    context = _Context(_begun())
    with _within(context):
        yield context.trace


def outgoing_headers() -> dict[str, str]:
    """What every HTTP request of this service carries; outside of any chain it begins a new one."""
    context = _current.get() or _Context(_begun())
    headers = {TRACEPARENT: f"00-{context.trace.id}-{context.trace.span}-{_RECORDED}"}
    return {**headers, TRACESTATE: context.state} if context.state else headers


def read_traceparent(value: str) -> tuple[str, str] | None:
    """The ids of the chain and of the caller's span (section 3.2.2); None when it is not well-formed.

    A later version than 00 may go on after the flags, behind a dash (section 3.2.4).
    """
    found = _PARENT.fullmatch(value.strip(_OWS))
    if found is None or (found["version"] == "00" and found["more"] is not None):
        return None
    return found["trace"], found["span"]


def read_tracestate(values: Iterable[str]) -> str:
    """The members of all `tracestate` headers, in order and at most 512 characters (section 3.3.1).

    Empty when one member is not well-formed, a key stands twice or there are more than 32. What is too
    long loses its long members first, then its last ones.
    """
    members = [stripped for one in ",".join(values).split(",") if (stripped := one.strip(_OWS))]
    read = [_MEMBER.fullmatch(member) for member in members]
    keys = {found["key"] for found in read if found is not None}
    if len(keys) != len(members) or len(members) > _MOST_MEMBERS:
        return ""
    if _length(members) > LONGEST_STATE:
        members = [member for member in members if len(member) <= _LONG_MEMBER]
    while _length(members) > LONGEST_STATE:
        members.pop()
    return ",".join(members)


def _length(members: list[str]) -> int:
    return len(",".join(members))


def _begun(trace: str = "", caller: str = "") -> Trace:
    return Trace(trace or _random(16), _random(8), caller)


def _random(size: int) -> str:
    """Random bytes in hexadecimal, never all zero."""
    return f"{1 + secrets.randbelow((1 << 8 * size) - 1):0{2 * size}x}"


@contextmanager
def _within(context: _Context) -> Iterator[None]:
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)
