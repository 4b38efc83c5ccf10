"""Putting together what keeps heads of the log outside the database. The rest is `assembly`."""

from __future__ import annotations

from consent_service.app.installation import Installation
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.heads.publishing import HeadPublisher
from consent_service.audit.heads.reopening import Reopening
from consent_service.audit.heads.rotating import KeyRotation
from consent_service.audit.leading import lead_by
from consent_service.audit.log import AuditLog
from consent_service.audit.sequencer import Sequencer
from consent_service.custody.log_heads import LogHeads


def _known_heads(parts: Installation) -> KnownHeads:
    """Where nothing is set the sequencer knows of none; what witnesses say stands beside the stop journal."""
    return parts.heads or KnownHeads(parts.journal.path.with_name("heads.jsonl"), must_begin=False)


def publisher(parts: Installation, sequencer: Sequencer) -> HeadPublisher:
    """What takes new heads to witnesses and to the time-stamping authority.

    The sequencer has it ask them before it signs anything.
    """
    heads = _known_heads(parts)
    publishing = HeadPublisher(parts.database, parts.clock, heads, parts.vouching, sequencer.metrics)
    sequencer.ask_first(publishing.ask_again)
    return publishing


def log_heads(parts: Installation, log: AuditLog, sequencer: Sequencer) -> LogHeads:
    """Rotating the log's key, opening a new log, and what is known of heads elsewhere."""
    heads = _known_heads(parts)
    return LogHeads(
        database=parts.database,
        log=log,
        clock=parts.clock,
        heads=heads,
        vouching=parts.vouching,
        rotation=KeyRotation(
            database=parts.database, ring=parts.ring, log=log, clock=parts.clock, sequencer=sequencer
        ),
        reopening=Reopening(
            database=parts.database,
            ring=parts.ring,
            log=log,
            clock=parts.clock,
            heads=heads,
            lead=lead_by(parts.sequencer_lock),
        ),
    )
