"""No recipient of a mail is in anything that a reader of mails gives back, in any spelling."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
from email import message_from_bytes, policy
from email.utils import getaddresses
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from django.conf import settings

from ingestion.readers.files import Opened
from ingestion.readers.recipients import Recipients
from iocmarket.kernel.decision import Refusal
from tests.ingestion.readers.whole_files import compound_file, opened, refusals, told, values

SHARED = Path(os.environ.get("IOCMARKET_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data")
VICTIM = "jeanne.martin@univ-valbrune.fr"


def coded(text: str, ahead: str = "") -> str:
    """Base64 for links, without padding, with something ahead of the text."""
    return base64.urlsafe_b64encode(f"{ahead}{text}".encode()).decode().rstrip("=")


SPELLINGS = {
    "plain": VICTIM,
    "capitals": VICTIM.upper(),
    "percent": quote(VICTIM, safe=""),
    "twice": quote(quote(VICTIM, safe=""), safe=""),
    "every-letter": "".join(f"%{ord(letter):02X}" for letter in VICTIM),
    "bounce": VICTIM.replace("@", "="),
    "base64": coded(VICTIM),
    "base64-shifted": coded(VICTIM + "&x", '{"m":"'),
    "base64-of-capitals": base64.b64encode(VICTIM.upper().encode()).decode(),
    "hexadecimal": VICTIM.encode().hex(),
    "md5": hashlib.md5(VICTIM.encode()).hexdigest(),
    "sha1": hashlib.sha1(VICTIM.encode()).hexdigest(),
    "sha256": hashlib.sha256(VICTIM.encode()).hexdigest(),
}


@pytest.fixture
def victim() -> Recipients:
    """The recipients of a mail to one."""
    to = Recipients()
    to.hear(f'"Jeanne Martin" <{VICTIM}>')
    return to


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_an_address_is_taken_out_of_links_in_every_spelling(victim: Recipients, spelling: str) -> None:
    kept = victim.erased_from_url(f"https://evil-cas.fr/a/login?next=1&u={spelling}&k=2#{spelling}")
    assert kept == "https://evil-cas.fr/a/login?next=1&u=&k=2#"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil-cas.fr/jeanne/martin",
        "https://evil-cas.fr/?u=autre.martin@univ-valbrune.fr",
        f"https://evil-cas.fr/?h={hashlib.md5(b'autre').hexdigest()}&t={coded('autre@univ-valbrune.fr')}",
        "https://univ-valbrune.fr/",
    ],
)
def test_other_links_stay_as_they_are(victim: Recipients, url: str) -> None:
    assert victim.erased_from_url(url) == url
    assert Recipients().erased_from_url(url) == url


def test_a_mailbox_alone_goes_where_it_is_a_whole_value_or_a_word(victim: Recipients) -> None:
    assert victim.erased_from_url("https://evil-cas.fr/jeanne.martin?u=jeanne.martin") == "https://evil-cas.fr/?u="
    assert victim.erased_from_words("Jeanne Martin, votre compte jeanne.martin", "…") == "…, votre compte …"


MAIL = f"""Received: from e (evil-cas.fr [185.220.101.45]) by mx.univ-valbrune.fr
\tfor <{VICTIM}>; Tue, 3 Nov 2026 08:00:00 +0100
Return-Path: <bounce+{VICTIM.replace("@", "=")}@evil-cas.fr>
Delivered-To: boite.partagee@univ-valbrune.fr
X-Original-To: dsi-alias@univ-valbrune.fr
From: "{VICTIM}" <alerte@evil-cas.fr>
Sender: {VICTIM}
Reply-To: {VICTIM}
To: "Jeanne Martin" <{VICTIM}>
Cc: paul.collegue@univ-valbrune.fr,
\tEquipe <claire.autre@labo-valbrune.fr>
Subject: Jeanne Martin : le mot de passe de {VICTIM} expire
Message-ID: <{coded(VICTIM)}@evil-cas.fr>
X-Mailer: envoi a {VICTIM}
Date: Tue, 3 Nov 2026 08:00:00 +0100
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Bonjour {VICTIM}, http://evil-cas.fr/?u={quote(VICTIM)} puis http://evil-cas.fr/{coded(VICTIM)}
> De : Chef <chef@univ-valbrune.fr>
> À : luc.transfere@univ-exemple.fr
http://evil-cas.fr/#luc.transfere@univ-exemple.fr paul.collegue@univ-valbrune.fr contact@evil-cas.fr
--b
Content-Type: text/html

