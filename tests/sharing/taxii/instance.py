"""A real instance for real tests: private services, gunicorn and publishers, each in its own process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2

from iocmarket import embedded

PROJECT = Path(__file__).resolve().parent.parent.parent.parent
PATIENCE = 90.0


class Instance:
    """The program on its own DATA_DIR. Use `running()`, which stops and removes everything."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.folder = folder
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = embedded.urls(folder).database
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        outside = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PUBLIC_URL")
        self._environment = {
            **{name: value for name, value in os.environ.items() if name not in outside},
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "iocmarket.settings.dev",
            "LIMIT_TOKEN": "0",  # one reader pulls everything, as fast as it is served
            "LIMIT_BAD_TOKEN": "10000/60",  # a checker of conformance shows wrong ones over and over
        }

    def manage(self, *arguments: str) -> str:
        """Run one command and return what it prints."""
        done = self.ask(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command, whatever comes of it."""
        return subprocess.run(
            [sys.executable, str(PROJECT / "manage.py"), *arguments],
            env=self._environment, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip

    def python(self, code: str) -> str:
        """Run code inside of the program, as `manage.py shell` does, and return what it prints."""
        return self.manage("shell", "--verbosity", "0", "-c", code)

    def community(self, scopes: dict[str, list[str]]) -> dict[str, str]:
        """Approved institutions, each with a token that has these scopes; the secrets by name."""
        code = f"""
import json
from iocmarket.accounts.services import create_institution, create_token
from iocmarket.audit.services import PLATFORM
made = {{}}
for name, scopes in {scopes!r}.items():
    institution = create_institution(name=name, approved=True, actor=PLATFORM)
    token = create_token(institution=institution, name="test", scopes=scopes, made_by=None, actor=PLATFORM)
    made[name] = token.secret
print(json.dumps(made))
"""
        found: dict[str, str] = json.loads(self.python(code).splitlines()[-1])
        return found

    def start(self, name: str, *command: str, group: int | None = None) -> None:
        """Start a lasting process, in a group if one is named; its output is kept beside the data."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *command], env=self._environment, cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT,
                group=group,
            )  # fmt: skip

    def serve(self, *, publishers: int = 1, workers: int = 2) -> None:
        """gunicorn as `make run` starts it, and publishers; returns when it answers."""
        self.start(
            "web", "-m", "gunicorn", "iocmarket.wsgi:application", "--bind", f"127.0.0.1:{self.port}",
            "--worker-class", "gthread", "--workers", str(workers), "--threads", "4", "--no-control-socket",
        )  # fmt: skip
        for number in range(publishers):
            self.start(f"publisher{number}", "manage.py", "publish")
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert time.monotonic() < deadline, self.log("web")
            time.sleep(0.2)

    def pid(self, name: str) -> int:
        """The process that was started under this name."""
        return self._processes[name].pid

    def signal(self, name: str, number: int) -> None:
        """Send a signal to one process."""
        self._processes[name].send_signal(number)

    def kill(self, name: str) -> None:
        """End one process without a word."""
        self._processes[name].kill()
        self._processes[name].wait()

    def log(self, name: str) -> str:
        """What a process said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def logs(self) -> str:
        """What all processes said."""
        return "\n".join(self.log(name) for name in self._processes)

    def end(self) -> None:
        """Stop what was started here."""
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database says, asked without the program: the oracle of comparisons."""
        with self.connected() as connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """A connection of the database's owner, who is a superuser; committed where nothing was raised."""
        parts = urlsplit(self.database)
        query = parse_qs(parts.query)
        connection = psycopg2.connect(
            dbname=parts.path.lstrip("/"), user=parts.username, host=query.get("host", [parts.hostname])[0],
            port=parts.port or query.get("port", [None])[0],
        )  # fmt: skip
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def submit(url: str, secret: str, document: dict[str, Any]) -> dict[str, Any]:
    """Send a submission as a program does, with nothing but the standard library."""
    request = urllib.request.Request(
        f"{url}/api/v1/submissions",
        data=json.dumps(document).encode(),
        headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


@contextmanager
def running(*, publishers: int = 1, workers: int = 2) -> Iterator[Instance]:
    """An empty instance that serves; gone without a trace afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="iocmarket-taxii-"))
    instance = Instance(folder)
    services = embedded.start(folder, test=True)
    try:
        instance.manage("migrate", "--verbosity", "0")
        instance.serve(publishers=publishers, workers=workers)
        yield instance
    finally:
        instance.end()
        services.stop()
        for place in {services.places.data_dir, services.places.home}:
            shutil.rmtree(place, ignore_errors=True)
