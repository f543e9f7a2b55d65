"""The installer of the lock files: once per content, in turns, and with a sentence when it cannot."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from iocmarket.settings.env import PROJECT


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """requirements/install.py with a lock file of its own."""
    spec = importlib.util.spec_from_file_location("install", PROJECT / "requirements" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HERE", tmp_path)
    (tmp_path / "base.txt").write_text("# nothing\n")
    return module


def test_an_environment_is_made_once_per_content_of_the_lock(
    installer: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "venv"
    ran: list[list[str]] = []

    def run(*words: str | Path, **_: object) -> bool:
        ran.append([str(word) for word in words])
        (target / "bin").mkdir(parents=True, exist_ok=True)
        (target / "bin" / "python").touch()
        return True

    monkeypatch.setattr(installer, "run", run)

    def installs() -> list[list[str]]:
        return [words for words in ran if "install" in words]

    assert installer.main(["base", str(target)]) == 0
    assert len(installs()) == 1
    assert "--require-hashes" in installs()[0]
    assert installer.main(["base", str(target)]) == 0
    assert len(installs()) == 1, "nothing has changed"
    (tmp_path / "base.txt").write_text("# something else\n")
    assert installer.main(["base", str(target)]) == 0
    assert len(installs()) == 2


def test_a_failed_installation_is_tried_again(
    installer: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "venv"
    monkeypatch.setattr(installer, "works", lambda python: True)
    monkeypatch.setattr(installer, "run", lambda *words, **_: False)
    target.mkdir()
    assert installer.main(["base", str(target)]) == 1
    assert list(target.iterdir()) == []


def test_a_python_that_can_make_no_environment_is_told_what_to_do(
    installer: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(installer, "make_environment", lambda target: False)
    assert installer.main(["base", str(tmp_path / "venv")]) == 2
    assert "apt-get install python3-venv" in capsys.readouterr().err


def test_an_old_python_is_refused(
    installer: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(installer, "OLDEST", (99, 0))
    assert installer.main(["base", str(tmp_path / "venv")]) == 2
    assert "3.11 or newer is needed" in capsys.readouterr().err
