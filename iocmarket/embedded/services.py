"""Starting and stopping both services of one DATA_DIR, by any number of processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from iocmarket.embedded import postgresql, redis_server
from iocmarket.embedded.errors import EmbeddedError
from iocmarket.embedded.locks import try_hold
from iocmarket.embedded.log import last_lines
from iocmarket.embedded.places import Places, locate, prepare

PATIENCE = 90.0  # seconds until a service must answer
PAUSE = 0.05  # seconds between two questions


@dataclass(frozen=True, slots=True)
class ServiceUrls:
    """The URLs as DATABASE_URL and REDIS_URL would give them."""

    database: str
    redis: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """One service: how it starts, when it is ready, how it stops."""

    name: str
    launch: Callable[[Places, int, bool], subprocess.Popen[bytes]]
    ready: Callable[[Places], bool]
    reachable: Callable[[Places], bool]
    stop: Callable[[subprocess.Popen[bytes]], None]
    running_pid: Callable[[Places], int | None]


POSTGRESQL = _Kind(
    postgresql.NAME,
    lambda places, lock, test: postgresql.launch_server(places, lock, test=test),
    postgresql.make_database,
    postgresql.reachable,
    postgresql.stop_server,
    postgresql.running_pid,
)
REDIS = _Kind(
    redis_server.NAME,
    lambda places, lock, test: redis_server.launch_server(places, lock, test=test),
    redis_server.reachable,
    redis_server.reachable,
    redis_server.stop_server,
    redis_server.running_pid,
)


class Services:
    """The services as one process sees them: those in `_own` are its children, the others belong to someone else."""

    def __init__(self, places: Places, kinds: list[_Kind], *, test: bool) -> None:
        self.places = places
        self.urls = _urls(places)
        self._kinds = kinds
        self._test = test
        self._own: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Services:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    @property
    def started(self) -> tuple[str, ...]:
        """Names of the services that this object started."""
        return tuple(self._own)

    def alive(self) -> tuple[str, ...]:
        """Names of those started here whose process still runs."""
        return tuple(name for name, process in self._own.items() if process.poll() is None)

    def ensure(self) -> None:
        """Start what does not run; also the way to bring back a service that died. Raises EmbeddedError."""
        for kind in self._kinds:
            process = self._own.get(kind.name)
            if process is None or process.poll() is not None:
                self._ensure(kind)

    def stop(self) -> None:
        """Stop what this object started, the last one first. Safe to call twice."""
        for kind in reversed(self._kinds):
            process = self._own.pop(kind.name, None)
            if process is not None:
                kind.stop(process)

    def _ensure(self, kind: _Kind) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            lock = try_hold(self.places.home / f"{kind.name}.lock")
            if lock is not None:
                try:
                    process = kind.launch(self.places, lock, self._test)
                finally:
                    os.close(lock)
                self._own[kind.name] = process
                self._await(kind, process, deadline)
                return
            if kind.reachable(self.places):
                return
            time.sleep(PAUSE)
        raise EmbeddedError(f"{kind.name} runs but does not answer on {self.places.sockets}")

    def _await(self, kind: _Kind, process: subprocess.Popen[bytes], deadline: float) -> None:
        while time.monotonic() < deadline and process.poll() is None:
            if kind.ready(self.places):
                return
            time.sleep(PAUSE)
        kind.stop(process)
        log = self.places.log / f"{kind.name}.log"
        raise EmbeddedError(f"{kind.name} did not start; the end of {log}:\n{last_lines(log)}")


def urls(data_dir: Path) -> ServiceUrls:
    """Where the services of that DATA_DIR are, running or not. Creates and starts nothing."""
    return _urls(locate(data_dir))


def start(data_dir: Path, *, test: bool = False, database: bool = True, redis: bool = True) -> Services:
    """Make sure that the chosen services run. Close the result (`with`, or `stop()`) to stop those started here.

    `test` gives up durability for speed. A service dies with the thread that started it (children.py): call this
    from the main thread. Raises EmbeddedError.
    """
    places = locate(data_dir)
    try:
        prepare(places)
    except PermissionError as error:
        raise EmbeddedError(f"this account may not write {error.filename}: choose another DATA_DIR") from error
    kinds = [kind for kind, wanted in ((POSTGRESQL, database), (REDIS, redis)) if wanted]
    services = Services(places, kinds, test=test)
    try:
        services.ensure()
    except BaseException:
        services.stop()
        raise
    return services


def stop(data_dir: Path) -> None:
    """Stop the services of that DATA_DIR whoever started them, and wait. Raises EmbeddedError when one stays."""
    places = locate(data_dir)
    for kind, polite in ((REDIS, signal.SIGTERM), (POSTGRESQL, signal.SIGINT)):
        pid = kind.running_pid(places)
        if pid is not None:
            os.kill(pid, polite)
            _await_release(places, kind)


def _await_release(places: Places, kind: _Kind) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        lock = try_hold(places.home / f"{kind.name}.lock")
        if lock is not None:
            os.close(lock)
            return
        time.sleep(PAUSE)
    raise EmbeddedError(f"{kind.name} does not stop; its log is in {places.log}")


def _urls(places: Places) -> ServiceUrls:
    return ServiceUrls(database=postgresql.url(places), redis=redis_server.url(places))
