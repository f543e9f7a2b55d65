"""A throw-away instance, as `make run` makes one: private services, gunicorn and the publisher, each in its process.

Durability is production's. Beside it runs the reference server (bench/trivial.py), with the same gunicorn.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from django.core.management import call_command
from django.db import connection

from bench.client import Client, get
from bench.filling import fill, verify
from bench.values import value_of, values
from iocmarket import embedded
from iocmarket.accounts.models import Institution
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.services import create_institution, create_token
from iocmarket.audit.services import PLATFORM
from iocmarket.embedded.children import end, launch
from iocmarket.kernel import clock
from iocmarket.publication.models import Outbox
from iocmarket.publication.publisher import run_until_idle
from iocmarket.settings.env import PROJECT
from iocmarket.supervisor.plan import environment, programs, read_plan

PATIENCE = 90.0
"""Seconds until a server answers."""
PUBLISHING = 1800.0
"""Seconds until everything announced is published."""
WRITERS = 4


@dataclass(slots=True)
class Member:
    """An institution with the secret of a token that may do everything a measure does."""

    institution: Institution
    secret: str


@dataclass
class World:
    """One instance with `size` indicators. Use it as a context: leaving it stops everything and removes its data."""

    size: int
    folder: Path
    """An empty folder; DATA_DIR of this process already, since its settings were read from there."""
    filled: int = 0
    facts: list[str] = field(default_factory=list)
    """What was found while it was made, for the notes under the table."""
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _fresh: int = 0

    def __enter__(self) -> World:
        self._services = embedded.start(self.folder)
        try:
            self._found()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _found(self) -> None:
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)  # pages name their files by content
        count = max(10, min(200, self.size // 500))
        self.institutions = [
            create_institution(name=f"Université {number:03d}", approved=True, actor=PLATFORM)
            for number in range(count)
        ]
        self.members = [self._member(institution) for institution in self.institutions[: WRITERS + 1]]
        run_until_idle()  # makes the views
        self.moment: datetime = clock.now()
        self._fresh = self.size

    @staticmethod
    def _member(institution: Institution) -> Member:
        scopes = [Scope.INDICATORS_READ, Scope.INDICATORS_WRITE, Scope.FEEDS_READ]
        token = create_token(institution=institution, name="bench", scopes=scopes, made_by=None, actor=PLATFORM)
        return Member(institution, token.secret)

    @property
    def reader(self) -> Member:
        """Who reads; says nothing while measures run."""
        return self.members[-1]

    @property
    def writers(self) -> list[Member]:
        """Those who share."""
        return self.members[:-1]

    def fill(self, upto: int) -> None:
        """Publish values until there are so many, and let the database look at what it holds."""
        started = time.perf_counter()
        self._journal("8GB")  # while filling, one checkpoint after the other would write everything many times
        fill(self.filled, upto, institutions=self.institutions, moment=self.moment)
        took, added = time.perf_counter() - started, upto - self.filled
        self._journal("")
        self.filled = upto
        compared = verify()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
        self.facts.append(
            f"{added} indicators of {len(self.institutions)} institutions filled in {took:.0f} s; "
            f"{compared} sampled entries equal what the publisher computes"
        )

    @staticmethod
    def _journal(size: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER SYSTEM SET max_wal_size = '{size}'" if size else "ALTER SYSTEM RESET max_wal_size")
            cursor.execute("SELECT pg_reload_conf()")

    def serve(self) -> None:
        """Start the web server and the publisher as `make run` does, and the reference server beside them."""
        self.port, self.trivial_port = _free_port(), _free_port()
        outside = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        plan = read_plan(outside | {"PORT": str(self.port), "DATA_DIR": str(self.folder)})
        urls = embedded.urls(self.folder)
        # Counting stays in what is measured; only the count is out of reach.
        generous = {f"LIMIT_{name}": "1000000/1" for name in ("TOKEN", "SESSION", "ANONYMOUS")}
        generous |= {f"LIMIT_{name}": "1000000000/1" for name in ("SENDER_VALUES", "INSTITUTION_VALUES")}
        self._environment = environment(plan, urls.database, urls.redis, outside) | generous | {"PORT": str(self.port)}
        self._programs = programs(plan)
        self._launch("web", self._programs["web"])
        self._launch("publisher", self._programs["publisher"])
        trivial = [word.replace(f":{self.port}", f":{self.trivial_port}") for word in self._programs["web"]]
        self._launch("trivial", trivial, DJANGO_SETTINGS_MODULE="bench.settings")
        self.until(self._answers, PATIENCE, "the web servers answer")

    def start_rest(self) -> None:
        """The worker and beat, which measures of reading do without: they would compete for the machine."""
        for name in ("worker", "beat"):
            if name not in self._processes:
                self._launch(name, self._programs[name])

    def _launch(self, name: str, command: list[str], **environ: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = launch(command, output=log, env=self._environment | environ, cwd=PROJECT)

    def _answers(self) -> bool:
        try:
            Client(self.port).ask(get("/healthz", self.reader.secret))
            Client(self.trivial_port).ask(self.nothing)
        except OSError:
            ended = [name for name, process in self._processes.items() if process.poll() is not None]
            if ended:
                raise RuntimeError(f"{ended[0]} ended: {self.log(ended[0])}") from None
            return False
        return True

    @property
    def nothing(self) -> bytes:
        """The request of the reference server: a token, and nothing else."""
        return get("/nothing", self.reader.secret)

    def pid(self, name: str) -> int:
        """The process of one program, the parent of its workers."""
        return self._processes[name].pid

    def log(self, name: str) -> str:
        """The end of what a program said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def until(self, holds: Callable[[], bool], patience: float, what: str) -> None:
        """Wait. Raises TimeoutError."""
        end_of_it = time.monotonic() + patience
        while not holds():
            if time.monotonic() > end_of_it:
                raise TimeoutError(f"waited {patience:.0f} s in vain until {what}; the publisher: {self._last_words()}")
            time.sleep(0.01)

    def _last_words(self) -> str:
        return self.log("publisher") if "publisher" in self._processes else "not started"

    def settled(self) -> None:
        """Wait until everything announced is published."""
        self.until(lambda: not Outbox.objects.exists(), PUBLISHING, "all is published")

    def known(self, count: int, *, seed: int = 0) -> list[str]:
        """Values that the community shares, at random."""
        return values(random.Random(seed).choices(range(self.filled), k=count))

    def fresh(self, count: int) -> list[str]:
        """Values that nobody has, another time others."""
        first, self._fresh = self._fresh, self._fresh + count
        return values(range(first, first + count))

    def fresh_of(self, kind: str) -> str:
        """One value of that type that nobody has."""
        while True:
            self._fresh += 1
            found, value = value_of(self._fresh - 1)
            if found == kind:
                return value

    def rows(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        """What the database says, asked without the program."""
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            return list(cursor.fetchall()) if cursor.description else []

    def close(self) -> None:
        """Stop what was started here, and remove every trace."""
        for process in self._processes.values():
            end(process, signal.SIGTERM, 30.0)
        connection.close()
        self._services.stop()
        places = self._services.places
        for folder in {places.data_dir, places.home, places.sockets}:
            shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found
