"""Where files lay on the machine, by each collector's own tables and names."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pyzipper
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from ingestion.evidence.containers.base import Keys, Opened, Refused
from ingestion.evidence.layouts.hints import hint

from .making import contents, opened, rsa_key, sevened, tarred, zipped
from .sealing import enveloped, journalled

VELOCIRAPTOR = {
    "uploads/auto/C%3A/Windows/System32/winevt/Logs/Microsoft-Windows-Sysmon%254Operational.evtx": b"ElfFile",
    "uploads/ntfs/%5C%5C.%5CD%3A/$Extend/$UsnJrnl%3A$J": b"usn",
    "uploads/ntfs/%5C%5C.%5CD%3A/$Extend/$UsnJrnl%3A$J.idx": json.dumps(
        {
            "ranges": [
                {"file_offset": 0, "original_offset": 0, "file_length": 0, "length": 4096},
                {"file_offset": 0, "original_offset": 4096, "file_length": 3, "length": 3},
            ]
        }
    ).encode(),
    "uploads/ntfs_vss/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy3/$MFT": b"FILE0",
    "uploads/auto/etc/passwd": b"root",
    "uploads/auto/..%2F..%2Fetc/shadow": b"x",
    "results/Generic.Client.Info%2FBasicInformation.json": b"{}\n",
    "uploads.json": json.dumps(
        {
            "Timestamp": "2026-11-02T08:14:33.123456789Z",
            "vfs_path": "\\\\.\\D:\\$Extend\\$UsnJrnl:$J",
            "_Components": ["uploads", "ntfs", "%5C%5C.%5CD%3A", "$Extend", "$UsnJrnl%3A$J"],
            "file_size": 4099,
        }
    ).encode(),
    "client_info.json": b'{"hostname":"A","fqdn":"A.example.org","os":"windows"}',
}


def x509(inner: bytes, *, scheme: str = "X509", number: int = 0) -> bytes:
    """What a Velociraptor collector with a certificate writes."""
    word = b"a long password of the collector's own"
    way = padding.OAEP(padding.MGF1(hashes.SHA512()), hashes.SHA512(), None)
    row = {
        "EncryptedPass": base64.b64encode(
            (rsa_key(2048, number) if number else rsa_key()).public_key().encrypt(word, way)
        ).decode(),
        "Scheme": scheme,
        "PublicKey": "-----BEGIN CERTIFICATE-----",
    }
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", compression=zipfile.ZIP_STORED) as archive:
        archive.writestr("metadata.json", json.dumps([row]))
        archive.setencryption(pyzipper.WZ_AES, nbits=256)
        archive.setpassword(word)
        archive.writestr("data.zip", inner)
    return out.getvalue()


def check(found: Opened) -> None:
    assert (found.layout, found.host, found.os) == ("velociraptor", "A.example.org", "windows")
    assert found.collected_at == datetime(2026, 11, 2, 8, 14, 33, 123456, UTC)
    machine = [item for item in found.items if item.collected.get("of") != "collector"]
    assert set(contents(machine)) == {
        "C/Windows/System32/winevt/Logs/Microsoft-Windows-Sysmon%4Operational.evtx",
        "D/$Extend/$UsnJrnl:$J",
        "HarddiskVolumeShadowCopy3/$MFT",
        "etc/passwd",
        "etc/shadow",
    }
    journal = next(item for item in machine if item.path == "$Extend/$UsnJrnl:$J")
    assert journal.collected["sparse_runs"] == "4096:3"
    assert journal.collected["original_size"] == "4099"
    assert "results/Generic.Client.Info/BasicInformation.json" in {item.path for item in found.items}


def test_a_velociraptor_collection_in_the_clear(tmp_path: Path) -> None:
    check(opened(tmp_path, zipped(VELOCIRAPTOR)))


def test_a_velociraptor_collection_in_data_zip(tmp_path: Path) -> None:
    check(opened(tmp_path, zipped({"data.zip": zipped(VELOCIRAPTOR)})))


def test_a_velociraptor_collection_under_a_certificate(tmp_path: Path) -> None:
    found = opened(tmp_path, x509(zipped(VELOCIRAPTOR)))
    check(found)
    assert found.scheme == "Velociraptor X509 zip of zip"
    assert found.key_id.startswith("sha256:")


def test_a_velociraptor_collection_under_a_certificate_of_others(tmp_path: Path) -> None:
    data = x509(zipped(VELOCIRAPTOR), number=5)
    check(opened(tmp_path, data, password="a long password of the collector's own"))
    (tmp_path / "work").rename(tmp_path / "done")
    for with_keys in (None, Keys()):
        with pytest.raises(Refused, match="no-matching-key"):
            opened(tmp_path, data, with_keys=with_keys)
    with pytest.raises(Refused, match="unsupported"):
        opened(tmp_path, x509(zipped(VELOCIRAPTOR), scheme="PGP"))


@pytest.mark.parametrize("nested", [False, True])
def test_a_velociraptor_collection_under_a_password(tmp_path: Path, nested: bool) -> None:
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"hello")
        for name, data in ({"data.zip": zipped(VELOCIRAPTOR)} if nested else VELOCIRAPTOR).items():
            archive.writestr(name, data)
    check(opened(tmp_path, out.getvalue(), password="hello"))


def test_the_flat_form_of_old_velociraptors(tmp_path: Path) -> None:
    found = opened(
        tmp_path,
        zipped({"Windows.System.Pslist/Processes.json": b"{}\n", "Generic.Client.Info/BasicInformation.json": b"{}\n"}),
        name="Collection-PC_1-2026-11-02T08_14_33Z.zip",
    )
    assert (found.layout, found.host) == ("velociraptor", "PC_1")
    assert [item.path for item in found.items] == [
        "Windows.System.Pslist/Processes.json",
        "Generic.Client.Info/BasicInformation.json",
    ]


HEADER = "ComputerName,VolumeID,ParentFRN,FRN,FullName,SampleName,SizeInBytes,MD5,SHA1,AttrType,AttrName,SnapshotID\r\n"
CLEAR = "{00000000-0000-0000-0000-000000000000}"


def get_this(*samples: tuple[str, str, str, str, str]) -> bytes:
    lines = [
        f"SRV-1,{serial},0x1,0x2,{full},{sample},3,M,S,$DATA,{stream},{snapshot}\r\n"
        for serial, full, sample, stream, snapshot in samples
    ]
    return ("\ufeff" + HEADER + "".join(lines)).encode()


EVENTS = {
    "GetThis.csv": get_this(
        ("0xAB", "\\Windows\\System32\\winevt\\Logs\\System.evtx", "evtx\\01_System.evtx_data", "", CLEAR),
        ("0xCD", "\\Data\\x.log", "evtx\\02_x.log_data", "", CLEAR),
        ("0xAB", "\\$Extend\\$UsnJrnl", "evtx\\03_$UsnJrnl_$J_data", "$J", CLEAR),
        ("0xAB", "\\Windows\\a.evtx", "evtx\\04_a.evtx_data", "", "{11111111-2222-3333-4444-555555555555}"),
    ),
    "evtx/01_System.evtx_data": b"one",
    "evtx/02_x.log_data": b"two",
    "evtx/03_$UsnJrnl_$J_data": b"usn",
    "evtx/04_a.evtx_data": b"old",
    "evtx/05_unlisted_data": b"???",
}
PLACED = {
    "C/Windows/System32/winevt/Logs/System.evtx": b"one",
    "CD/Data/x.log": b"two",
    "C/$Extend/$UsnJrnl:$J": b"usn",
    "C@11111111-2222-3333-4444-555555555555/Windows/a.evtx": b"old",
}


def test_dfir_orc_by_its_table(tmp_path: Path) -> None:
    data = enveloped(journalled(sevened({"Event.7z": sevened(EVENTS), "netstat.txt": b"x"})))
    found = opened(tmp_path, data)
    assert (found.layout, found.host, found.os) == ("dfir-orc", "SRV-1", "windows")
    machine = [item for item in found.items if item.collected.get("of") != "collector"]
    assert contents(machine) == PLACED
    assert machine[0].collected["md5"] == "M"
    assert {item.path for item in found.items if item not in machine} == {
        "netstat.txt",
        "Event.7z/GetThis.csv",
        "Event.7z/evtx/05_unlisted_data",
    }


def test_a_zip_of_all_that_dfir_orc_wrote(tmp_path: Path) -> None:
    archive = sevened({"Event.7z": sevened(EVENTS)})
    data = zipped(
        {
            "DFIR-ORC_Server_SRV-1_Little.7z": archive,
            "DFIR-ORC_Server_SRV-1_General.7z.p7b": enveloped(journalled(sevened({"a.csv": b"x"}))),
            "DFIR-ORC_SRV-1_Outcome.json": b"{}",
        }
    )
    found = opened(tmp_path, data)
    assert found.layout == "dfir-orc"
    machine = [item for item in found.items if item.collected.get("of") != "collector"]
    assert contents(machine) == PLACED
    assert found.rejected == []
    assert found.key_id.startswith("sha256:")


LOG = (
    "CopiedTimestamp,SourceFile,DestinationFile,FileSize,SourceFileSha1,DeferredCopy,CreatedOnUtc,ModifiedOnUtc\r\n"
    "2026-11-05T01:02:03.1234567,C:\\$Extend\\$UsnJrnl:$J,E:\\out\\C\\$Extend\\$J,3,ABC,True,2026-01-01,2026-01-02\r\n"
    "2026-11-05T01:02:04,D:\\Données\\x.log,E:\\out\\D\\Données\\x.log,1,DEF,True,2026-01-01,2026-01-02\r\n"
)


@pytest.mark.parametrize("folder", ["", "Collecte/"])
def test_kape_by_its_copy_log(tmp_path: Path, folder: str) -> None:
    members = {
        f"{folder}C/$Extend/$J": b"usn",
        f"{folder}C/Users/a/NTUSER.DAT": b"regf",
        f"{folder}D/Données/x.log": b"x",
        f"{folder}D/$MFT": b"FILE",
        f"{folder}2026_CopyLog.csv": ("\ufeff" + LOG).encode(),
    }
    found = opened(tmp_path, zipped(members), name="2026-11-05T010203_PC-1.zip")
    assert (found.layout, found.host, found.os) == ("kape", "PC-1", "windows")
    assert found.collected_at == datetime(2026, 11, 5, 1, 2, 4, tzinfo=UTC)
    machine = {item.path: item for item in found.items if item.collected.get("of") != "collector"}
    assert set(machine) == {"$Extend/$UsnJrnl:$J", "Users/a/NTUSER.DAT", "Données/x.log", "$MFT"}
    assert machine["Données/x.log"].volume == "D"
    assert machine["$Extend/$UsnJrnl:$J"].collected["sha1"] == "ABC"
    assert [item.path for item in found.items if item.path not in machine] == ["2026_CopyLog.csv"]


def test_uac_below_its_root(tmp_path: Path) -> None:
    tar = tarred(
        {
            "[root]/etc/hostname": b"web-1\n",
            "[root]/var/log/auth.log": b"x",
            "[root]/var/log/syslog.1.gz": gzip.compress(b"a log"),
            "live_response/process/ps.txt": b"PID",
            "uac.log": b"Operating System: linux\n",
        }
    )
    found = opened(tmp_path, gzip.compress(tar), name="uac-other-linux-20261102081433.tar.gz")
    assert (found.layout, found.host, found.os) == ("uac", "web-1", "linux")
    assert found.collected_at == datetime(2026, 11, 2, 8, 14, 33, tzinfo=UTC)
    machine = [item.path for item in found.items if item.collected.get("of") != "collector"]
    assert machine == ["etc/hostname", "var/log/auth.log", "var/log/syslog.1.gz"]
    assert found.rejected == []


def test_scout_by_its_own_manifest(tmp_path: Path) -> None:
    said = {"host": "PC-2", "os": "Windows 11", "collected_at": "2026-11-05T01:02:03+01:00"}
    found = opened(tmp_path, zipped({"scout.json": json.dumps(said).encode(), "C/$MFT": b"FILE0"}))
    assert (found.layout, found.host, found.os) == ("scout", "PC-2", "Windows 11")
    assert found.collected_at == datetime(2026, 11, 5, 0, 2, 3, tzinfo=UTC)


def test_cylr_and_what_is_nobodys(tmp_path: Path) -> None:
    found = opened(tmp_path, zipped({"C/$MFT": b"FILE0", "CyLR_Collection_Log.txt": b"x"}), name="cylr-PC-3.zip")
    assert (found.layout, found.host) == ("cylr", "PC-3")
    (tmp_path / "work").rename(tmp_path / "done")
    found = opened(tmp_path, zipped({"Windows/System32/config/SYSTEM": b"regf", "notes.txt": b"x"}))
    assert (found.layout, found.host, found.os) == ("plain", "", "windows")
    assert [(item.volume, item.path) for item in found.items] == [
        ("", "Windows/System32/config/SYSTEM"),
        ("", "notes.txt"),
    ]


@pytest.mark.parametrize("table", [b"\xff\xfe\x00", b'a,b\n"' + b"x" * 300_000, b"\0" * 1000, b"[[[[" * 5000, b""])
def test_a_table_that_lies_spoils_nothing(tmp_path: Path, table: bytes) -> None:
    names = ["GetThis.csv", "CopyLog.csv", "uploads.json", "client_info.json", "scout.json", "uploads/auto/x.idx"]
    for number, name in enumerate(names):
        found = opened(tmp_path, zipped({name: table, "C/$MFT": b"FILE0", "uploads/auto/x": b"x"}), with_keys=Keys())
        assert len(found.items) >= 2, number
        (tmp_path / "work").rename(tmp_path / f"done{number}")


def test_the_file_name_hints_at_host_and_time() -> None:
    when = datetime(2026, 11, 2, 8, 14, 33, tzinfo=UTC)
    assert hint("Collection-TP-07_univ_fr-2026-11-02T08_14_33Z.zip") == ("TP-07_univ_fr", when)
    assert hint("DFIR-ORC_WorkStation_PC-LABO-12_Little.7z.p7b") == ("PC-LABO-12", None)
    assert hint("2026-11-02T081433_PC-COMPTA-03.zip.age") == ("PC-COMPTA-03", when)
    assert hint("uac-web.example-linux-20261102081433.tar.gz") == ("web.example", when)
    assert hint("PC-9_20261102081433.tar.enc") == ("PC-9", when)
    assert hint("holiday pictures.zip") == ("", None)
