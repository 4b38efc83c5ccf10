"""An operator sees that entries wait, and why; nobody sees whose."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from consent_service.audit.log import PENDING_LIMIT
from consent_service.audit.metrics import COSIGNATURE_LIMIT, LogMetrics
from consent_service.audit.sequencer import _LONG_AGO, _written_at
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.errors import DatabaseUnavailableError, UnavailableError
from consent_service.foundation.ids import TenantId, new_id
from tests.audit.factories import Desk
from tests.conftest import START

SECOND = timedelta(seconds=1)


def _read(metrics: LogMetrics) -> dict[str, float]:
    families = text_string_to_metric_families(metrics.exposed().decode())
    samples = [one for family in families for one in family.samples]
    return {
        "/".join([one.name.removeprefix("ruggensteun_audit_"), *one.labels.values()]): one.value
        for one in samples
    }


def test_ages_grow_while_nobody_looks_and_alarms_are_counted_without_names(clock: MovableClock) -> None:
    metrics, one, other = LogMetrics(clock), TenantId(new_id()), TenantId(new_id())
    fresh = _read(metrics)
    assert fresh["oldest_pending_seconds"] == 0
    assert math.isnan(fresh["last_pass_seconds"])
    assert math.isnan(fresh["cosignature_age_seconds"])
    metrics.note_pass([(one, START), (other, START - PENDING_LIMIT - SECOND)], held_up=[one])
    metrics.note_cosigned([(one, START), (other, START - COSIGNATURE_LIMIT - SECOND)])
    metrics.note_batch(3, START - 2 * SECOND)
    metrics.note_batch(1, START + SECOND)  # the clock of another machine is ahead
    metrics.note_failure(one, "damaged")
    metrics.note_failure(one, "behind")
    metrics.note_failure(None, "failed")
    clock.advance(SECOND)
    found = _read(metrics)
    assert found["oldest_pending_seconds"] == PENDING_LIMIT.total_seconds() + 2
    assert found["last_pass_seconds"] == 1
    assert found["cosignature_age_seconds"] == COSIGNATURE_LIMIT.total_seconds() + 2
    assert (found["batch_entries_count"], found["batch_entries_sum"]) == (2, 4)
    assert (found["integration_seconds_count"], found["integration_seconds_sum"]) == (2, 2)
    assert found["failures_total"] == 3
    alarms = {name: found[f"alarm/{name}"] for name in ("pending", "watermark", "cosignature")}
    assert alarms == {"pending": 1, "watermark": 1, "cosignature": 1}
    assert [found[f"alarm/{name}"] for name in ("behind", "damaged", "failed")] == [1, 0, 1]
    assert not any(tenant in metrics.exposed().decode() for tenant in (one, other))
    metrics.clear(one)
    metrics.clear(None)
    metrics.note_pass([], held_up=[])
    metrics.note_cosigned([])
    assert {value for name, value in _read(metrics).items() if name.startswith("alarm/")} == {0}


async def test_what_keeps_a_sequencer_from_working_stands_in_its_metrics_until_it_is_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequencer = desk.sequencer
    await desk.append()
    for failure, tenant in ((UnavailableError("keys"), desk.tenant), (DatabaseUnavailableError("x"), None)):
        with monkeypatch.context() as patch:

            def refuse(*_: object, failure: Exception = failure) -> None:
                raise failure

            patch.setattr(sequencer, "_sign_head" if tenant else "_look", refuse)
            await sequencer.run_all()
        assert sequencer.metrics.standing("failed") == {tenant}
        await sequencer.run_all()
        assert sequencer.metrics.standing("failed") == (frozenset())
    assert _read(sequencer.metrics)["failures_total"] == 2
    assert _read(sequencer.metrics)["batch_entries_sum"] == 1


@pytest.mark.parametrize("entry", ["", "no id of ours", "f" * 36])
def test_an_entry_whose_id_tells_no_time_has_waited_forever(entry: str) -> None:
    assert _written_at(entry) == _LONG_AGO
