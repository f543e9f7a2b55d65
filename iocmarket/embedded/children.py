"""Starting a process so that it never outlives the one that started it, and stopping it politely first.

`prctl(PR_SET_PDEATHSIG)` is Linux only; elsewhere a killed starter leaves its children, and the next start finds them
through the locks of `locks.py`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from iocmarket.embedded.places import Account

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def dies_with_parent(sent: signal.Signals) -> Callable[[], None]:
    """What a child runs before `exec`: the kernel sends it `sent` when the starting process dies, even by SIGKILL.

    The order to die is lost when a process changes its account, so it must be given after that; `subprocess` runs
    this function last.
    """
    parent = os.getpid()

    def order() -> None:
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
            if os.getppid() != parent:  # the parent died before the order was given
                os._exit(1)

    return order


def launch(
    argv: Sequence[str],
    *,
    output: int | IO[Any],
    errors: int | None = subprocess.STDOUT,
    last_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own (a terminal's Ctrl-C reaches the starter alone), tied to our life.

    `output` receives stdout; stderr follows it, or stays ours when `errors` is None.
    """
    return subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        cwd=cwd,
        env=env,
        pass_fds=tuple(keep),
        start_new_session=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=dies_with_parent(last_signal),  # noqa: PLW1509  # calls prctl and getppid only, no lock is taken
    )


def end(process: subprocess.Popen[bytes], polite: signal.Signals, patience: float) -> int:
    """Ask with `polite`, wait `patience` seconds, then kill the whole session. Returns the exit status."""
    if process.poll() is None:
        process.send_signal(polite)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            kill_session(process.pid)
    return process.wait()


def kill_session(leader: int) -> None:
    """SIGKILL to what is left of a child's process group, the child itself included."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