<a href="mailto:{VICTIM}">x</a><a href="https://evil-cas.fr/h?{VICTIM.encode().hex()}">claire.autre@labo-valbrune.fr</a>
--b
Content-Type: application/pdf; name="facture_jeanne.martin.pdf"
Content-Disposition: attachment; filename="facture jeanne.martin.pdf"

%PDF
--b--
"""
PEOPLE = (
    "jeanne.martin", "jeanne martin", "paul.collegue", "claire.autre", "luc.transfere", "boite.partagee", "dsi-alias",
    "chef@", coded(VICTIM).lower(), VICTIM.encode().hex(),
)  # fmt: skip


def everything(found: Opened) -> str:
    """All that a reader gives back, decoded as far as links can be."""
    text = f"{told(found)!r} {found.tale!r}".lower()
    return text + unquote(unquote(text))


def test_nobody_to_whom_a_mail_went_is_in_what_is_given_back(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        found = opened("eml", MAIL.encode())
    text = everything(found) + caplog.text.lower()
    assert [person for person in PEOPLE if person in text] == []
    assert values(found)["email"] == ["alerte@evil-cas.fr", "contact@evil-cas.fr"]
    assert values(found)["url"] == [
        "http://evil-cas.fr/?u=", "http://evil-cas.fr/", "http://evil-cas.fr/#", "https://evil-cas.fr/h?",
    ]  # fmt: skip
    assert set(refusals(found)) == {"recipient"}
    assert found.tale is not None
    assert found.tale.title.endswith(": […] : le mot de passe de […] expire")


def test_nor_in_that_of_a_message_of_outlook() -> None:
    head = "Received: from e ([185.220.101.45]) by mx.univ-valbrune.fr\r\nFrom: a@evil-cas.fr\r\n"
    stored = {
        "__substg1.0_0037001F": f"Jeanne Martin, {VICTIM} expire",
        "__substg1.0_007D001F": f"{head}To: {VICTIM}\r\n",
        "__substg1.0_0E04001F": "Jeanne Martin; Paul Collegue",
        "__substg1.0_1000001F": f"http://evil-cas.fr/?u={coded(VICTIM)} http://evil-cas.fr/x?Paul.Collegue@univ-valbrune.fr",
        "__recip_version1.0_#00000000/__substg1.0_3001001F": "Paul Collegue",
        "__recip_version1.0_#00000000/__substg1.0_39FE001F": "paul.collegue@univ-valbrune.fr",
        "__attach_version1.0_#00000000/__substg1.0_3707001F": "Paul Collegue.docx",
    }
    found = opened("msg", compound_file({name: text.encode("utf-16-le") for name, text in stored.items()}))
    text = everything(found)
    assert [person for person in (*PEOPLE, "paul collegue") if person in text] == []
    assert values(found)["url"] == ["http://evil-cas.fr/?u=", "http://evil-cas.fr/x?"]


def test_nor_in_a_refusal() -> None:
    broken = MAIL.replace("Content-Type: multipart/mixed", "X-Long: " + VICTIM * 20_000 + "\nContent-Type: text/plain")
    with pytest.raises(Refusal) as refused:
        opened("eml", broken.encode())
    assert "martin" not in f"{refused.value} {refused.value.detail} {refused.value.where}"


@pytest.mark.shareddata
def test_nor_in_that_of_the_mails_of_others() -> None:
    mails = sorted((SHARED / "iocs" / "eml").glob("*.eml"))
    if not mails:
        pytest.skip(f"the mails are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    left: list[str] = []
    for path in mails:
        data = path.read_bytes()
        message = message_from_bytes(data, policy=policy.compat32)
        said = [
            str(value) for name in ("to", "cc", "delivered-to", "x-original-to") for value in message.get_all(name, [])
        ]
        addresses = {address.lower() for _name, address in getaddresses(said) if "@" in address}
        text = everything(opened("eml", data))
        left += [f"{path.name}: {address}" for address in addresses if address in text]
    assert left == []
