"""The private PostgreSQL of an instance: made once, reached through a unix socket in a folder of mode 0700, never TCP.

Whoever can enter the socket's folder is trusted, as the owner of the data could read the files anyway.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg2

from iocmarket.embedded.children import end, launch
from iocmarket.embedded.errors import EmbeddedError
from iocmarket.embedded.log import open_log
from iocmarket.embedded.places import CLUSTER, Places, own_private
from iocmarket.embedded.programs import find_postgres, readable_copy

NAME = "postgresql"
DATABASE = ROLE = "iocmarket"
PATIENCE = 60.0  # seconds: a start after a crash replays the write-ahead log; a fast stop writes a checkpoint
FOREIGN_LIBRARIES = frozenset(
    {"LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONPATH", "PGHOST", "PGPORT", "PGDATA", "PGOPTIONS"}
)
FIRST_MAJOR_WITH_BUILTIN_LOCALE = 17  # initdb --locale-provider=builtin, release notes of PostgreSQL 17


def url(places: Places) -> str:
    """The libpq URL of the database."""
    return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(places.sockets))}"


def reachable(places: Places) -> bool:
    """Whether the server accepts a connection and the database exists."""
    try:
        _connect(places, DATABASE).close()
    except psycopg2.OperationalError:
        return False
    return True


def launch_server(places: Places, lock: int, *, test: bool) -> subprocess.Popen[bytes]:
    """Start the server, on a new cluster when there is none. `lock` is inherited. Raises EmbeddedError."""
    made_by = _made_by(places.cluster)
    programs = find_postgres(made_by)
    folder = programs.bin
    if programs.wheel is not None:
        folder = readable_copy(folder / "postgres", programs.wheel, places.account, places.home).parent
    if made_by is None:
        _make_cluster(places, folder, programs.major, test=test)
    _forget_stranger(places.cluster)
    with open_log(places.log / f"{NAME}.log") as log:
        return launch(
            [str(folder / "postgres"), "-D", str(places.cluster), *_settings(places, test=test)],
            output=log,
            last_signal=signal.SIGINT,  # PostgreSQL's fast shutdown
            account=places.account,
            env=_environment(),
            cwd=places.cluster,
            keep=[lock],
        )


def make_database(places: Places) -> bool:
    """Create the database when it is missing; False while the server does not answer yet."""
    try:
        connection = _connect(places, "postgres")
    except psycopg2.OperationalError:
        return False
    with closing(connection):
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f'CREATE DATABASE "{DATABASE}"')
    return True


def stop_server(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown: sessions are ended, a checkpoint is written."""
    end(process, signal.SIGINT, PATIENCE)


def running_pid(places: Places) -> int | None:
    """The process that serves our socket, as the server itself states it; None when none answers."""
    try:
        connection = _connect(places, "postgres")
    except psycopg2.OperationalError:
        return None
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT pg_read_file('postmaster.pid')")
        row = cursor.fetchone()
    return int(str(row[0]).split("\n", 1)[0]) if row else None


def _connect(places: Places, database: str) -> psycopg2.extensions.connection:
    return psycopg2.connect(host=str(places.sockets), user=ROLE, dbname=database, connect_timeout=5)


def _made_by(cluster: Path) -> int | None:
    """The major version that made the data. Raises EmbeddedError when the folder is there without a version."""
    if not cluster.exists():
        return None
    try:
        return int((cluster / "PG_VERSION").read_text().split(".")[0])
    except (OSError, ValueError) as error:
        raise EmbeddedError(f"{cluster} is no PostgreSQL cluster: move it away") from error


def _make_cluster(places: Places, programs: Path, major: int, *, test: bool) -> None:
    """initdb in a draft folder, renamed at the end: a start killed half-way leaves nothing that looks like data."""
    draft = places.home / f".{CLUSTER}.draft"
    if draft.exists():
        shutil.rmtree(draft)
    own_private(draft, places.account)
    provider = ["--locale-provider=builtin"] if major >= FIRST_MAJOR_WITH_BUILTIN_LOCALE else []
    made = subprocess.run(
        [
            *(str(programs / "initdb"), "-D", str(draft), "-U", ROLE, "--encoding=UTF8", "--locale=C.UTF-8", *provider),
            *("--auth-local=trust", "--auth-host=reject", *(["--no-sync"] if test else [])),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=draft,
        env=_environment(),
        user=places.account.uid if places.account else None,
        group=places.account.gid if places.account else None,
        extra_groups=[] if places.account else None,
    )
    if made.returncode:
        raise EmbeddedError(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")
    draft.rename(places.cluster)


def _settings(places: Places, *, test: bool) -> list[str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(places.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": "128MB",
        "log_line_prefix": "%m [%p] ",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",  # short queries: compiling costs more than it saves
    }
    if test:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _forget_stranger(cluster: Path) -> None:
    """Remove a stale `postmaster.pid` whose number now belongs to another program; PostgreSQL would refuse to start.

    A number that no process has is left to PostgreSQL, which also checks its shared memory.
    """
    path = cluster / "postmaster.pid"
    try:
        pid = path.read_text().split("\n", 1)[0]
        command = Path(f"/proc/{int(pid)}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if not re.search(rb"postgres|postmaster", command):
        path.unlink()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN_LIBRARIES}
    return kept | {"LC_ALL": "C.UTF-8"}
