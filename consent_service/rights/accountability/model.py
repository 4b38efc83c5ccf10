"""The register of processing activities (AVG 30) as values; docs/schemas/register-1.json describes its JSON.

`FORMAT` changes when a reader of version 1 could go wrong; new fields with a default are no change.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

import msgspec

from consent_service.rights.exports.activities import Activity

FORMAT: Final = "ruggensteun-register/1"
Kind = Literal["register", "dpia", "annex", "report"]
"""What can be taken out: the register, the DPIA, the annex to a processor agreement, the yearly report."""
Form = Literal["json", "pdf", "markdown", "csv"]
FORMS: Final[dict[Kind, tuple[Form, ...]]] = {
    "register": ("json", "pdf"),
    "dpia": ("markdown", "pdf"),
    "annex": ("markdown", "pdf"),
    "report": ("csv", "pdf"),
}
State = Literal["in_place", "not_set"]


class Party(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An organisation with how to reach it; empty where the organisation still has to fill it in."""

    name: str
    contact: str = ""


class School(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A school with an agreement that is valid now. Whether it is a joint controller, the agreement says."""

    name: str
    establishment_code: str
    contact: str
    agreement_from: date
    agreement_until: date | None


class Basis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ground of AVG 6(1) or 9(2), as the catalogue and this software assume it."""

    code: str
    article: str
    words: str


class ActivityRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One processing activity; `uri` never changes. `types`: keys of information types."""

    uri: str
    name: Activity
    title: str
    purposes: tuple[str, ...]
    data_subjects: tuple[str, ...]
    personal_data: tuple[str, ...]
    types: tuple[str, ...]
    bases: tuple[Basis, ...]
    recipients: tuple[str, ...]
    retention: tuple[str, ...]


class TypeRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An information type of the catalogue."""

    key: str
    title: str
    level: str
    level_words: str
    directions: tuple[str, ...]
    fields: int
    readers: tuple[str, ...]
    writers: tuple[str, ...]
    basis: Basis
    secrecy: str
    retention_code: str
    retention: str


class Supplier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who processes or receives on behalf of the service, by kind: never an address or a key."""

    kind: str
    title: str
    number: int
    sees: str
    name: str = ""


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A measure of AVG 32, and whether this installation has it."""

    code: str
    title: str
    words: str
    state: State


class ProcessingRegister(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both parts of AVG 30: of the controller (1), and of who processes on its behalf (2)."""

    format: Literal["ruggensteun-register/1"]
    made_at: datetime
    base_uri: str
    catalogue: str
    controller: Party
    schools: tuple[School, ...]
    officers: tuple[str, ...]
    processor: Party
    activities: tuple[ActivityRow, ...]
    types: tuple[TypeRow, ...]
    suppliers: tuple[Supplier, ...]
    transfers: str
    measures: tuple[Measure, ...]
    open_points: tuple[str, ...]

    def type(self, key: str) -> TypeRow:
        """The row of one information type."""
        return next(one for one in self.types if one.key == key)
