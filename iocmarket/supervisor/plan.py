"""What runs: the programs of an instance, their arguments and their environment, decided from the environment alone."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from iocmarket.settings.env import PROJECT, Env

WEB_WORKERS = 2
WEB_THREADS = 4
TASK_WORKERS = 2
TRANSFER_STEP = 53
"""The name server listens so many ports above the web server, unless TRANSFER_LISTEN says where."""
FOLDERS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"))
"""Servers are not always where ordinary users look."""


class PlanError(ValueError):
    """The environment asks for something impossible; the message says which variable and why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One instance. `own_database` and `own_redis` tell which services it must bring itself."""

    port: int
    public_url: str
    data_dir: Path
    own_database: bool
    own_redis: bool
    demonstration: bool
    mailbox: bool = False
    """Whether mails are taken from a mail server on this machine."""
    transfer: str = ""
    """Where the name server for zone transfers listens; empty where BIND is not installed."""

    @property
    def address(self) -> str:
        """Where the web server listens: loopback alone, a reverse proxy is what the world sees."""
        return f"http://127.0.0.1:{self.port}"


def read_plan(environ: Mapping[str, str] = os.environ) -> Plan:
    """The plan that PORT, PUBLIC_URL, DATA_DIR, DATABASE_URL, REDIS_URL and DEMO describe. Raises PlanError."""
    env = Env.read(environ)
    said = environ.get("PORT") or "8000"
    if not said.isdigit() or not 0 < int(said) < 65536:
        raise PlanError(f"PORT must be a number from 1 to 65535, it is {said!r}")
    return Plan(
        port=int(said),
        public_url=env.public_url,
        data_dir=env.data_dir,
        own_database=not env.database_url,
        own_redis=not env.redis_url,
        demonstration=environ.get("DEMO", "1") != "0",
        mailbox=bool(env.mailbox_address and env.mailbox_listen),
        transfer=_transfer(int(said), environ),
    )


def _transfer(port: int, environ: Mapping[str, str]) -> str:
    """What the operator said, or beside the web server where BIND is there; `-`, like a missing BIND, means nowhere."""
    if not shutil.which("named", path=FOLDERS) or (said := environ.get("TRANSFER_LISTEN", "")) == "-":
        return ""
    return said or (f"127.0.0.1:{port + TRANSFER_STEP}" if port + TRANSFER_STEP < 65536 else "")


def environment(plan: Plan, database_url: str, redis_url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """What every child receives: it finds the services by URL, so that none starts its own."""
    return {
        "DJANGO_SETTINGS_MODULE": "iocmarket.settings.dev",
        **environ,
        "DATABASE_URL": environ.get("DATABASE_URL") or database_url,
        "REDIS_URL": environ.get("REDIS_URL") or redis_url,
        "DATA_DIR": str(plan.data_dir),
        "PORT": str(plan.port),
        "TRANSFER_LISTEN": plan.transfer,
        "PYTHONUNBUFFERED": "1",
    }


def preparation() -> list[str]:
    """The command that makes database, static files and catalogues ready."""
    return [sys.executable, "-m", "iocmarket.supervisor.preparation"]


def programs(plan: Plan) -> dict[str, list[str]]:
    """The lasting children, by the name that prefixes their output."""
    celery = [sys.executable, "-m", "celery", "--quiet", "--app", "iocmarket"]
    return {
        "web": [
            *(sys.executable, "-m", "gunicorn", "iocmarket.wsgi:application", "--bind", f"127.0.0.1:{plan.port}"),
            *("--config", "python:iocmarket.webserver"),
            *("--worker-class", "gthread", "--workers", str(WEB_WORKERS), "--threads", str(WEB_THREADS)),
            *("--graceful-timeout", "10", "--timeout", "60", "--no-control-socket"),
        ],
        "worker": [*celery, "worker", "--loglevel", "INFO", "--concurrency", str(TASK_WORKERS), "--without-mingle"],
        "beat": [*celery, "beat", "--loglevel", "INFO", "--pidfile=", "--schedule", str(plan.data_dir / "beat")],
        "evidence": [sys.executable, str(PROJECT / "manage.py"), "evidence_worker"],
        "publisher": [sys.executable, str(PROJECT / "manage.py"), "publish"],
        "sealer": [sys.executable, str(PROJECT / "manage.py"), "audit_seal"],
        **({"transfer": [sys.executable, str(PROJECT / "manage.py"), "serve_transfers"]} if plan.transfer else {}),
        **({"mailbox": [sys.executable, str(PROJECT / "manage.py"), "mailbox_serve"]} if plan.mailbox else {}),
    }
