"""One lasting child: its output line by line, and its restarts, slower each time it dies young."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

from iocmarket.embedded.children import kill_session, launch

FIRST_DELAY = 0.5  # seconds before the first restart
LONGEST_DELAY = 30.0  # seconds
GOOD_LIFE = 30.0  # seconds: who lived this long starts again with the first delay


class Child:
    """A program that must run for as long as the supervisor does."""

    def __init__(self, name: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
        self.name = name
        self._argv = list(argv)
        self._env = dict(env)
        self._process: subprocess.Popen[bytes] | None = None
        self._partial = b""
        self._started = 0.0
        self._delay = FIRST_DELAY
        self._due = 0.0

    @property
    def output(self) -> int | None:
        """The descriptor to wait on for output; None when the child does not run."""
        return self._process.stdout.fileno() if self._process and self._process.stdout else None

    def start_if_due(self) -> bool:
        """Start the program if it does not run and its delay has passed. True when it was started now."""
        if self._process is not None or time.monotonic() < self._due:
            return False
        self._process = launch(self._argv, output=subprocess.PIPE, env=self._env)
        self._started = time.monotonic()
        if self.output is not None:
            os.set_blocking(self.output, False)
        return True

    def read_lines(self) -> list[str]:
        """The complete lines written since the last call."""
        if self.output is None:
            return []
        chunks = [self._partial]
        while chunk := _read(self.output):
            chunks.append(chunk)
        *lines, self._partial = b"".join(chunks).split(b"\n")
        if self._partial and self.stopped():
            lines, self._partial = [*lines, self._partial], b""
        return [line.decode(errors="replace") for line in lines]

    def reap(self) -> str:
        """Of a child that has died: clear what it left, plan its restart and say so. Read its output before."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was reaped already")
        status = self._close(self._process)
        delay = FIRST_DELAY if time.monotonic() - self._started >= GOOD_LIFE else self._delay
        self._due = time.monotonic() + delay
        self._delay = min(delay * 2, LONGEST_DELAY)
        return f"{describe(status)}; starting again in {delay:g} s"

    def ask_to_stop(self) -> None:
        """SIGTERM to the program alone: it stops its own workers in its own order."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def stopped(self) -> bool:
        """Whether nothing runs."""
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """SIGKILL to the program and everything it started, and wait for the program."""
        if self._process is not None:
            self._close(self._process)

    def _close(self, process: subprocess.Popen[bytes]) -> int:
        """Returns the exit status. The number of a group outlives its leader, so what the child left is still found."""
        kill_session(process.pid)
        if process.stdout:
            process.stdout.close()
        self._process = None
        return process.wait()


def describe(status: int) -> str:
    """An exit status in words: a negative one is the number of a signal (subprocess)."""
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return b""
