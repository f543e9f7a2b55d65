"""The sample archives that lie outside the project, read in place, and what is expected of them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyrage
import pytest
import pyzipper
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from ingestion.evidence.artefacts.base import Artefact, Context, Fault, Parser, Summary
from ingestion.evidence.containers.base import Item
from ingestion.evidence.records import Recorder, fit

EVIDENCE = Path(os.environ.get("IOCMARKET_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data") / "evidence"
AGE = "2026-11-03T101500_PC-COMPTA-03.zip.age"
VELOCIRAPTOR = "Collection-TP-07_univ-exemple_fr-2026-11-02T08_14_33Z.zip"


@dataclass
class Parsed:
    """What a parser gave, its records whole."""

    records: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def require() -> None:
    """Skip where the samples are absent."""
    if not EVIDENCE.is_dir():
        pytest.skip(f"the archives are not in {EVIDENCE.parent}; set IOCMARKET_SHARED_DATA")


def expected(archive: str) -> dict[str, Any]:
    """What its EXPECTED.json says."""
    found: dict[str, Any] = json.loads((EVIDENCE / f"{archive}.EXPECTED.json").read_text())
    return found


@cache
def members(archive: str) -> dict[str, bytes]:
    """The files of an archive by the name in it, decoded from what its collector makes of it."""
    content = (EVIDENCE / archive).read_bytes()
    if archive == AGE:
        words = (EVIDENCE / "keys" / "platform.age.key").read_text().split()
        key = next(word for word in words if word.startswith("AGE-SECRET-KEY-"))
        content = pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(key)])
    elif archive == VELOCIRAPTOR:
        content = _velociraptor(content)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name.replace("%3A", ":").replace("%25", "%"): opened.read(name) for name in opened.namelist()}


def _velociraptor(content: bytes) -> bytes:
    key = load_pem_private_key((EVIDENCE / "keys" / "platform.key.pem").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    with pyzipper.AESZipFile(io.BytesIO(content)) as outer:
        sealed = base64.b64decode(json.loads(outer.read("metadata.json"))[0]["EncryptedPass"])
        outer.setpassword(key.decrypt(sealed, padding.OAEP(padding.MGF1(hashes.SHA512()), hashes.SHA512(), None)))
        inner: bytes = outer.read("data.zip")
        return inner


def member(archive: str, path: str) -> bytes:
    """One file by the end of its name."""
    return next(content for name, content in members(archive).items() if name.endswith(path))


def artefact(folder: Path, content: bytes, path: str, beside: Iterable[tuple[str, bytes]] = ()) -> Artefact:
    """A file on disk as a parser gets it; `beside` it lie others of its machine."""
    others = {name.lower(): _item(folder, other, name) for name, other in beside}
    context = Context(
        layout="plain", host="pc-1.example.org", os="Windows 10", siblings=lambda name: others.get(name.lower())
    )
    return Artefact(_item(folder, content, path), context)


def _item(folder: Path, content: bytes, path: str) -> Item:
    digest = hashlib.sha256(content).hexdigest()
    file = folder / f"{digest[:16]}.item"
    file.write_bytes(content)
    return Item(file, path, path, len(content), digest, volume="C")


def parsed(parser: Parser, one: Artefact) -> Parsed:
    """Everything that a parser gives for it, each record whole, fit and of an id of its own."""
    found, recorder = Parsed(), Recorder(one, parser)
    for part in parser.parse(one):
        if isinstance(part, Fault):
            found.faults.append(part)
        elif isinstance(part, Summary):
            found.facts = dict(part.facts)
        else:
            whole = recorder.record(part)
            assert fit(whole) == []
            assert whole["event.dataset"] in parser.datasets
            found.records.append(whole)
    ids = [whole["event.id"] for whole in found.records]
    assert len(set(ids)) == len(ids)
    return found
