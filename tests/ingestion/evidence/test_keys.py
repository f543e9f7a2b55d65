"""The platform's pairs of keys: another one on the same day, and the ready commands with the tools that they name."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pyrage
import pytest
from django.core.management import call_command
from pytest_django import Settings

from ingestion.evidence import keys
from ingestion.evidence.commands import commands
from ingestion.evidence.containers import open_archive
from ingestion.evidence.containers.base import Caps, Keys
from ingestion.evidence.keys import Private
from ingestion.evidence.models import PlatformKey


@pytest.fixture
def own(private: Private, settings: Settings, tmp_path: Path) -> Private:
    """The same pair, in a folder that no other test reads."""
    del private
    copied = shutil.copytree(settings.EVIDENCE_KEYS_DIR, tmp_path / "keys")
    settings.EVIDENCE_KEYS_DIR = copied
    return keys.ensure()


def test_another_pair_on_the_same_day_is_the_current_one_and_the_old_one_still_opens(own: Private) -> None:
    first = keys.current()
    sealed = keys.sealed("infected")
    call_command("evidence_worker", "--renew-keys")
    call_command("evidence_worker", "--renew-keys")
    now = keys.ensure()
    assert len(set(now.age)) == len(set(now.pem)) == PlatformKey.objects.count() == 3
    assert now.age[-1] == own.age[0], "the newest comes first"
    assert keys.current().fingerprint != first.fingerprint
    assert keys.current().age_recipient == str(now.identities()[0].to_public())
    assert keys.opened(sealed, now) == "infected"
    with pytest.raises(pyrage.DecryptError):
        keys.opened(keys.sealed("new"), own)


def test_pairs_keep_their_order_where_the_database_begins_anew(own: Private) -> None:
    del own
    keys.renew()
    current = keys.current().fingerprint
    PlatformKey.objects.all().delete()
    keys.ensure()
    assert keys.current().fingerprint == current


@pytest.mark.parametrize(("tool", "given", "made"), [
    ("age", "collection.zip", "collection.zip.age"), ("OpenSSL", "collection.7z", "collection.7z.p7b"),
])  # fmt: skip
def test_what_a_ready_command_encrypts_is_opened(
    tool: str, given: str, made: str, private: Private, tmp_path: Path
) -> None:
    (command,) = [one.text for one in commands(keys.current(), "https://x.example.org") if one.tool == tool]
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"{tool} is not installed")
    with zipfile.ZipFile(tmp_path / given, "w") as file:
        file.writestr("C/Windows/x.txt", "whoami")
    (tmp_path / "platform.pem").write_text(keys.current().certificate)
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)  # as a person pastes it
    (tmp_path / "out").mkdir()
    opened = open_archive(
        tmp_path / made, tmp_path / "out", keys=Keys(private.age, private.pem), password="", caps=Caps(), name=made
    )
    assert [item.path for item in opened.items] == ["Windows/x.txt"]
