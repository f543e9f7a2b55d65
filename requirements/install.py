"""Install a lock file into the project's virtual environment, once per content of that file. `make` calls it.

Standard library only, Python 3.11 or newer: nothing is there yet. Several calls at once take turns.
"""  # noqa: INP001  # a script, not a package

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = (3, 11)
NO_VENV = """\
This Python ({python}) cannot make a virtual environment with pip.
On Debian and Ubuntu: apt-get install python3-venv. Elsewhere: install pip, or choose another Python: make PYTHON=..."""


def main(arguments: list[str]) -> int:
    """`install.py base|dev VENV`. Exit codes: 0 installed or up to date, 1 failed, 2 this Python will not do."""
    if sys.version_info < OLDEST:
        version = sys.version.split()[0]
        say(f"Python 3.11 or newer is needed, {sys.executable} is {version}: make PYTHON=/path/to/python3.11")
        return 2
    name, target = arguments[0], Path(arguments[1]).absolute()
    try:
        return install(HERE / f"{name}.txt", target)
    except PermissionError as error:
        say(f"this account may not write {error.filename}: make VENV=/another/folder")
        return 2


def install(lock: Path, target: Path) -> int:
    """Bring the environment in line with the lock file; exit codes as `main`."""
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    target.parent.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(target.with_name(f"{target.name}.lock")):
        stamp = target / f"{lock.stem}.sha256"
        python = target / "bin" / "python"
        if stamp.exists() and stamp.read_text() == wanted and works(python):
            return 0
        if not works(python) and not make_environment(target):
            say(NO_VENV.format(python=sys.executable))
            return 2
        say(f"installing {lock.name} into {target.name} (once; a minute or two)")
        if not run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", lock):
            say("the installation failed; nothing was marked as installed, the next run tries again")
            return 1
        stamp.write_text(wanted)
    return 0


def make_environment(target: Path) -> bool:
    """A virtual environment with pip: by ensurepip, else after installing Debian's package, else by our own pip."""
    shutil.rmtree(target, ignore_errors=True)
    ways = (by_ensurepip, by_debian, by_own_pip)
    return any(way(target) and run(target / "bin" / "python", "-m", "pip", "--version", quiet=True) for way in ways)


def by_ensurepip(target: Path) -> bool:
    """The ordinary way; Debian's python3 lacks ensurepip until python3-venv is installed."""
    return run(sys.executable, "-m", "venv", "--clear", target, quiet=True)


def by_debian(target: Path) -> bool:
    """Root on Debian may install what is missing."""
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        return False
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say(f"installing Debian's {package}")
    run(apt, "-qq", "update", quiet=True, env=quiet)
    return run(apt, "-qq", "-y", "install", package, quiet=True, env=quiet) and by_ensurepip(target)


def by_own_pip(target: Path) -> bool:
    """A pip that belongs to this Python can install another one into the environment."""
    venv.create(target, clear=True, with_pip=False)
    return run(
        sys.executable, "-m", "pip", "--python", target / "bin" / "python", "install", "--quiet", "pip", quiet=True
    )


def works(python: Path) -> bool:
    """Whether the environment's interpreter starts; it does not after an upgrade of the system's Python."""
    return python.exists() and run(python, "-c", f"import sys; sys.exit(sys.version_info < {OLDEST})", quiet=True)


def run(*words: str | Path, quiet: bool = False, env: dict[str, str] | None = None) -> bool:
    """Whether the command succeeds."""
    output = subprocess.DEVNULL if quiet else None
    return (
        subprocess.run([str(word) for word in words], stdout=output, stderr=output, env=env, check=False).returncode
        == 0
    )


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Two `make run` from one checkout must not install into one folder at the same time."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def say(line: str) -> None:
    """One line for the person at the terminal."""
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
