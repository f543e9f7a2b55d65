"""BIND as a child of ours: started with the configuration, told to read it again, started anew when it has died."""

from __future__ import annotations

import base64
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from iocmarket.embedded.children import end, launch
from sharing.transfer.configuration import Served, named_conf, rndc_conf

logger = logging.getLogger("iocmarket.transfer")
FOLDERS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"))
PATIENCE = 20.0
"""Seconds for the program to stop."""
ANSWER = 120.0
"""Seconds for it to read a configuration."""
RETRY = 5.0
"""Seconds between two starts of a program that dies."""


def program(name: str) -> str | None:
    """The path of a program, also where ordinary users do not look."""
    return shutil.which(name, path=FOLDERS)


class NameServer:
    """One `named`, whose configuration lies in a folder of its own that nobody else reads."""

    def __init__(self, folder: Path, listen: tuple[str, int]) -> None:
        """Raises FileNotFoundError when BIND is not installed."""
        self._named, self._rndc = program("named"), program("rndc")
        if self._named is None or self._rndc is None:
            raise FileNotFoundError("BIND is not installed: apt-get install bind9")
        self._folder, self._listen = folder, listen
        self._process: subprocess.Popen[bytes] | None = None
        self._control = (_free_port(), base64.b64encode(secrets.token_bytes(32)).decode())
        self._told = ""
        self._unread = False
        self._began = 0.0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _private(folder / "rndc.conf", rndc_conf(*self._control))

    @property
    def runs(self) -> bool:
        """Whether it is there."""
        return self._process is not None and self._process.poll() is None

    def serve(self, subscribers: Iterable[Served], *, zones_changed: bool) -> None:
        """Have exactly these served, with what their files say now. What fails is tried again at the next call."""
        text = named_conf(subscribers, folder=self._folder, listen=self._listen, control=self._control)
        if text != self._told:
            _private(self._folder / "named.conf", text)
            self._told, self._unread = text, True
        self._unread |= zones_changed
        if not self.runs:
            self._start()
        elif self._unread:
            self._unread = not self._read_again()

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            end(self._process, signal.SIGTERM, PATIENCE)

    def _start(self) -> None:
        if time.monotonic() - self._began < RETRY:
            return
        self._began, self._unread = time.monotonic(), False
        argv = [str(self._named), "-f", "-n", "1", "-c", str(self._folder / "named.conf")]
        self._process = launch(argv, output=sys.stderr.fileno(), cwd=self._folder)
        logger.info("the name server is started at %s port %s", *self._listen)

    def _read_again(self) -> bool:
        """`rndc reload` answers when the configuration is in force; zones follow at once."""
        asked = [str(self._rndc), "-c", str(self._folder / "rndc.conf"), "reload"]
        try:
            answer = subprocess.run(asked, capture_output=True, text=True, timeout=ANSWER, check=False)
        except subprocess.TimeoutExpired:
            logger.warning("the name server does not answer; trying again")
            return False
        if answer.returncode:
            logger.warning("the name server did not read its configuration: %s", answer.stderr.strip()[-300:])
        return answer.returncode == 0


def _private(path: Path, text: str) -> None:
    """Written beside and renamed, readable by nobody else."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)


def _free_port() -> int:
    """For the control of one process by its parent, on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
