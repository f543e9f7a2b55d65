"""Install the Debian packages whose programs the tests drive. `make` calls it with lists of `program package`.

As root with apt-get the missing ones are installed; otherwise they are named. Exit code 1 only when CI=true and a
program is still missing: continuous integration must never pass because something was not there.
"""  # noqa: INP001  # a script, not a package

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAM_FOLDERS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def main(lists: list[str]) -> int:
    """Read the lists, install what is missing if possible, name what is still missing."""
    wanted = dict(pair for path in lists for pair in read_list(Path(path)))
    missing = absent(wanted)
    apt = shutil.which("apt-get")
    if missing and apt and os.geteuid() == 0:
        install(apt, sorted(set(missing.values())))
        missing = absent(wanted)
    if not missing:
        return 0
    packages = " ".join(sorted(set(missing.values())))
    sys.stderr.write(f"missing programs: {', '.join(missing)} (as root: apt-get install {packages})\n")
    return 1 if os.environ.get("CI") == "true" else 0


def read_list(path: Path) -> list[tuple[str, str]]:
    """Pairs of program and package; `#` begins a comment."""
    lines = (line.partition("#")[0].split() for line in path.read_text().splitlines())
    return [(words[0], words[1]) for words in lines if words]


def absent(wanted: dict[str, str]) -> dict[str, str]:
    """Those whose program is found nowhere. A path is looked up as it is."""
    return {program: package for program, package in wanted.items() if not shutil.which(program, path=PROGRAM_FOLDERS)}


def install(apt: str, packages: list[str]) -> None:
    """Quietly and without questions."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    sys.stderr.write(f"installing {' '.join(packages)}\n")
    subprocess.run([apt, "-qq", "update"], env=quiet, check=False, stdout=subprocess.DEVNULL)
    words = [apt, "-qq", "-y", "install", "--no-install-recommends", *packages]
    subprocess.run(words, env=quiet, check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
