"""The four archives of the shared data, each as its EXPECTED.json says; and all that is hostile."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from ingestion.evidence.containers.base import Keys, Opened, Refused

from .making import SHARED, left, opened

pytestmark = pytest.mark.shareddata

HOSTILE = {
    "zipbomb.zip": "ratio",
    "truncated.zip": "truncated",
    "truncated.p7b": "truncated",
    "wrong_password.zip": "wrong-password",
    "wrong_key.zip.age": "no-matching-key",
    "wrong_key.7z.p7b": "not-a-recipient",
    "tampered.zip.age": "authentication-failed",
    "100k_entries.zip.xz": "too-many-entries",
    "empty.zip": "empty",
    "not_an_archive.zip": "not-an-archive",
    "zero_bytes.zip": "empty",
}


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the archives are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    return path


def platform() -> Keys:
    age = shared("keys/platform.age.key").read_text(encoding="utf-8").splitlines()
    return Keys(
        tuple(line for line in age if line.startswith("AGE-SECRET-KEY-")),
        (shared("keys/platform.key.pem").read_bytes(),),
    )


@pytest.mark.parametrize(
    "name",
    [
        "2026-11-03T101500_PC-COMPTA-03.zip.age",
        "Collection-TP-07_univ-exemple_fr-2026-11-02T08_14_33Z.zip",
        "DFIR-ORC_WorkStation_PC-LABO-12_Little.7z.p7b",
        "scout_PC-LABO-12.7z",
    ],
)
def test_a_sample_opens_with_exactly_its_files(tmp_path: Path, name: str) -> None:
    expected: dict[str, Any] = json.loads(shared(f"{name}.EXPECTED.json").read_text(encoding="utf-8"))
    said = expected["archive"]
    found = opened(
        tmp_path, shared(name).read_bytes(), password=said.get("password", ""), name=name, with_keys=platform()
    )
    machine = [item for item in found.items if item.collected.get("of") != "collector"]
    assert sorted((one.path, one.size, one.sha256) for one in machine) == sorted(
        (one["path"], one["size"], one["sha256"]) for one in expected["files"]
    )
    assert {one.volume for one in machine} == {"C"}
    assert found.host == expected["host"]
    assert found.layout == said["layout"].removesuffix("-in-7z")
    assert found.os == "windows"
    assert found.collected_at is not None
    assert bool(found.key_id) == ("key" in said)
    assert ("age1" in found.key_id) == said.get("key", "").endswith("platform.age.key")
    assert found.rejected == []
    assert sorted(left(tmp_path)) == sorted(item.file for item in found.items)
    assert len(found.items) > len(machine)  # its listings of processes and connections


def hostile(tmp_path: Path, name: str) -> Opened:
    return opened(tmp_path, shared(f"hostile/{name}").read_bytes(), password="incorrect", with_keys=platform())


def test_all_that_is_hostile_is_looked_at() -> None:
    names = set(json.loads(shared("hostile/EXPECTED.json").read_text(encoding="utf-8")))
    taken = {name.removeprefix("test_").removesuffix("_is_taken") for name in globals() if name.endswith("_is_taken")}
    assert names == set(HOSTILE) | {name for name in names if name.partition(".")[0] in taken}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_what_is_hostile_is_refused_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused) as refused:
        hostile(tmp_path, name)
    assert refused.value.code == HOSTILE[name]
    assert left(tmp_path) == []


def test_traversal_is_taken(tmp_path: Path) -> None:
    found = hostile(tmp_path, "traversal.zip")
    assert [item.path for item in found.items] == ["ok/good.txt"]
    assert sorted(one.code for one in found.rejected) == ["absolute-name", "absolute-name", "traversal", "traversal"]


def test_symlink_is_taken(tmp_path: Path) -> None:
    found = hostile(tmp_path, "symlink.zip")
    assert [(one.member, one.code) for one in found.rejected] == [("link", "link")]
    assert all(path.is_file() and not path.is_symlink() for path in left(tmp_path))


def test_tar_symlink_device_is_taken(tmp_path: Path) -> None:
    found = hostile(tmp_path, "tar_symlink_device.tgz")
    assert [(one.member, one.code) for one in found.rejected] == [("a", "link"), ("dev", "device")]
    assert all(path.is_file() and not path.is_symlink() for path in left(tmp_path))


def test_nested_archive_is_taken(tmp_path: Path) -> None:
    found = hostile(tmp_path, "nested_archive.zip")
    assert {(item.volume, item.path) for item in found.items} == {
        ("C", "Windows/System32/config/SAM"),
        ("", "collect/x.7z/a.txt"),
    }


def test_nested_bomb_is_taken(tmp_path: Path) -> None:
    found = hostile(tmp_path, "nested_bomb.zip")
    assert {one.code for one in found.rejected} == {"too-deep"}
    assert sum(item.size for item in found.items) < 16 << 20


def test_corrupt_hive_is_taken(tmp_path: Path) -> None:
    found = hostile(tmp_path, "corrupt_hive.zip")
    assert [item.path for item in found.items] == [
        "Windows/System32/config/SAM",
        "Windows/System32/config/SYSTEM",
        "Users/a/NTUSER.DAT",
    ]


def test_corrupt_evtx_is_taken(tmp_path: Path) -> None:
    found = hostile(tmp_path, "corrupt_evtx.zip")
    assert [item.size for item in found.items] == [1052672, 40000, 70008]


def test_names_cp850_dup_is_taken(tmp_path: Path) -> None:
    found = hostile(tmp_path, "names_cp850_dup.zip")
    assert [item.path for item in found.items] == ["café\xa0.txt", "dup.txt", "dup.txt"]
    assert len({item.file for item in found.items}) == 3


def test_weird_names_is_taken(tmp_path: Path) -> None:
    found = hostile(tmp_path, "weird_names.zip")
    assert len(found.items) == 7
    shown = "".join(item.member for item in found.items)
    assert "\u202e" not in shown
    assert "\x01" not in shown
    assert all(len(path.name) < 10 for path in left(tmp_path))


def test_a_hundred_thousand_entries_pass_where_the_cap_allows_none_of_them(tmp_path: Path) -> None:
    data = lzma.decompress(shared("hostile/100k_entries.zip.xz").read_bytes())
    with pytest.raises(Refused, match="too-many-entries"):
        opened(tmp_path, data)
