"""The file of a request as the desk shows it, and as bytes for whoever gets it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from litestar import Response

from consent_service.foundation.i18n import N_, SUPPORTED, Translator, language_name, translator
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.access.document import AccessFile
from consent_service.rights.access.model import FileView
from consent_service.rights.access.package import write_zip
from consent_service.rights.access.reading import write_pdf
from consent_service.rights.access.redacting import KEEP, FreeText
from consent_service.rights.access.words import GROUNDS, LEFT_OUT, PARTS
from consent_service.rights.cases.model import ARTICLES
from consent_service.web.access.views import CountLine, FilePage, TextLine
from consent_service.web.components import Option
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.officer.room import home
from consent_service.web.visit import Officer, Visit

FIELD: Final = "text-"
"""Before the number of a text, in the names of the form's fields."""
PDF, ZIP = "pdf", "zip"
TEXT: Final = N_("Tekst")
STAYS: Final = N_("Blijft staan")


def file_page(visit: Visit, actor: Officer, found: FileView, form: FormState = EMPTY) -> FilePage:
    """The page; who only supervises presses nothing."""
    said, case = translator(visit.language), found.case
    here = home(actor, "verzoeken", case.case)
    decides, granted = isinstance(actor, PrivacyCoordinator), case.state == "granted"
    handing = found.state == "ready" and case.state in ("granted", "done") and not found.stale
    return FilePage(
        back_href=here,
        article=ARTICLES[case.kind],
        state=found.state,
        file=found.file,
        granted=granted,
        done=case.state == "done",
        weigh=found.weigh,
        lost=found.lost,
        stale=found.stale,
        by_hand=found.by_hand,
        made_at=found.made_at,
        delivered_at=found.delivered_at,
        counts=tuple(
            CountLine(said.text(PARTS[name]), count) for name, count in found.counts if name in PARTS
        ),
        texts=tuple(_line(said, number, one) for number, one in enumerate(found.texts)),
        choices=(Option(KEEP, said.text(STAYS)), *_grounds(said)),
        languages=tuple(Option(code, language_name(code)) for code in SUPPORTED),
        make_action=f"{here}/dossier/maken" if decides and granted and not found.lost else "",
        look_action=f"{here}/dossier/nakijken" if decides and granted and found.state == "draft" else "",
        print_action=f"{here}/dossier/papier" if decides and handing else "",
        reopen_action=f"{here}/dossier/opnieuw" if decides and granted and found.lost else "",
        form=form,
    )


def _grounds(said: Translator) -> Iterator[Option]:
    for code, words in GROUNDS.items():
        yield Option(code, said.text(N_("Weg: {ground}"), ground=said.text(words)))


def _line(said: Translator, number: int, one: FreeText) -> TextLine:
    """Where it stands without the short name of a child and school: those are of the file itself."""
    part = one.place.partition(" ")[2]
    where = said.text(PARTS[part]) if part in PARTS else part
    what = said.text(LEFT_OUT[one.what]) if one.what in LEFT_OUT else one.what
    return TextLine(f"{FIELD}{number}", where, what, one.text, one.names)


def field_labels(visit: Visit, count: int) -> dict[str, str]:
    """What each text is called in the summary of what is wrong."""
    said = translator(visit.language)
    return {f"{FIELD}{number}": f"{said.text(TEXT)} {number + 1}" for number in range(count)}


def kept_by_default(form: FormState, page: FilePage) -> FormState:
    """Each text stays unless it seems to name somebody, as long as nothing was chosen."""
    chosen = {one.field: (KEEP,) for one in page.texts if not one.names}
    return FormState({**chosen, **form.values}, form.problems)


async def as_download(visit: Visit, made: AccessFile, kind: str, language: str) -> Response[bytes]:
    """The readable file, or everything in a ZIP; kept by no cache."""
    words = visit.services.texts.of(language if language in SUPPORTED else visit.language)
    write = write_zip if kind == ZIP else write_pdf
    content = await asyncio.to_thread(write, made, words)
    return Response(
        content,
        media_type="application/zip" if kind == ZIP else "application/pdf",
        headers={"content-disposition": f'attachment; filename="dossier.{kind}"'},
    )
