"""The packet filters of Linux, each time in a network of its own that ends with it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.sharing.feeds.resolvers import program

_ALONE = ["-n"] if os.geteuid() == 0 else ["-rn"]


def _inside(script: str) -> subprocess.CompletedProcess[str]:
    command = [program("unshare"), *_ALONE, "sh", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _found(script: str, addresses: Iterable[str]) -> set[str]:
    ran = _inside(script)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr[:2000]
    return {line for line in ran.stdout.splitlines() if line in set(addresses)}


def nft_finds(feed: Path, addresses: list[str], *, before: Path | None = None) -> set[str]:
    """The addresses that are in its sets once the feed was loaded twice; `before` is loaded first of all."""
    nft = program("nft")
    asked = "".join(
        f"{nft} get element inet iocmarket ioc{6 if ':' in address else 4} '{{ {address} }}' >/dev/null 2>&1 "
        f"&& echo {address}\n"
        for address in addresses
    )
    first = f"{nft} -f {before} || exit 1\n" if before else ""
    return _found(f"{first}{nft} -f {feed} || exit 1\n{nft} -f {feed} || exit 1\n{asked}true\n", addresses)


def ipset_finds(feed: Path, addresses: list[str], *, before: Path | None = None) -> set[str]:
    """The same of ipset."""
    ipset = program("ipset")
    asked = "".join(
        f"{ipset} -q test iocmarket{6 if ':' in address else 4} {address} && echo {address}\n" for address in addresses
    )
    load = f"{ipset} restore -exist < {{}} || exit 1\n"
    first = load.format(before) if before else ""
    left = f"test $({ipset} list -n | wc -l) = 2 || exit 1\n"
    return _found(f"{first}{load.format(feed) * 2}{left}{asked}true\n", addresses)
