"""The keys of the demonstration survive a restart, for their owner's eyes only."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

import pytest

from ingestion.demonstration.keepsake import NAME, Keepsake, Login, MachineKey, keep, recall
from ingestion.demonstration.leaflet import leaflet

KEEPSAKE = Keepsake(
    (Login("camille.ferrand@univ-valbrune.fr", "motdepasse"),), (MachineKey("valbrune", "iocm" + "x" * 36),)
)


def test_what_is_kept_is_recalled(tmp_path: Path) -> None:
    keep(KEEPSAKE, tmp_path)
    assert recall(tmp_path) == KEEPSAKE


def test_nothing_is_recalled_where_nothing_was_kept(tmp_path: Path) -> None:
    assert recall(tmp_path) is None


def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("older, and readable by all")
    keep(KEEPSAKE, tmp_path)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_damaged_file_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("login only-one-word\n")
    with pytest.raises(ValueError, match="unpack"):
        recall(tmp_path)


def test_the_leaflet_names_address_log_ins_and_lines_that_a_shell_reads() -> None:
    text = leaflet(KEEPSAKE, "http://127.0.0.1:8123")
    assert "http://127.0.0.1:8123" in text
    assert "camille.ferrand@univ-valbrune.fr  motdepasse" in text
    commands = [line.strip() for line in text.splitlines() if line.strip().startswith("curl")]
    assert len(commands) == 6
    for command in commands:
        words = shlex.split(command)
        assert f"Authorization: Bearer {KEEPSAKE.keys[0].secret}" in words
        assert words[-1].startswith("http://127.0.0.1:8123/")
