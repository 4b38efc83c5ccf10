"""Entries as records of the Dutch standard Logboek Dataverwerkingen 1.0.0 (Logius, 9 April 2026). Pure.

One record per action and data subject, in the fields of section 3.3.2 of the standard. No record names a
user: who did it is not in it, and a data subject stands under a pseudonym. Users stand in `access`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

import msgspec

from consent_service import __version__
from consent_service.audit.encoding import Detail, milliseconds
from consent_service.audit.events import ReleaseFailed
from consent_service.audit.log import TrailEntry
from consent_service.foundation.ids import EntryId, PersonId
from consent_service.foundation.tracing import Trace
from consent_service.rights.exports.activities import activity_id, activity_of
from consent_service.rights.exports.model import Wording

Status = Literal["Unset", "Ok", "Error"]
UNKNOWN_CALLER: Final = "https://onbekend.invalid/"
"""Trace context does not say who called; the standard asks for an address. This is nobody's (RFC 6761)."""
_FAMILY: Final = ("child", "guardian", "person")
"""Fields of events that hold the id of somebody of a family."""
_REMEMBERED: Final = 65_536
"""Requests whose record was written; an entry is put in its place within seconds of its request."""


class Resource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which system this is, and which entry of its log the record stands for."""

    attributes: dict[str, str]


class ProcessingRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One record, field by field as in the standard; times in milliseconds since 1970."""

    trace_id: str
    span_id: str
    status: Status
    name: str
    start_time: int
    end_time: int
    attributes: dict[str, str]
    resource: Resource
    parent_span_id: str | None = None


class Processing:
    """Turns entries into records; one for each file.

    The actions of one request stand below a record of that request, which is written when the first of
    them is. `pseudonym` is the name of a data subject outside; `origins` names each log.
    """

    def __init__(
        self,
        *,
        register: str,
        origins: Mapping[int, str],
        words: Wording,
        request_name: str,
        pseudonym: Callable[[PersonId], str],
    ) -> None:
        self._register = register
        self._origins = origins
        self._words = words
        self._request_name = request_name
        self._pseudonym = pseudonym
        self._subject_type = f"{register.rstrip('/')}/betrokkene"
        self._written: OrderedDict[str, None] = OrderedDict()

    def records(self, entry: TrailEntry, living: Container[str]) -> tuple[ProcessingRecord, ...]:
        """What stands for an entry: of its request where it is the first, and one for each data subject.

        Data subjects beyond the first stand below it, each with a span of its own. Nothing of an erased
        entry, and nobody whose key is gone: `living` are those whose key is not.
        """
        detail = entry.detail
        if detail is None:
            return ()
        subjects = [person for person in subjects_of(detail) if person in living]
        record = self._record(entry, detail, subjects[0] if subjects else None)
        further = [
            msgspec.structs.replace(
                record,
                span_id=span_for(entry.id, subject),
                parent_span_id=record.span_id,
                attributes=self._attributes(detail, subject),
            )
            for subject in subjects[1:]
        ]
        if detail.trace is None or not self._is_new(detail.trace):
            return (record, *further)
        return (self._request(detail, detail.trace, entry.at), record, *further)

    def _record(self, entry: TrailEntry, detail: Detail, subject: PersonId | None) -> ProcessingRecord:
        return ProcessingRecord(
            trace_id=detail.trace.id if detail.trace else own_trace(entry.id),
            span_id=own_span(entry.id),
            status="Error" if isinstance(detail.event, ReleaseFailed) else "Unset",
            name=self._words.name(entry.type) or entry.type,
            start_time=milliseconds(detail.late_since or entry.at),
            end_time=milliseconds(entry.at),
            attributes=self._attributes(detail, subject),
            resource=self._resource(entry),
            parent_span_id=detail.trace.span if detail.trace else None,
        )

    def _request(self, detail: Detail, trace: Trace, at: datetime) -> ProcessingRecord:
        attributes = {"dpl.core.processing_activity_id": self._activity(detail)}
        if trace.caller:
            attributes["dpl.core.foreign_operation.processor"] = UNKNOWN_CALLER
        return ProcessingRecord(
            trace_id=trace.id,
            span_id=trace.span,
            status="Unset",
            name=self._request_name,
            start_time=milliseconds(at),
            end_time=milliseconds(at),
            attributes=attributes,
            resource=Resource(_SYSTEM),
            parent_span_id=trace.caller or None,
        )

    def _attributes(self, detail: Detail, subject: PersonId | None) -> dict[str, str]:
        attributes = {"dpl.core.processing_activity_id": self._activity(detail)}
        if subject is not None:
            attributes["dpl.core.data_subject_id"] = self._pseudonym(subject)
            attributes["dpl.core.data_subject_id_type"] = self._subject_type
        if isinstance(detail.event, ReleaseFailed):
            attributes["exception.type"] = detail.event.code or "unknown"
        return attributes

    def _activity(self, detail: Detail) -> str:
        return activity_id(self._register, activity_of(detail.event))

    def _resource(self, entry: TrailEntry) -> Resource:
        place = {"ruggensteun.log.origin": self._origins[entry.log], "ruggensteun.log.entry": entry.id}
        return Resource({**_SYSTEM, **place, "ruggensteun.log.index": str(entry.seq)})

    def _is_new(self, trace: Trace) -> bool:
        key = trace.id + trace.span
        known = key in self._written
        self._written[key] = None
        self._written.move_to_end(key)
        if len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)
        return not known


_SYSTEM: Final = {"service.name": "ruggensteun", "service.version": __version__}


def subjects_of(detail: Detail) -> tuple[PersonId, ...]:
    """Everybody the entry is about: its own data subject first, then whom the event names of the family."""
    named = [getattr(detail.event, name, None) for name in _FAMILY]
    return tuple(dict.fromkeys(person for person in (detail.subject, *named) if person))


def people_in(entries: Iterable[TrailEntry]) -> list[PersonId]:
    """Everybody these entries are about."""
    opened = (entry.detail for entry in entries if entry.detail is not None)
    return sorted({person for detail in opened for person in subjects_of(detail)})


def own_span(entry: EntryId) -> str:
    """The 8 bytes that stand for an entry: the last of its id, of which 62 bits are random (RFC 9562)."""
    return entry.replace("-", "")[-16:]


def span_for(entry: EntryId, subject: PersonId) -> str:
    """The 8 bytes that stand for an entry as far as it is about a further data subject."""
    return f"{int(sha256(f'span/v1{entry}{subject}'.encode()).hexdigest()[:16], 16) or 1:016x}"


def own_trace(entry: EntryId) -> str:
    """The chain of an entry that belongs to no request: 16 bytes made of its id, always the same."""
    return sha256(b"trace/v1" + entry.encode()).hexdigest()[:32]
