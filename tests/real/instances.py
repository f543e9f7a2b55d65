"""Starting `make run` the way a person does, and looking at what it left behind."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
FIRST_START = 600.0  # seconds: downloads and installs every requirement
LATER_START = 90.0
STOP = 60.0
# What a machine needs to reach a package index; everything else of our environment stays away from the instance.
PASSED_ON = ("PATH", "LANG", "TZ", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "http_proxy", "https_proxy", "no_proxy")


class Instance:
    """One `make run`."""

    def __init__(self, checkout: Path, *, account: tuple[int, int] | None = None, **variables: str) -> None:
        self.checkout = checkout
        self.port = free_port()
        self.log = checkout.parent / f"run-{self.port}.log"
        uid, gid = account or (os.geteuid(), os.getegid())
        environ = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environ |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        environ |= {
            "HOME": str(checkout.parent),
            "PORT": str(self.port),
            "LIMIT_TOKEN": "0",
            "LIMIT_SENDER_VALUES": "0",
            **variables,
        }
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                ["make", "run"],
                cwd=checkout,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=uid if account else None,
                group=gid if account else None,
                extra_groups=[] if account else None,
            )

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; status 0 when nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def wait_ready(self, patience: float = LATER_START) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.get("/readyz")[0] == 200:
                return
            time.sleep(0.5)
        state = "ended" if self.process.poll() is not None else "runs, but is not ready"
        pytest.fail(f"the instance {state}: {self.get('/readyz')}\n{self.output()[-6000:]}")

    def wait_said(self, words: str, patience: float = LATER_START) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if words in self.output():
                return
            time.sleep(0.2)
        pytest.fail(f"never said {words!r}:\n{self.output()[-6000:]}")

    def processes(self) -> dict[int, str]:
        """Every living process that was given this instance's port, or that names its data, by pid.

        PostgreSQL and Redis overwrite the environment that /proc shows when they change their title.
        """
        found = {}
        homes = set(re.findall(r"started, data in (\S+)", self.output()))
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environ = (folder / "environ").read_bytes().split(b"\0")
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            ours = f"PORT={self.port}".encode() in environ or any(f"{home}/" in command for home in homes)
            if ours and command:
                found[int(folder.name)] = command
        return found

    def pids_of(self, *words: str) -> list[int]:
        """Processes whose command line has all the words, the oldest first."""
        return sorted(pid for pid, command in self.processes().items() if all(word in command for word in words))

    def pid_of(self, *words: str) -> int:
        """The oldest of them: the one that started the others."""
        matching = self.pids_of(*words)
        assert matching, f"no process with {words} among {self.processes()}"
        return matching[0]

    def wait_for_other(self, old: int, *words: str) -> None:
        """Wait until a process with these words runs, and the old one and its workers do not."""
        deadline = time.monotonic() + LATER_START
        while time.monotonic() < deadline:
            running = self.pids_of(*words)
            if running and old not in running:
                return
            time.sleep(0.2)
        pytest.fail(f"no process with {words} after {old} among {self.processes()}\n{self.output()[-3000:]}")

    def stop(self, number: signal.Signals = signal.SIGTERM, *, group: bool = False) -> None:
        """Ask `make` (or, like a terminal's Ctrl-C, its whole group) to stop, and check that nothing is left."""
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        self.process.wait(STOP)
        self.wait_gone()

    def wait_gone(self) -> None:
        deadline = time.monotonic() + STOP
        while time.monotonic() < deadline:
            if not self.processes():
                return
            time.sleep(0.2)
        pytest.fail(f"left behind: {self.processes()}\n{self.output()[-3000:]}")

    def end(self) -> None:
        """Whatever happened, leave no process."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(STOP)
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clone(target: Path) -> Path:
    """A clean clone of what is committed."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(PROJECT), str(target)], check=True)
    return target


def need_root(reason: str) -> None:
    """Continuous integration must run as root: there, nothing is skipped."""
    if os.geteuid() == 0:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must run as root: {reason}")
    pytest.skip(f"needs root: {reason}")
