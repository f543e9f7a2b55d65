"""Advisory locks that tell whether a service lives, whatever its pid file says.

A service inherits the open, locked file: the kernel drops the lock when its last process is gone, be it by SIGKILL.
So a taken lock means "alive, starting or stopping", and a free one means that the data may be opened.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def try_hold(path: Path) -> int | None:
    """The descriptor of the lock just taken, or None while another process holds it. The caller closes it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
