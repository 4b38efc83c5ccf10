"""Every address answers a machine client as its table says, and else as it answers nobody."""

from __future__ import annotations

from typing import Final

from consent_service.identity.client_scopes import Scope
from consent_service.identity.machine_clients import Admitted
from tests.identity import asking as a
from tests.shelter import OPERATOR
from tests.web.visiting import Site
from tests.web.who_may_call import machines
from tests.web.who_may_call.machines import MACHINES, Machine
from tests.web.who_may_call.scene import Scene, addresses, make_scene
from tests.web.who_may_call.test_every_address import TABLE

SCOPES: Final[dict[Machine, frozenset[Scope]]] = {
    "log client": frozenset({Scope.LOG}),
    "school client": frozenset({Scope.SCHOOLS}),
    "client elsewhere": frozenset(Scope),
}


async def token_of(scene: Scene, machine: Machine) -> str:
    """A token of this machine."""
    world = scene.elsewhere if machine == "client elsewhere" else scene.site.world
    clients = world.services.identity.machine_clients
    new = a.new_client(world.tenant, machine.replace(" ", "-"), scopes=SCOPES[machine])
    client = await clients.register(OPERATOR, new)
    admitted = await clients.admit(a.asking(a.make_assertion(client.id, clients.issuer, world.clock.now())))
    assert isinstance(admitted, Admitted)
    return admitted.token


async def test_every_address_answers_every_machine_as_its_table_says(site: Site) -> None:
    scene = await make_scene(site)
    for machine in MACHINES:
        browser, shown = site.anyone(), f"Bearer {await token_of(scene, machine)}"
        for call in addresses(site.app):
            method, _, template = call.partition(" ")
            path = scene.address(template)
            if method == "POST":
                answer = await browser.post(path, authorization=shown)
            else:
                answer = await browser.send(method, path, headers={"authorization": shown})
            row = machines.TABLE.get(call)
            expected = TABLE[call]["nobody"] if row is None else row[machine]
            assert answer.status_code == expected, (machine, call)


def test_no_row_of_a_machine_is_of_nothing() -> None:
    assert machines.TABLE.keys() <= TABLE.keys()
    assert all(row.keys() == set(MACHINES) for row in machines.TABLE.values())
