"""The whole benchmark on a handful of indicators: every measure gives its rows, and nothing stays behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.base import measures
from iocmarket.settings.env import PROJECT

pytestmark = pytest.mark.real
PATIENCE = 900.0


def _run(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    outside = {"DATABASE_URL", "REDIS_URL", "DATA_DIR", "DJANGO_SETTINGS_MODULE"}
    environ = {name: value for name, value in os.environ.items() if name not in outside}
    return subprocess.run(
        [sys.executable, "-m", "bench"], env=environ | {"TMPDIR": str(tmp_path)} | variables, cwd=PROJECT,
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


def test_every_measure_gives_a_row_and_nothing_stays(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    done = _run(tmp_path, SIZE="1k", RUNS="1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^… ([a-z-]+)$", done.stdout, re.MULTILINE) == [
        measure.name for measure in sorted(measures, key=lambda measure: (measure.needs_world, measure.order))
    ]
    assert done.stdout.count("\n| ") > len(measures)
    assert "sampled entries equal what the publisher computes" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_measure_is_named(tmp_path: Path) -> None:
    done = _run(tmp_path, ONLY="warp")
    assert done.returncode != 0
    assert "the measures are" in done.stderr
    assert list(tmp_path.iterdir()) == []
