"""The walls around a process that reads evidence: memory, time, files, no network. Linux; standard library only."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # sched.h
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38  # sys/prctl.h
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.system",
    "pty.",
    "smtplib.",
    "urllib.",
)
"""Audit events of Python (PEP 578) that a process which only reads and writes files never raises."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What processing one archive may take; beyond any of them it is ended."""

    memory: int = 512 * 2**20
    """Bytes of memory that is written to (RLIMIT_DATA), whatever the size of the archive."""
    address_space: int = 2 * 2**30
    """Bytes of addresses (RLIMIT_AS): programs, mapped files and what libraries set aside and never touch."""
    seconds: int = 3600
    """Of a clock on the wall, and of work."""
    artefact_seconds: int = 900
    """Of a clock on the wall without a record of one artefact; beyond it that artefact is given up."""
    file_bytes: int = 8 * 2**30
    """Of one written file."""
    files: int = 256
    """Open at once."""

    def said(self) -> dict[str, int]:
        """Plain, for the child and for the manifest."""
        return asdict(self)


def limit(kind: int, value: int) -> None:
    """Set a limit, but never above the one that holds already."""
    _soft, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def confine(limits: Limits) -> str:
    """Build all walls around this process, for good. Returns how the network was closed: "namespace" or "hook"."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # The first for the superuser, who would lose rights over files by the second; both are refused in many containers.
    own = libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0
    limit(resource.RLIMIT_DATA, limits.memory)
    limit(resource.RLIMIT_AS, limits.address_space)
    limit(resource.RLIMIT_CPU, limits.seconds)
    limit(resource.RLIMIT_FSIZE, limits.file_bytes)
    limit(resource.RLIMIT_NOFILE, limits.files)
    limit(resource.RLIMIT_CORE, 0)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing beyond the cap is an OSError, not the end
    with suppress(OSError):
        os.nice(10)  # the site goes first
    sys.addaudithook(_refuse)
    return "namespace" if own else "hook"


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    """Second wall behind the namespace, and the only one where it was refused. Native code does not pass here."""
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"{event} is closed to a process that reads evidence")
