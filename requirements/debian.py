"""Install the Debian packages whose programs the tests drive. `make` calls it with lists of `program package`.

A package followed by `backports` is taken from that suite when the release itself has none; the suite is then added to
the sources. As root with apt-get the missing ones are installed; otherwise they are named. Exit code 1 only when
CI=true and a program is still missing: continuous integration must never pass because something was not there.
"""  # noqa: INP001  # a script, not a package

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAM_FOLDERS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def main(lists: list[str]) -> int:
    """Read the lists, install what is missing if possible, name what is still missing."""
    read = [words for path in lists for words in read_list(Path(path))]
    wanted = {words[0]: words[1] for words in read}
    backports = {words[1] for words in read if words[2:] == ["backports"]}
    missing = absent(wanted)
    apt = shutil.which("apt-get")
    if missing and apt and os.geteuid() == 0:
        install(apt, set(missing.values()), backports)
        missing = absent(wanted)
    if not missing:
        return 0
    packages = " ".join(sorted(set(missing.values())))
    sys.stderr.write(f"missing programs: {', '.join(missing)} (as root: apt-get install {packages})\n")
    return 1 if os.environ.get("CI") == "true" else 0


def read_list(path: Path) -> list[list[str]]:
    """Program, package and, for some, `backports`; `#` begins a comment."""
    lines = (line.partition("#")[0].split() for line in path.read_text().splitlines())
    return [words for words in lines if words]


def absent(wanted: dict[str, str]) -> dict[str, str]:
    """Those whose program is found nowhere. A path is looked up as it is."""
    return {program: package for program, package in wanted.items() if not shutil.which(program, path=PROGRAM_FOLDERS)}


def install(apt: str, packages: set[str], backports: set[str]) -> None:
    """Quietly and without questions; what the release lacks comes from its backports."""
    run(apt, "update")
    later = {package for package in packages & backports if not has_candidate(package)}
    if packages - later:
        sys.stderr.write(f"installing {' '.join(sorted(packages - later))}\n")
        run(apt, "-y", "install", "--no-install-recommends", *sorted(packages - later))
    if later and (suite := add_backports()):
        sys.stderr.write(f"installing {' '.join(sorted(later))} from {suite}\n")
        run(apt, "update")
        run(apt, "-y", "install", "--no-install-recommends", "-t", suite, *sorted(later))


def has_candidate(package: str) -> bool:
    """Whether the sources that are configured offer the package."""
    policy = shutil.which("apt-cache")
    if policy is None:
        return False
    told = subprocess.run([policy, "policy", package], capture_output=True, text=True, check=False).stdout
    return "Candidate:" in told and "Candidate: (none)" not in told


def add_backports() -> str:
    """Add the release's backports suite to the sources; its name, or nothing where this is no Debian release."""
    release = platform.freedesktop_os_release()
    if release.get("ID") != "debian" or "VERSION_CODENAME" not in release:
        return ""
    suite = f"{release['VERSION_CODENAME']}-backports"
    Path("/etc/apt/sources.list.d", f"{suite}.list").write_text(f"deb http://deb.debian.org/debian {suite} main\n")
    return suite


def run(apt: str, *words: str) -> None:
    """One call of apt-get."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([apt, "-qq", *words], env=quiet, check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
