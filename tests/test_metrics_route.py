"""`GET /metrics` is there for whoever shows the token of the state directory, and for nobody else."""

from __future__ import annotations

import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.testing import TestClient

from consent_service.app.metrics import make_token, metrics, token_file
from consent_service.audit.metrics import LogMetrics
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.settings import Settings, load_settings
from consent_service.identity.client_metrics import ClientMetrics
from consent_service.process.notices.metrics import NoticeMetrics
from consent_service.web.problems import page_of_error


def _settings(folder: Path) -> Settings:
    return load_settings({"RUGGENSTEUN_STATE_DIR": str(folder / "state"), "HOME": str(folder)})


def test_metrics_are_shown_to_the_token_only(tmp_path: Path, clock: MovableClock) -> None:
    settings = _settings(tmp_path)
    clients = SimpleNamespace(machine_clients=SimpleNamespace(metrics=ClientMetrics()))
    services = SimpleNamespace(
        sequencer=SimpleNamespace(metrics=LogMetrics(clock)),
        identity=clients,
        notice_sender=SimpleNamespace(metrics=NoticeMetrics()),
    )
    doors = SimpleNamespace(settings=settings, services=services)
    app = Litestar([metrics], state=State({"doors": doors}), exception_handlers={Exception: page_of_error})
    path = token_file(settings)
    with TestClient(app) as client:

        def status(header: str | None) -> int:
            headers = [] if header is None else [(b"authorization", header.encode("latin-1"))]
            return client.get("/metrics", headers=headers).status_code

        assert status("Bearer ") == status("Bearer x") == 404  # before there is a token
        make_token(path)
        token = path.read_text()
        make_token(path)  # a restart keeps it
        assert path.read_text() == token
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        wrong = (None, "", token, f"Basic {token}", f"bearer {token}", f"Bearer {token}x", "Bearer \u00e9")
        assert [status(header) for header in wrong] == [404] * len(wrong)
        shown = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        assert shown.status_code == 200
        assert shown.headers["content-type"] == "text/plain; version=1.0.0; charset=utf-8"
        assert "ruggensteun_audit_oldest_pending_seconds 0.0" in shown.text
        for emptied in (b"", b"\xff" * 40):  # a damaged file lets nobody in
            path.write_bytes(emptied)
            assert status("Bearer ") == status(f"Bearer {token}") == 404


def test_a_state_directory_that_takes_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(ConfigurationError, match="state_dir"):
        make_token(token_file(_settings(tmp_path)))
