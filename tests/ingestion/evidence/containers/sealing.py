"""Envelopes as DFIR-ORC, openssl and acquire write them."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from asn1crypto import algos, cms, core, x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, GCM

from ingestion.evidence.containers.decoding import digest_of

from .making import rsa_key


@dataclass(frozen=True)
class Way:
    """How a CMS is made."""

    cipher: str = "aes128_cbc"
    wrapping: str = "oaep"
    """"oaep", "oaep-sha256" (also in the mask, with a label) or "pkcs1"."""
    indefinite: bool = True
    pieces: int = 4096
    """Bytes of each piece of the content, 0 for one piece."""


CIPHERS: dict[str, tuple[Callable[[bytes], BlockCipherAlgorithm], int, int]] = {
    "aes128_cbc": (AES, 16, 16),
    "aes192_cbc": (AES, 24, 16),
    "aes256_cbc": (AES, 32, 16),
    "tripledes_3key": (TripleDES, 24, 8),
}


def enveloped(data: bytes, recipients: Iterable[rsa.RSAPrivateKey] = (), way: Way | None = None) -> bytes:
    """CMS EnvelopedData of that for those, our own key by default."""
    return b"".join(enveloping([data], recipients, way))


def enveloping(
    data: Iterable[bytes], recipients: Iterable[rsa.RSAPrivateKey] = (), way: Way | None = None
) -> Iterator[bytes]:
    """The same a piece at a time, in indefinite lengths if the content is in more than one."""
    how = way or Way()
    make, key_bytes, block = CIPHERS[how.cipher]
    secret, iv = os.urandom(key_bytes), os.urandom(block)
    infos = cms.RecipientInfos([_recipient(key, secret, how.wrapping) for key in list(recipients) or [rsa_key()]])
    said = algos.EncryptionAlgorithm({"algorithm": how.cipher, "parameters": core.OctetString(iv)})
    start = core.Integer(0).dump() + infos.dump()
    inner = cms.ContentType("data").dump() + said.dump()
    sealed = _encrypted(data, Cipher(make(secret), CBC(iv)), block)
    outer = cms.ContentType("enveloped_data").dump()
    if how.indefinite:
        yield b"\x30\x80" + outer + b"\xa0\x80\x30\x80" + start + b"\x30\x80" + inner + b"\xa0\x80"
        for piece in sealed:
            for at in range(0, len(piece), how.pieces or len(piece)):
                yield core.OctetString(piece[at : at + (how.pieces or len(piece))]).dump()
        yield b"\0" * 10
        return
    content = b"".join(sealed)
    if how.pieces:
        parts = [core.OctetString(content[at : at + how.pieces]).dump() for at in range(0, len(content), how.pieces)]
        wrapped = tlv(0xA0, b"".join(parts))
    else:
        wrapped = tlv(0x80, content)
    yield tlv(0x30, outer + tlv(0xA0, tlv(0x30, start + tlv(0x30, inner + wrapped))))


def tlv(octet: int, content: bytes) -> bytes:
    """One element of definite length."""
    size = len(content)
    if size < 0x80:
        return bytes([octet, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([octet, 0x80 | len(octets)]) + octets + content


def _encrypted(data: Iterable[bytes], cipher: Cipher[CBC], block: int) -> Iterator[bytes]:
    encryptor = cipher.encryptor()
    size = 0
    for piece in data:
        size += len(piece)
        if done := encryptor.update(piece):
            yield done
    count = block - size % block
    yield encryptor.update(bytes([count]) * count) + encryptor.finalize()


def _recipient(key: rsa.RSAPrivateKey, secret: bytes, wrapping: str) -> cms.RecipientInfo:
    public = key.public_key()
    if wrapping == "pkcs1":
        said = cms.KeyEncryptionAlgorithm({"algorithm": "rsaes_pkcs1v15"})
        sealed = public.encrypt(secret, padding.PKCS1v15())
    elif wrapping == "oaep":
        said = cms.KeyEncryptionAlgorithm(
            {"algorithm": "rsaes_oaep", "parameters": algos.RSAESOAEPParams.load(b"\x30\0")}
        )
        sealed = public.encrypt(secret, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
    else:
        digest = {"algorithm": "sha256"}
        said = cms.KeyEncryptionAlgorithm(
            {
                "algorithm": "rsaes_oaep",
                "parameters": {
                    "hash_algorithm": digest,
                    "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": digest},
                    "p_source_algorithm": {"algorithm": "p_specified", "parameters": b"orc"},
                },
            }
        )
        sealed = public.encrypt(secret, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"orc"))
    issuer = cms.IssuerAndSerialNumber({"issuer": x509.Name.build({"common_name": "test"}), "serial_number": 7})
    info = {"version": "v0", "rid": cms.RecipientIdentifier("issuer_and_serial_number", issuer)}
    return cms.RecipientInfo("ktri", {**info, "key_encryption_algorithm": said, "encrypted_key": sealed})


def journalled(data: bytes) -> bytes:
    """What DFIR-ORC makes of a 7z: its first 32 bytes are written last."""
    operation = struct.Struct("<4sIQ")
    body = operation.pack(b"WRIT", 0, 32) + bytes(32) + operation.pack(b"WRIT", 0, len(data) - 32) + data[32:]
    end = operation.pack(b"SEEK", 0, 0) + operation.pack(b"WRIT", 0, 32) + data[:32] + operation.pack(b"CLOS", 0, 0)
    return b"JRNL\x02\0\0\0" + body + end


def acquired(data: bytes, key: rsa.RSAPrivateKey | None = None) -> bytes:
    """acquire's encryption of that."""
    chosen = key or rsa_key()
    secret, iv = os.urandom(32), os.urandom(12)
    inner = struct.pack("<12sBBBB", b"KUSJESVANSRT", 1, 32, 12, 0) + secret + iv
    sealed = chosen.public_key().encrypt(inner, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
    head = struct.pack("<16sBBHQ32s", b"ENCRYPTEDACQUIRE", 1, 1, len(sealed), 1_793_600_000, digest_of(chosen)) + sealed
    encryptor = Cipher(AES(secret), GCM(iv)).encryptor()
    encryptor.authenticate_additional_data(head)
    body = encryptor.update(data) + encryptor.finalize()
    return head + body + encryptor.tag + struct.pack("<6sH", b"FOOTER", 16)
