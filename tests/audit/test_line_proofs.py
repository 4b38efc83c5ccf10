"""Many entries shown as lines: each proved, waiting, or an alarm, in a handful of statements."""

from __future__ import annotations

from sqlalchemy import event

from consent_service.audit.line_proofs import prove_lines
from consent_service.audit.proof_states import ProofState
from consent_service.audit.proofs import prove_entry
from consent_service.foundation.ids import EntryId, new_id
from tests.audit.factories import Desk


async def states(desk: Desk, *entries: EntryId) -> dict[EntryId, ProofState]:
    async with desk.database.reading() as conn:
        return await prove_lines(conn, desk.tenant, entries)


async def test_lines_are_proved_as_one_entry_is_in_few_statements(desk: Desk) -> None:
    entries = await desk.append_many(300)
    assert set((await states(desk, *entries)).values()) == {"pending"}
    await desk.sequence()
    late = await desk.append()
    nowhere = EntryId(new_id())
    statements: list[str] = []

    def count(*told: object) -> None:
        statements.append(str(told[2]))

    engine = desk.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    found = await states(desk, *entries, late, nowhere)
    event.remove(engine, "before_cursor_execute", count)

    assert {found[one] for one in entries} == {"proved"}
    assert (found[late], found[nowhere]) == ("pending", "failed")
    assert len([one for one in statements if "audit_" in one]) <= 3 + 2 * 7
    async with desk.database.reading() as conn:
        for entry in (entries[0], entries[255], entries[299], late):
            one = await prove_entry(conn, desk.tenant, entry)
            assert one is not None
            assert found[entry] == one.state
    assert await states(desk) == {}


async def test_a_changed_leaf_is_one_alarm_and_a_damaged_tree_is_many(desk: Desk) -> None:
    entries = await desk.append_many(300)
    await desk.sequence()
    change = "UPDATE audit_entries SET leaf = :leaf WHERE id = :id"
    await desk.tamper(["audit_entries"], change, leaf=b"{}", id=entries[7])
    found = await states(desk, *entries)
    assert [entry for entry, state in found.items() if state == "failed"] == [entries[7]]

    await desk.tamper(["audit_tiles"], "DELETE FROM audit_tiles")
    assert set((await states(desk, *entries)).values()) == {"failed"}


async def test_a_place_beyond_the_newest_head_waits_for_the_next(desk: Desk) -> None:
    covered = await desk.append()
    await desk.sequence()
    beyond = await desk.append()
    await desk.sequence()
    await desk.tamper(["audit_checkpoints"], "DELETE FROM audit_checkpoints WHERE size = 2")
    assert await states(desk, covered, beyond) == {covered: "proved", beyond: "pending"}


async def test_a_head_that_this_log_did_not_sign_proves_no_line(desk: Desk) -> None:
    entries = await desk.append_many(3)
    await desk.sequence()
    stolen = "UPDATE audit_logs SET public_key = :key WHERE tenant = :tenant"
    await desk.tamper(["audit_logs"], stolen, key=b"p" * 32, tenant=desk.tenant)
    assert set((await states(desk, *entries)).values()) == {"failed"}

    await desk.tamper(["audit_checkpoints"], "DELETE FROM audit_checkpoints")
    assert set((await states(desk, *entries)).values()) == {"pending"}
