"""Processing one archive in a process of its own (process.py), watched from here: what tasks call. Pure.

Whatever ends the child – the archive, a limit, a fault in native code, a kill – leaves nothing half made: it writes
aside and its folder is renamed when it is whole. An artefact at which it died twice, or that took too long once, is
left out of the next try, and told.
"""

from __future__ import annotations

import fcntl
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ingestion.evidence.confine import Limits
from ingestion.evidence.containers.base import Caps, Keys
from ingestion.evidence.places import folder_name

TRIES = 9
"""Runs of one archive: enough for four artefacts that end their process."""
_PROJECT = Path(__file__).resolve().parents[2]
_COMMAND = [sys.executable, "-E", "-s", "-m", "ingestion.evidence.process"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What every record says of the archive it came from."""

    case_id: str
    evidence_id: str
    archive_sha256: str
    ingested: str
    """When its processing began, RFC 3339."""
    tlp: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How processing one archive ended."""

    state: str
    """"done", "refused" (its `code` is the archive's fault) or "failed" (a limit or a fault of ours)."""
    code: str = ""
    """Of a refused one those of the containers; of a failed one "time", "memory", "storage", "crashed"."""
    where: str = ""
    folder: Path | None = None
    """`<into>/<host>/<evidence_id>` of a done one."""
    manifest: dict[str, Any] = field(default_factory=dict)


class Busy(Exception):  # noqa: N818 (an outcome: somebody is at it)
    """The same archive is being processed by another process."""


def run(  # noqa: PLR0913 (each by its name)
    archive: Path,
    into: Path,
    *,
    origin: Origin,
    keys: Keys,
    password: str = "",
    name: str = "",
    limits: Limits | None = None,
    caps: Caps | None = None,
    rules: Path | None = None,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> Outcome:
    """Process an archive into `<into>/<host>/<evidence_id>/`, in place of what an earlier run left. Raises Busy.

    `name` is what its sender called it, which may tell the host; `rules`: compiled rules of YARA-X; `progress` is told
    what the child tells, as often as that.
    """
    limits = limits or Limits()
    order = {
        "archive": str(archive.resolve()), "name": name, "password": password,
        "rules": str(rules.resolve()) if rules else "",
        "keys": {"age": keys.age, "private_pem": [pem.decode("ascii") for pem in keys.private_pem]},
        "caps": asdict(caps or Caps()), "limits": limits.said(), "context": asdict(origin),
    }  # fmt: skip
    own = folder_name(origin.evidence_id, "evidence")
    into.mkdir(parents=True, exist_ok=True)
    with _alone(into / f".{own}.lock"):
        aside = into / f".{own}.new"
        try:
            outcome = _tried(order, aside, limits, progress or (lambda _said: None))
            if outcome.state != "done":
                return outcome
            manifest = json.loads((aside / "manifest.json").read_text())
            folder = into / folder_name(manifest["host"], "unknown") / own
            _put(aside, folder, into)
            return Outcome("done", folder=folder, manifest=manifest)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(path.name) from error
        yield


def _put(aside: Path, folder: Path, into: Path) -> None:
    """Rename what is whole to its place; what earlier runs left, perhaps under another host, goes."""
    for earlier in into.glob(f"*/{folder.name}"):
        shutil.rmtree(earlier)
    folder.parent.mkdir(exist_ok=True)
    aside.rename(folder)


def _tried(order: dict[str, Any], aside: Path, limits: Limits, progress: Callable[[dict[str, Any]], None]) -> Outcome:
    """Run the child until it says how it ended. A kill from outside may hit any artefact: it has a second chance."""
    skip: list[str] = []
    suspects: set[str] = set()
    ends = time.monotonic() + limits.seconds
    outcome = Outcome("failed", "crashed")
    for _ in range(TRIES):
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700)
        said, died = _run({**order, "folder": str(aside.resolve()), "skip": skip}, aside, limits, ends, progress)
        if "end" in said:
            return Outcome(said["end"], said.get("code", ""), said.get("where", ""))
        outcome = Outcome("failed", died, said.get("path", ""))
        key = said.get("key", "")
        if key in skip or time.monotonic() >= ends:
            break
        if not key:
            if "" in suspects:
                break  # it is no artefact that ends it
        elif died == "time" or key in suspects:
            skip.append(key)
        suspects.add(key)
    return outcome


def _run(
    order: dict[str, Any], aside: Path, limits: Limits, ends: float, progress: Callable[[dict[str, Any]], None]
) -> tuple[dict[str, Any], str]:
    """One child: the last thing that it said, and what it died of if that is no end."""
    environment = {"TMPDIR": str(aside), "LANG": "C.UTF-8", "PATH": os.defpath}
    with subprocess.Popen(
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=_PROJECT,
        env=environment, start_new_session=True,
    ) as child:  # fmt: skip
        assert child.stdin is not None  # noqa: S101 (Popen's promise, for the type checker)
        assert child.stdout is not None  # noqa: S101
        try:
            with suppress(BrokenPipeError):
                child.stdin.write(json.dumps(order).encode())
                child.stdin.close()
            return _listen(child.stdout.fileno(), limits, ends, progress)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def _listen(
    pipe: int, limits: Limits, ends: float, progress: Callable[[dict[str, Any]], None]
) -> tuple[dict[str, Any], str]:
    """Hear a child out, for as long as it may take."""
    last: dict[str, Any] = {}
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            now = time.monotonic()
            quiet = limits.artefact_seconds if last.get("key") else limits.seconds
            if not selector.select(max(0.0, min(quiet, ends - now))):
                return last, "time"
            piece = os.read(pipe, 1 << 16)
            if not piece:
                return last, "crashed"
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                said = json.loads(line)
                last = {**last, **said} if said.get("key", "") == last.get("key") else said
                progress(said)
            if "end" in last:
                return last, ""
