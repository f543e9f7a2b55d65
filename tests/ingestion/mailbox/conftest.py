"""Members who forward, mails as their programs write them, and a domain that signs."""

from __future__ import annotations

import base64
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pytest_django import Settings

from ingestion.mailbox.keys import make_key
from iocmarket.accounts.models import Member
from iocmarket.audit.services import PLATFORM
from iocmarket.kernel import clock
from tests.factories import make_institution, make_member

ADDRESS = "ioc@ioc.example"
FROM = "lea.martin@univ-meriane.fr"
VICTIM = "compta.paie@univ-meriane.fr"
PHISHING = (
    "Bonjour,\n\nvotre boîte est pleine : hxxps://connexion-cas-valbrune[.]top/login?u=compta.paie@univ-meriane.fr\n"
    "et https://connexion-cas-valbrune.top/p?m=compta.paie%40univ-meriane.fr\n"
)
INLINE = (
    "Reçu ce matin.\n\n-------- Message transféré --------\nSujet : Votre boîte est pleine\n"
    "Date : Mon, 9 Nov 2026 08:00:00 +0100\nDe : Support <support@mail-alerte-quota.top>\n"
    f"Pour : Service paie <{VICTIM}>,\n Léa Martin <{FROM}>\n\n{PHISHING}"
)


@pytest.fixture(autouse=True)
def _open(settings: Settings) -> None:
    """The community takes mails."""
    settings.MAILBOX_ADDRESS = ADDRESS
    settings.LIMITS = {"*": "0"}


@pytest.fixture
def lea(db: None) -> Member:
    """A contributor whose address is verified."""
    return make_member(make_institution("Université de la Mériane"), email=FROM)


def address_for(member: Member) -> str:
    """A new address of a member's own."""
    return make_key(member, actor=PLATFORM).address


def secret_for(member: Member) -> str:
    """The key in it."""
    return address_for(member).partition("+")[2].partition("@")[0]


def mail(
    text: str = INLINE, *, subject: str = "TR: Votre boîte est pleine", to: str = ADDRESS, **more: str
) -> EmailMessage:
    """As a mail program writes it; `more`: headers."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Léa Martin <{FROM}>", to, subject
    made["Date"], made["Message-ID"] = format_datetime(clock.now()), "<1@univ-meriane.fr>"
    for name, value in more.items():
        del made[name.replace("_", "-")]
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def with_attached(outer: EmailMessage, inner: EmailMessage) -> EmailMessage:
    """The same, with a mail attached."""
    outer.add_attachment(inner)
    return outer


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signed(made: EmailMessage, *, domain: str = "univ-meriane.fr", covered: str = "from to subject date") -> bytes:
    """Signed as the domain's server does."""
    data = made.as_bytes(policy=made.policy.clone(linesep="\r\n"))
    private = _key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    headers = [name.encode() for name in covered.split()]
    return bytes(dkim.sign(data, b"s1", domain.encode(), private, include_headers=headers)) + data


@pytest.fixture
def texts() -> Callable[[str], bytes | None]:
    """The DNS: the key stands at the selector of one domain, and of another one that is the attacker's."""
    public = (
        _key().public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    names = {"s1._domainkey.univ-meriane.fr.", "s1._domainkey.attacker.top."}
    return lambda name: record if name in names else None
