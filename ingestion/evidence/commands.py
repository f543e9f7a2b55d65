"""Ready commands by which collectors encrypt to the platform, from its public keys. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Key(Protocol):
    """The public half of a pair."""

    age_recipient: str
    certificate: str


@dataclass(frozen=True, slots=True)
class Ready:
    """One block to copy."""

    tool: str
    what: str | Promise
    text: str


def commands(key: Key, url: str) -> list[Ready]:
    """For each collector, what it is given; and how the archive is sent."""
    certificate = key.certificate.strip()
    inside = "\n".join(f"      {line}" for line in certificate.splitlines())
    return [
        Ready("age", _("any archive, encrypted"), f"age -r {key.age_recipient} -o collection.zip.age collection.zip"),
        Ready(
            "OpenSSL", _("any archive, encrypted to the certificate in platform.pem"),
            "openssl cms -encrypt -binary -stream -aes-256-cbc -outform DER \\\n"
            "  -in collection.7z -out collection.7z.p7b platform.pem",
        ),
        Ready(
            "DFIR-ORC", _("element of DFIR-ORC_embed.xml, before the tool is configured"),
            f"<recipient name=\"platform\" archive=\"*\"><![CDATA[{certificate}]]></recipient>",
        ),
        Ready(
            "Velociraptor", _("arguments of Server.Utils.CreateCollector"),
            "encryption_scheme: X509\nencryption_args:\n  public_key: |\n" + inside,
        ),
        Ready(
            "KAPE", _("collect, zip, encrypt with age"),
            "kape.exe --tsource C: --tdest C:\\kape --target KapeTriage --zip collection\n"
            f"age.exe -r {key.age_recipient} -o collection.zip.age C:\\kape\\collection.zip",
        ),
        Ready(
            "curl", _("send it, with a token of the scope evidence:write"),
            "curl -fsS -H 'Authorization: Bearer TOKEN' -T collection.zip.age \\\n"
            f"  '{url}/api/v1/evidence/archives/'",
        ),
    ]  # fmt: skip
