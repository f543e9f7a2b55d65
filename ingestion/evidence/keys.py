"""The platform's keys: one age identity and one RSA-3072 certificate, made at the first start of the evidence worker.

The private halves lie in files that only the worker reads (EVIDENCE_KEYS_DIR); the public halves are rows, from which
everybody else works: whoever breaks into the web server opens no archive.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyrage
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from pyrage import x25519

from ingestion.evidence.models import PlatformKey
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.settings.keys import write_once

BITS = 3072
VALID = timedelta(days=3653)
"""Ten years: a collector with the certificate in it lies in a drawer until the day it is needed."""


@dataclass(frozen=True, slots=True)
class Private:
    """What opens archives: all pairs, the newest first. `repr` tells nothing."""

    age: tuple[str, ...]
    pem: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"Private({len(self.age)} pairs)"

    def identities(self) -> list[x25519.Identity]:
        """As pyrage wants them."""
        return [x25519.Identity.from_str(text) for text in self.age]


def current() -> PlatformKey:
    """The pair that collectors are told of now. Raises Refusal(`no_evidence_keys`) before there is one."""
    found = PlatformKey.objects.order_by("-created_at", "-pk").first()
    if found is None:
        raise Refusal("no_evidence_keys", "the evidence worker has not made its keys yet")
    return found


def recipient() -> x25519.Recipient:
    """To whom everything is encrypted on arrival. Raises Refusal like `current`."""
    return x25519.Recipient.from_str(current().age_recipient)


def sealed(secret: str) -> str:
    """A secret that the evidence worker alone reads again; empty stays empty. Raises Refusal like `current`."""
    return base64.b64encode(pyrage.encrypt(secret.encode(), [recipient()])).decode() if secret else ""


def opened(secret: str, private: Private) -> str:
    """The secret again. Raises pyrage.DecryptError without the key."""
    return pyrage.decrypt(base64.b64decode(secret), private.identities()).decode() if secret else ""


def ensure() -> Private:
    """The private keys, made when there are none, and their public halves told. For the evidence worker alone."""
    folder: Path = settings.EVIDENCE_KEYS_DIR
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not any(folder.glob("*.json")):
        _make(folder)
    pairs = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"), reverse=True)]
    for pair in reversed(pairs):
        PlatformKey.objects.get_or_create(
            fingerprint=pair["fingerprint"],
            defaults={"age_recipient": pair["age_recipient"], "certificate": pair["certificate"]},
        )
    return Private(tuple(pair["age"] for pair in pairs), tuple(pair["private_key"].encode() for pair in pairs))


def renew() -> None:
    """Draw another pair, which collectors are told of from now on; what was encrypted to older ones is still opened.

    Its name sorts behind that of a pair of the same day.
    """
    ensure()
    folder: Path = settings.EVIDENCE_KEYS_DIR
    write_once(folder / f"{clock.now():%Y%m%dT%H%M%S%f}.json", lambda: json.dumps(_drawn()))
    ensure()


def _make(folder: Path) -> None:
    """Draw the first pair; of two starters at once both read the first one's."""
    write_once(folder / f"{clock.now():%Y%m%d}.json", lambda: json.dumps(_drawn()))


def _drawn() -> dict[str, str]:
    identity = x25519.Identity.generate()
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    certificate = _certificate(key)
    return {
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
        "age": str(identity),
        "age_recipient": str(identity.to_public()),
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
    }


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    """Self-signed: collectors take it as it is, from a page that TLS protects; keyEncipherment is what they use."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "IOC market evidence")])
    moment = clock.now()
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=True, data_encipherment=True,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return built.sign(key, hashes.SHA256())
