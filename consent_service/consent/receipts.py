"""Receipts of signed sittings: who may have one made, and that it is logged.

One's own, or by the counsellor of the family: the full one stays at the shelter unless she asks for it.
The withdrawal code is kept nowhere, so a receipt names it only while somebody still knows it.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.events import ReceiptPrinted
from consent_service.audit.log import AuditLog
from consent_service.consent.codes import grouped, normalised_code
from consent_service.consent.receipt.document import Part, write_full, write_neutral
from consent_service.consent.receipt.model import (
    Kind,
    NeutralReceipt,
    PrintedReceipt,
    SignedChoices,
    SittingSummary,
)
from consent_service.consent.receipt.reading import (
    Place,
    SittingRow,
    is_code_of,
    read_choices,
    read_signed_sitting,
    read_signed_sittings,
)
from consent_service.consent.receipt.record import write_record
from consent_service.families.model import Ages
from consent_service.families.reading import is_family_shown
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.i18n import SOURCE
from consent_service.foundation.ids import FamilyId
from consent_service.identity.model import ChildActor, Counsellor, GuardianActor, by, person_of
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.information.texts import LanguageTexts, Texts
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require

WITHDRAW_PATH: Final = "/intrekken"
Asker = GuardianActor | ChildActor | Counsellor


class ReceiptService:
    """Receipts on paper and for machines."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        catalogue: Catalogue,
        texts: Texts,
        public_origin: str,
        drafts_allowed: bool,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._texts = texts
        self._drafts_allowed = drafts_allowed
        ages = Ages(catalogue.terms.together_from, catalogue.terms.alone_from)
        self._place = Place(catalogue, ages, public_origin.rstrip("/"), WITHDRAW_PATH)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages a receipt can be printed in."""
        return tuple(self._texts.languages)

    async def signed(self, actor: Counsellor, family: FamilyId) -> tuple[SittingSummary, ...]:
        """The signed sittings of a family, newest first.

        Raises:
            NotAllowedError: the counsellor is not with this family.
        """
        async with self._database.reading() as conn:
            await self._require(conn, actor, family)
            return await read_signed_sittings(conn, self._ring, actor.tenant, family)

    async def full(
        self, actor: Asker, sitting: str, *, language: str | None = None, code: str | None = None
    ) -> PrintedReceipt:
        """Everything that was chosen, in `language` (else the sitting's) and in Dutch.

        Raises:
            NotFoundError: no such signed sitting of this person, or none of it is hers to see any more.
            NotAllowedError: the counsellor is not with the family.
            InputError: no texts in that language, or drafts in production; a code of somebody else.
        """
        row, choices = await self._choices(actor, sitting, code)
        parts = self._parts(language or row.language, choices)
        content = await asyncio.to_thread(
            write_full, choices, code=_written(code), parts=parts, catalogue=self._place.catalogue
        )
        await self._note(actor, row, "full", parts[0].language)
        return PrintedReceipt(content, "application/pdf", "keuzes.pdf")

    async def neutral(self, actor: GuardianActor | ChildActor, sitting: str, *, code: str) -> PrintedReceipt:
        """Date and code, and nothing that tells whose, what for or about whom (S50).

        Raises:
            NotFoundError: no such signed sitting of this person.
            InputError: this is no code of hers.
        """
        async with self._database.reading() as conn:
            row = await self._row(conn, actor, sitting)
            await self._require_code(conn, row, code)
        shown = NeutralReceipt(local_date(row.signed_at), _written(code) or "")
        content = await asyncio.to_thread(write_neutral, shown)
        await self._note(actor, row, "neutral", "")
        return PrintedReceipt(content, "application/pdf", "code.pdf")

    async def record(self, actor: Asker, sitting: str) -> PrintedReceipt:
        """The same choices for machines, in the shape of ISO/IEC TS 27560.

        Raises:
            NotFoundError: no such signed sitting of this person, or none of it is hers to see any more.
            NotAllowedError: the counsellor is not with the family.
        """
        row, choices = await self._choices(actor, sitting, None)
        texts = self._texts.of(row.language if row.language in self._texts.languages else SOURCE)
        content = write_record(choices, self._place.catalogue, texts)
        await self._note(actor, row, "record", row.language)
        return PrintedReceipt(content, "application/json", "keuzes.json")

    # --- parts -------------------------------------------------------------------------------

    async def _choices(
        self, actor: Asker, sitting: str, code: str | None
    ) -> tuple[SittingRow, SignedChoices]:
        async with self._database.reading() as conn:
            row = await self._row(conn, actor, sitting)
            if code is not None:
                await self._require_code(conn, row, code)
            now = self._clock.now()
            await self._require_shown(conn, actor, local_date(now))
            return row, await read_choices(conn, self._ring, row, self._place, now=now)

    async def _row(self, conn: AsyncConnection, actor: Asker, sitting: str) -> SittingRow:
        """Somebody else's sitting is answered like one that does not exist (S4)."""
        row = await read_signed_sitting(conn, actor.tenant, sitting)
        if isinstance(actor, Counsellor):
            await self._require(conn, actor, row.family)
            return row
        if (row.family, row.person) != (actor.family, person_of(actor)):
            raise NotFoundError("receipt")
        facts = Circumstances(tenant=actor.tenant, family=row.family, person=row.person)
        require(actor, Action.PRINT_RECEIPT, facts)
        return row

    async def _require_shown(self, conn: AsyncConnection, actor: Asker, today: date) -> None:
        """A guardian asks for a receipt at the tablet, where not everybody is shown a school (S46)."""
        if isinstance(actor, GuardianActor) and not await is_family_shown(
            conn, actor.tenant, actor.family, actor.guardian, day=today, at_tablet=True
        ):
            raise NotFoundError("receipt")

    async def _require(self, conn: AsyncConnection, actor: Counsellor, family: FamilyId) -> None:
        assigned = await self._organisations.is_assigned(conn, actor, family)
        facts = Circumstances(tenant=actor.tenant, family=family, assigned=assigned)
        require(actor, Action.PRINT_RECEIPT, facts)

    async def _require_code(self, conn: AsyncConnection, row: SittingRow, code: str) -> None:
        if not await is_code_of(conn, row, code):
            raise InputError([Problem("code", "code_unknown")])

    def _parts(self, language: str, choices: SignedChoices) -> tuple[LanguageTexts, ...]:
        """What she reads first, then Dutch, for who works with it.

        Raises:
            InputError: there are no such texts, or nobody reviewed them and this is production.
        """
        if language not in self._texts.languages:
            raise InputError([Problem("language", "language_unknown")])
        parts = tuple(self._texts.of(one) for one in dict.fromkeys((language, SOURCE)))
        if not self._drafts_allowed and any(
            Part(part, choices.by_child).is_draft(choices.types) for part in parts
        ):
            raise InputError([Problem("language", "texts_not_reviewed")])
        return parts

    async def _note(self, actor: Asker, row: SittingRow, kind: Kind, language: str) -> None:
        """The entry is durable before the first byte leaves."""
        event = ReceiptPrinted(row.person, row.sitting, kind, language)
        async with self._database.transaction() as conn:
            await self._log.append(conn, tenant=row.tenant, event=event, by=by(actor), subject=row.person)


def _written(code: str | None) -> str | None:
    """The code as it is printed, however it was typed."""
    normalised = normalised_code(code or "")
    return None if normalised is None else grouped(normalised)
