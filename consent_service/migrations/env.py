"""Run by Alembic: works on the connection and in the transaction that `foundation.migrating` hands over."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from consent_service.foundation.database import UtcDateTime
from consent_service.migrations.schema import complete_metadata


def _render_item(kind: str, item: object, autogenerate: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, UtcDateTime):
        autogenerate.imports.add("from consent_service.foundation.database import UtcDateTime")
        return "UtcDateTime()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=complete_metadata(),
    transactional_ddl=True,
    render_item=_render_item,
)
with context.begin_transaction():
    context.run_migrations()
