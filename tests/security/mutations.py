"""`python -m tests.security.mutations [WORD …]`: take away one defence after the other, and see that a test notices.

Each defence is replaced in a temporary copy of the tree; the tests named for it must fail there. A mutation that no
test notices is a defence that nobody would miss, and the script ends with status 1. Words limit the run to the
defences whose description holds one of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from iocmarket import embedded
from tests.security.defences import MUTATIONS
from tests.security.defences.base import Mutation

PROJECT = Path(__file__).resolve().parent.parent.parent
COPIED = (
    "iocmarket", "ingestion", "sharing", "tests", "templates", "static", "locale", "docs", "requirements", "bench",
    "manage.py", "pyproject.toml", "Dockerfile", "docker-compose.yml", "Makefile", "README.md", "SECURITY.md",
    "THREAT_MODEL.md", "CHANGELOG.md", "CONTRIBUTING.md",
)  # fmt: skip

_PLUGINS = ("-p", "no:cacheprovider", "-p", "tests.security.unshrunk")
PATIENCE = 900
"""Seconds that one run may take."""


def main() -> int:
    """Run them; 0 when every one was caught."""
    words = sys.argv[1:] or [""]
    chosen = [one for one in MUTATIONS if any(word in one.defence for word in words)]
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        tree = Path(folder) / "tree"
        _copy(tree)
        services = embedded.start(Path(folder) / "data", test=True)
        try:
            environ = _environment(tree, services)
            untouched = _run(tree, environ, sorted({test for one in chosen for test in one.tests}), "--create-db")
            if untouched.returncode:
                print("the tests fail already while every defence stands:\n" + untouched.stdout[-3000:])
                return 1
            missed = [one.defence for one in chosen if not _caught(tree, environ, one)]
        finally:
            services.stop()
    print(f"caught {len(chosen) - len(missed)} of {len(chosen)}")
    for defence in missed:
        print(f"nobody misses: {defence}")
    return 1 if missed else 0


def _copy(tree: Path) -> None:
    tree.mkdir()
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
        elif source.exists():
            shutil.copy2(source, tree / name)


def _caught(tree: Path, environ: Mapping[str, str], one: Mutation) -> bool:
    path = tree / one.path
    text = path.read_text()
    if text.count(one.search) != 1:
        print(f"[lost]   {one.defence}: {one.path} does not hold what is to be replaced")
        return False
    path.write_text(text.replace(one.search, one.replace))
    began = time.monotonic()
    try:
        done = _run(tree, environ, one.tests, "--reuse-db")
    finally:
        path.write_text(text)
    # 1: a test failed. Anything else (2 interrupted, 4 no such test, 5 none collected) proves nothing.
    caught = done.returncode == 1 and " failed" in done.stdout
    print(f"[{'caught' if caught else 'MISSED'}] {one.defence} ({time.monotonic() - began:.0f} s)", flush=True)
    if not caught:
        print("\n".join(done.stdout.splitlines()[-5:]), flush=True)
    return caught


def _run(
    tree: Path, environ: Mapping[str, str], tests: Iterable[str], database: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", *_PLUGINS, database, *tests]
    return subprocess.run(command, cwd=tree, env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE)


def _environment(tree: Path, services: embedded.Services) -> dict[str, str]:
    """One database for all runs: making it takes longer than most tests."""
    return os.environ | {
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "iocmarket.settings.test",
        "DATA_DIR": str(services.places.data_dir),
        "DATABASE_URL": services.urls.database,
        "REDIS_URL": services.urls.redis,
    }


if __name__ == "__main__":
    sys.exit(main())
