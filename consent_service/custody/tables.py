"""Which journalled stops this database has carried out.

A restored database does not list what was done after its backup was made: that is how it is told apart,
and those stops are carried out again before anything is released. `journal` is the one that held the stop: of
several nodes each may have its own, and after a restore every one of them counts. A row whose `stop` is its
`journal` is no stop: it says that there is such a journal.
"""

from __future__ import annotations

from sqlalchemy import Column, Table

from consent_service.foundation.database import Id, UtcDateTime, holds, metadata

carried_out_stops = Table(
    "carried_out_stops",
    metadata,
    Column("tenant", Id, primary_key=True, info=holds("none")),
    Column("stop", Id, primary_key=True, info=holds("none")),
    Column("noted_at", UtcDateTime, nullable=False, info=holds("none")),
    Column("journal", Id, nullable=True, info=holds("none")),
)
