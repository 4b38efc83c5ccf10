"""Addresses for machine clients: one for the log, one for the schools, one of another shelter for both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

Machine = Literal["log client", "school client", "client elsewhere"]
MACHINES: Final[tuple[Machine, ...]] = get_args(Machine)
OF_LOG: Final[Mapping[Machine, int]] = {"log client": 200, "school client": 403, "client elsewhere": 404}
OF_SCHOOLS: Final[Mapping[Machine, int]] = {"log client": 403, "school client": 200, "client elsewhere": 404}
TABLE: Final[dict[str, Mapping[Machine, int]]] = {
    "GET /v1/clients/self": dict.fromkeys(MACHINES, 200),
    "GET /v1/shelters/{tenant}/schools": OF_SCHOOLS,
    "GET /v1/logs/{tenant}": OF_LOG,
    "GET /v1/logs/{tenant}/{name}/tile/entries/{entries}": OF_LOG,
    "POST /v1/token": dict.fromkeys(MACHINES, 401),
}
"""Everything else answers a machine as it answers nobody: pages look at no token."""
