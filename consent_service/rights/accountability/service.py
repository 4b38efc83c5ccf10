"""The documents that show that the law is kept: read them, take them along.

Each is made at that moment and nothing of it is kept, so nothing is typed twice and nothing grows old; only
the numbers of a year are fixed.
"""

from __future__ import annotations

import asyncio
from typing import Final, assert_never

import msgspec

from consent_service.audit.events import DocumentTaken
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import StaffId, TenantId
from consent_service.identity.model import Fg, Operator, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import OrganisationService, require
from consent_service.rights.accountability.annex import annex_of
from consent_service.rights.accountability.document import Document, markdown_of
from consent_service.rights.accountability.dpia import dpia_of
from consent_service.rights.accountability.facts import Fixed
from consent_service.rights.accountability.generating import register_of
from consent_service.rights.accountability.model import FORMS, Form, Kind, ProcessingRegister
from consent_service.rights.accountability.printing import pdf_of
from consent_service.rights.accountability.reading import read_facts
from consent_service.rights.accountability.register_document import register_document
from consent_service.rights.accountability.report_document import csv_of, report_document
from consent_service.rights.accountability.reports import FixedReport, read_report
from consent_service.rights.accountability.yearly import Source
from consent_service.rights.coordinators import is_coordinator

Reader = PrivacyCoordinator | Fg
_MEDIA: Final[dict[Form, tuple[str, str]]] = {
    "json": ("application/json", "json"),
    "pdf": ("application/pdf", "pdf"),
    "markdown": ("text/markdown; charset=utf-8", "md"),
    "csv": ("text/csv; charset=utf-8", "csv"),
}


class TakenFile(msgspec.Struct, frozen=True):
    """A file for whoever took it; that it was taken stands in the log."""

    name: str
    media_type: str
    content: bytes


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which document, in which form; `year` of a yearly report. `coordinator` decided it for an operator."""

    kind: Kind
    form: Form
    year: int = 0
    coordinator: StaffId | None = None


class AccountabilityService:
    """The register, the DPIA, the processor annex and the yearly report of one shelter."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        fixed: Fixed,
        sources: tuple[Source, ...],
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._fixed = fixed
        self._sources = sources

    async def register(self, actor: Reader) -> ProcessingRegister:
        """The register of processing activities as it is now (AVG 30).

        Raises:
            NotAllowedError: no officer of this shelter.
        """
        require(actor, Action.VIEW_ACCOUNTABILITY, Circumstances(tenant=actor.tenant))
        return await self._register(actor.tenant)

    async def document(self, actor: Reader, kind: Kind, *, year: int = 0) -> Document:
        """A document to read on a page.

        Raises:
            NotAllowedError: no officer of this shelter.
            NotFoundError: the report of that year is not fixed.
        """
        require(actor, Action.VIEW_ACCOUNTABILITY, Circumstances(tenant=actor.tenant))
        return await self._document(actor.tenant, kind, year)

    async def take(self, actor: Reader | Operator, tenant: TenantId, wanted: Wanted) -> TakenFile:
        """A document as a file. It is in the log before it is handed over.

        Raises:
            NotAllowedError: no officer of this shelter, nor on the decision of a coordinator.
            NotFoundError: the report of that year is not fixed, or there is no such form of it.
            UnavailableError: the log is away; there is no file.
        """
        await self._require(actor, tenant, wanted.coordinator)
        if wanted.form not in FORMS[wanted.kind]:
            raise NotFoundError("form")
        name, content = await self._written(tenant, wanted)
        event = DocumentTaken(wanted.kind, wanted.form, wanted.year, wanted.coordinator or "")
        async with self._database.transaction() as conn:
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=None)
        media_type, ending = _MEDIA[wanted.form]
        return TakenFile(f"{name}.{ending}", media_type, content)

    # --- parts -------------------------------------------------------------------------------

    async def _require(self, actor: Reader | Operator, tenant: TenantId, coordinator: StaffId | None) -> None:
        decided = False
        if coordinator is not None:
            async with self._database.reading() as conn:
                decided = await is_coordinator(conn, tenant, coordinator)
        require(actor, Action.VIEW_ACCOUNTABILITY, Circumstances(tenant=tenant, decided=decided))

    async def _register(self, tenant: TenantId) -> ProcessingRegister:
        now = self._clock.now()
        async with self._database.reading() as conn:
            facts = await read_facts(conn, self._organisations, tenant, self._fixed, now)
        return register_of(facts)

    async def _report(self, tenant: TenantId, year: int) -> FixedReport:
        async with self._database.reading() as conn:
            return await read_report(conn, self._sources, tenant, year)

    async def _document(self, tenant: TenantId, kind: Kind, year: int) -> Document:
        match kind:
            case "register":
                return register_document(await self._register(tenant))
            case "dpia":
                return dpia_of(await self._register(tenant))
            case "annex":
                return annex_of(await self._register(tenant))
            case "report":
                shelter = await self._organisations.tenant(tenant)
                return report_document(await self._report(tenant, year), shelter.name)
            case _:
                assert_never(kind)

    async def _written(self, tenant: TenantId, wanted: Wanted) -> tuple[str, bytes]:
        if wanted.form == "json":
            made = msgspec.json.encode(await self._register(tenant))
            return "verwerkingsregister", msgspec.json.format(made) + b"\n"
        document = await self._document(tenant, wanted.kind, wanted.year)
        match wanted.form:
            case "csv":
                return document.name, csv_of(await self._report(tenant, wanted.year))
            case "markdown":
                return document.name, markdown_of(document)
            case "pdf":
                return document.name, await asyncio.to_thread(pdf_of, document)
            case _:
                assert_never(wanted.form)
