"""age, CMS, JRNL, acquire and the compressed streams: opened by the right key, refused for the reason that it is."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest
import zstandard

from ingestion.evidence.containers.base import Caps, Keys, Refused

from .making import TREE, contents, identity, left, opened, rsa_key, sevened, tarred, zipped
from .sealing import Way, acquired, enveloped, journalled, tlv

ARCHIVE = zipped(TREE)


def refusal(tmp_path: Path, data: bytes, *, with_keys: Keys | None = None, caps: Caps | None = None) -> str:
    """The code, nothing left behind."""
    with pytest.raises(Refused) as refused:
        opened(tmp_path, data, with_keys=with_keys, caps=caps)
    assert left(tmp_path) == []
    return refused.value.code


@pytest.mark.parametrize("armoured", [False, True])
def test_age_is_opened_by_whichever_identity_fits(tmp_path: Path, armoured: bool) -> None:
    stranger = pyrage.x25519.Identity.generate().to_public()
    data = pyrage.encrypt(ARCHIVE, [stranger, identity().to_public()], armored=armoured)
    found = opened(tmp_path, data)
    assert contents(found.items) == TREE
    assert found.scheme == "age x25519 of zip"
    assert found.key_id == ("" if armoured else str(identity().to_public()))


def test_age_of_others_is_refused(tmp_path: Path) -> None:
    stranger = pyrage.x25519.Identity.generate().to_public()
    data = pyrage.encrypt(ARCHIVE, [stranger])
    assert refusal(tmp_path, data) == "no-matching-key"
    assert refusal(tmp_path, data, with_keys=Keys()) == "no-matching-key"
    assert refusal(tmp_path, pyrage.encrypt(ARCHIVE, [stranger], armored=True)) == "no-matching-key"


def test_age_under_a_passphrase_is_told_as_that(tmp_path: Path) -> None:
    assert refusal(tmp_path, pyrage.passphrase.encrypt(ARCHIVE, "secret")) == "passphrase-age"


def test_age_that_was_changed_or_cut_off_is_refused(tmp_path: Path) -> None:
    data = pyrage.encrypt(ARCHIVE, [identity().to_public()])
    assert refusal(tmp_path, data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]) == "authentication-failed"
    assert refusal(tmp_path, data[:-40]) == "authentication-failed"
    assert refusal(tmp_path, data[:60]) == "truncated"


@pytest.mark.parametrize(
    "way",
    [
        Way(),
        Way("aes256_cbc", "oaep", indefinite=False),
        Way("aes256_cbc", "oaep-sha256"),
        Way("aes192_cbc", "pkcs1", indefinite=False, pieces=0),
        Way("tripledes_3key", "pkcs1"),
        Way("tripledes_3key", "oaep", indefinite=False, pieces=1000),
        Way("aes128_cbc", "pkcs1", pieces=5),
    ],
    ids=lambda way: f"{way.cipher}-{way.wrapping}-{way.indefinite}-{way.pieces}",
)
def test_cms_of_every_kind_is_opened(tmp_path: Path, way: Way) -> None:
    data = enveloped(ARCHIVE, [rsa_key(2048, 7), rsa_key(), rsa_key(1024, 8)], way)
    found = opened(tmp_path, data)
    assert contents(found.items) == TREE
    assert found.key_id.startswith("sha256:")
    assert "3 recipients of zip" in found.scheme


def test_cms_reads_pieces_of_pieces(tmp_path: Path) -> None:
    flat = enveloped(ARCHIVE, way=Way(pieces=0))
    whole = len(ARCHIVE) // 16 * 16
    start = len(flat) - 10 - len(tlv(0x04, bytes(whole)) + tlv(0x04, bytes(16)))
    nested = flat[:start] + b"\x24\x80" + tlv(0x24, flat[start:-10]) + b"\0\0" + flat[-10:]
    assert contents(opened(tmp_path, nested).items) == TREE


@pytest.mark.parametrize("wrapping", ["oaep", "pkcs1"])
def test_cms_for_others_is_refused(tmp_path: Path, wrapping: str) -> None:
    data = enveloped(ARCHIVE, [rsa_key(2048, 7), rsa_key(2048, 8)], Way(wrapping=wrapping))
    assert refusal(tmp_path, data) == "not-a-recipient"
    assert refusal(tmp_path, data, with_keys=Keys()) == "not-a-recipient"


@pytest.mark.parametrize("indefinite", [False, True])
def test_cms_that_is_cut_off_is_refused_wherever(tmp_path: Path, indefinite: bool) -> None:
    data = enveloped(ARCHIVE, way=Way(indefinite=indefinite))
    for size in (60, 200, len(data) // 2, len(data) - 11):
        assert refusal(tmp_path, data[:size]) == "truncated"


def test_cms_with_a_cipher_that_nobody_should_use_is_refused(tmp_path: Path) -> None:
    data = enveloped(ARCHIVE).replace(bytes.fromhex("0609608648016503040102"), bytes.fromhex("0609608648016503040106"))
    assert refusal(tmp_path, data) == "unsupported"


def test_what_dfir_orc_writes_is_replayed(tmp_path: Path) -> None:
    found = opened(tmp_path, enveloped(journalled(sevened(TREE))))
    assert contents(found.items) == TREE
    assert found.scheme.endswith("of journal of 7z")


def test_a_journal_that_ends_early_or_leads_nowhere_is_refused(tmp_path: Path) -> None:
    whole = journalled(sevened(TREE))
    assert refusal(tmp_path, whole[:-16]) == "truncated"
    assert refusal(tmp_path, whole[:100]) == "truncated"
    assert refusal(tmp_path, whole[:-16] + b"JUMP" + whole[-12:]) == "damaged"
    back = b"SEEK\0\0\0\0" + (2**64 - 5).to_bytes(8, "little")
    assert refusal(tmp_path, whole[:8] + back) == "damaged"
    far = b"SEEK\0\0\0\0" + (2**62).to_bytes(8, "little")
    assert refusal(tmp_path, whole[:8] + far) in {"too-large", "damaged"}


def test_acquire_is_opened_and_checked_to_its_end(tmp_path: Path) -> None:
    data = acquired(tarred({"fs/C:/Windows/System32/config/SYSTEM": b"regf", "$metadata$/report.csv": b"a,b\n"}))
    found = opened(tmp_path, data, name="PC-9_20260101120000.tar.enc")
    assert (found.layout, found.host, found.os) == ("acquire", "PC-9", "windows")
    assert contents(found.items) == {"C/Windows/System32/config/SYSTEM": b"regf", "$metadata$/report.csv": b"a,b\n"}
    assert found.key_id.startswith("sha256:")
    (tmp_path / "work").rename(tmp_path / "done")
    assert refusal(tmp_path, data[:700] + bytes([data[700] ^ 1]) + data[701:]) == "authentication-failed"
    assert refusal(tmp_path, data[:-9]) == "truncated"
    assert refusal(tmp_path, data[:100]) == "truncated"
    assert refusal(tmp_path, acquired(ARCHIVE, rsa_key(2048, 7))) == "no-matching-key"


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}


@pytest.mark.parametrize("name", sorted(COMPRESSIONS))
def test_a_compressed_tar_is_opened_and_a_part_of_it_refused(tmp_path: Path, name: str) -> None:
    noise = bytes((at * at * 31 + at // 7) % 251 for at in range(30_000)) * 10
    tree = {**TREE, "C/Users/anna/big.bin": noise}
    tar = tarred(tree)
    half = len(tar) // 2
    pack = COMPRESSIONS[name]
    whole = pack(tar[:half]) + pack(tar[half:])
    found = opened(tmp_path, whole)
    assert contents(found.items) == tree
    assert found.scheme == f"{name} of tar"
    (tmp_path / "work").rename(tmp_path / "done")
    assert refusal(tmp_path, whole[:-3]) == "truncated"
    middle = len(whole) // 3
    assert refusal(tmp_path, whole[:middle] + b"\xff" * 64 + whole[middle + 64 :]) in {"damaged", "truncated"}


@pytest.mark.parametrize("name", sorted(COMPRESSIONS))
def test_a_bomb_is_stopped_while_it_is_unpacked(tmp_path: Path, name: str) -> None:
    data = COMPRESSIONS[name](bytes(6 << 20))
    assert refusal(tmp_path, data, caps=Caps(bytes=1 << 20)) == "too-large"


def test_what_is_only_compressed_is_no_archive(tmp_path: Path) -> None:
    assert refusal(tmp_path, gzip.compress(b"a log")) == "not-an-archive"


def test_envelopes_of_envelopes_end_somewhere(tmp_path: Path) -> None:
    data = ARCHIVE
    for _ in range(7):
        data = gzip.compress(data)
    assert contents(opened(tmp_path, data).items) == TREE
    (tmp_path / "work").rename(tmp_path / "done")
    assert refusal(tmp_path, gzip.compress(data)) == "too-deep"


def test_a_key_of_the_platform_that_is_none_is_the_operators_fault(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="age identity"):
        opened(tmp_path, ARCHIVE, with_keys=Keys(("AGE-SECRET-KEY-1X",)))
    with pytest.raises(ValueError, match="RSA key"):
        opened(tmp_path, ARCHIVE, with_keys=Keys((), (b"-----BEGIN",)))


@pytest.mark.parametrize("kind", ["age", "cms", "acquire", "journal", "zstd"])
def test_no_change_of_bytes_gives_anything_but_an_answer(tmp_path: Path, kind: str) -> None:
    makers = {"age": _aged, "cms": enveloped, "acquire": acquired, "journal": journalled, "zstd": zstandard.compress}
    data = makers[kind](ARCHIVE)
    chance = random.Random(7)
    for _ in range(30):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(min(len(changed), chance.choice([400, 1 << 20])))] = chance.randrange(256)
        try:
            found = opened(tmp_path, bytes(changed))
        except Refused:
            assert left(tmp_path) == []
        else:
            assert sorted(left(tmp_path)) == sorted(item.file for item in found.items)
        for path in left(tmp_path):
            path.unlink()


def _aged(data: bytes) -> bytes:
    return bytes(pyrage.encrypt(data, [identity().to_public()]))
