"""Mails: what is taken of them, from which place, how sure; what is not opened; where they are cut."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import time

import pytest
from django.conf import settings

from ingestion.readers.eml import Eml
from ingestion.readers.files import MIB, file_readers
from ingestion.readers.letters import imitates
from ingestion.readers.mime import DEPTH_MAX, HEADERS_MAX, LINE_MAX, PARTS_MAX
from iocmarket.kernel.decision import Refusal
from tests.ingestion.readers.whole_files import confidence, opened, refusals, told, values

HOOK = base64.b64encode(b"PK\x03\x04 une facture").decode()
PHISHING = f"""Received: from mbx2.univ-valbrune.fr (10.1.2.3) by mbx1.univ-valbrune.fr
\twith LMTP; Tue, 3 Nov 2026 08:00:02 +0100
Received: from mx.univ-valbrune.fr ([10.1.2.9]) by mbx2.univ-valbrune.fr
\t(Postfix) with ESMTP id 1 for <jean.dupont@univ-valbrune.fr>; Tue, 3 Nov 2026 08:00:01 +0100
Received: from zimbra.evil-cas.fr (smtp.evil-cas.fr [185.220.101.45]) by mx.univ-valbrune.fr
\t(Postfix) with ESMTPS id 2; Tue, 3 Nov 2026 08:00:00 +0100
Received: from invente.example ([45.155.205.233]) by smtp.evil-cas.fr; Tue, 3 Nov 2026 07:00:00 +0100
Return-Path: <retour@evil-cas.fr>
From: =?utf-8?q?Service_Informatique?= <alerte@evil-cas.fr>
Reply-To: <guichet@evil-reponse.fr>
To: "Jean Dupont" <jean.dupont@univ-valbrune.fr>
Subject: =?utf-8?b?{base64.b64encode("Votre boîte est pleine".encode()).decode()}?=
Date: Tue, 3 Nov 2026 08:00:00 +0100
Message-ID: <2026.1@smtp.evil-cas.fr>
X-Mailer: Leaf PHPMailer 2.8
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="dehors"

Rien ici ne compte : http://preambule.evil-cas.fr/
--dehors
Content-Type: multipart/alternative; boundary="dedans"

--dedans
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Connectez-vous : http://evil-cas.fr/texte/a=3Db avant ce soir=2E
--dedans
Content-Type: text/html; charset=utf-8

<html><body background="//img.evil-cas.fr/fond.png"><!-- http://commentaire.evil-cas.fr/ -->
<a href="https://r.evil-suivi.fr/c?u=https%3A%2F%2Fevil-cas.fr%2F">https://ent.univ-valbrune.fr/</a>
<img src="http://img.evil-cas.fr/logo.png"></body></html>
--dedans--
--dehors
Content-Type: application/zip; name="facture.zip"
Content-Disposition: attachment; filename="facture.zip"
Content-Transfer-Encoding: base64

{HOOK}
--dehors
Content-Type: message/rfc822

From: interne@evil-dedans.fr
Subject: une lettre dans la lettre

http://evil-dedans.fr/
--dehors--
""".encode()


def simple(body: str = "Bonjour", **headers: str) -> bytes:
    """A mail of those headers, underscores being hyphens."""
    head = {"From": "a@evil-cas.fr", "Subject": "s", **{name.replace("_", "-"): said for name, said in headers.items()}}
    return "".join(f"{name}: {said}\n" for name, said in head.items()).encode() + b"\n" + body.encode()


def test_a_phishing_mail_gives_its_sender_its_way_its_links_and_its_files() -> None:
    found = opened("eml", PHISHING)
    content = base64.b64decode(HOOK)
    assert values(found) == {
        "email": ["retour@evil-cas.fr", "alerte@evil-cas.fr"],
        "email-display-name": ["Service Informatique"],
        "email-reply-to": ["guichet@evil-reponse.fr"],
        "email-subject": ["Votre boîte est pleine"],
        "email-x-mailer": ["Leaf PHPMailer 2.8"],
        "email-message-id": ["<2026.1@smtp.evil-cas.fr>"],
        "ipv4": ["185.220.101.45"],
        "url": [
            "http://evil-cas.fr/texte/a=b",
            "https://img.evil-cas.fr/fond.png",
            "https://r.evil-suivi.fr/c?u=https%3A%2F%2Fevil-cas.fr%2F",
            "http://img.evil-cas.fr/logo.png",
            "https://ent.univ-valbrune.fr/",
        ],
        "attachment-name": ["facture.zip"],
        "md5": [hashlib.md5(content).hexdigest()],
        "sha256": [hashlib.sha256(content).hexdigest()],
    }
    assert refusals(found) == {}
    assert found.silent == (PHISHING[: PHISHING.index(b"From: interne")].count(b"\n") + 1,)
    assert found.tale is not None
    assert found.tale.title.endswith(": Votre boîte est pleine")
    assert "Tue, 3 Nov 2026" in found.tale.description


def test_each_item_has_its_place_and_what_is_fetched_or_came_by_the_way_is_doubtful() -> None:
    found = opened("eml", PHISHING)
    places = {item.candidate.canonical.value: item.candidate.line for item in told(found) if item.candidate.canonical}
    lines = PHISHING.decode().split("\n")
    assert lines[places["alerte@evil-cas.fr"] - 1].startswith("From:")
    assert lines[places["185.220.101.45"] - 1].startswith("Received: from zimbra")
    assert lines[places["http://evil-cas.fr/texte/a=b"] - 1].startswith("Connectez-vous")
    assert confidence(found, "http://img.evil-cas.fr/logo.png") == 30
    assert confidence(found, "http://evil-cas.fr/texte/a=b") is None
    given = simple(
        Message_ID="<1@mx.univ-valbrune.fr>", Received="from x (x [45.155.205.233]) by mx.univ-valbrune.fr with ESMTP"
    )
    assert confidence(opened("eml", given), "<1@mx.univ-valbrune.fr>") == 30


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (["from evil (unknown [185.220.101.45]) by mx.valbrune.fr"], ["185.220.101.45"]),
        (["from evil.fr ([IPv6:2a02:4780:1::1]) by mx.valbrune.fr"], ["2a02:4780:1::1"]),
        (["by 2002:a17::1 with SMTP id 1", "from a ([10.0.0.1]) by mx.valbrune.fr"], []),
        (
            [
                "from a.x.valbrune.fr ([193.50.1.1]) by b.valbrune.fr",
                "from e (evil.fr [185.220.101.45]) by a.valbrune.fr",
            ],
            ["185.220.101.45"],
        ),
        (
            [
                "from localhost ([127.0.0.1]) by a.valbrune.fr",
                "nonsense",
                "from evil.fr (185.220.101.45) by a.valbrune.fr",
            ],
            ["185.220.101.45"],
        ),
        (
            [
                "from X.outlook.com (2603:10b6:a03::5) by Y.prod.outlook.com",
                "from Z.prod.outlook.com (2603:10b6::1) by X.outlook.office365.com",
                "from evil.fr (185.220.101.45) by Z.mail.protection.outlook.com",
            ],
            ["185.220.101.45"],
        ),
        (["from mx.valbrune.fr (evil.fr [185.220.101.45]) by mx.valbrune.fr"], ["185.220.101.45"]),
    ],
    ids=["first", "v6", "none", "own-name", "own-address", "one-operator", "claims-our-name"],
)
def test_the_machine_outside_is_the_first_that_is_not_of_the_recipients_side(
    received: list[str], expected: list[str]
) -> None:
    mail = "".join(f"Received: {hop}; Tue, 3 Nov 2026 08:00:00 +0100\n" for hop in received) + "From: a@evil-cas.fr\n\n"
    found = values(opened("eml", mail.encode()))
    assert [*found.get("ipv4", []), *found.get("ipv6", [])] == expected


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("Service Informatique <a@evil-cas.fr>", True),
        ('"dsi@univ-valbrune.fr" <a@evil-cas.fr>', True),
        ("ent.univ-valbrune.fr <a@evil-cas.fr>", True),
        ("Université Valbrune <a@evil-cas.fr>", True),
        ("Jean Dupont <jean.dupont@autre-univ.fr>", False),
        ("Service clients Darty <no-reply@darty.com>", False),
        ("a@evil-cas.fr", False),
        ("<a@evil-cas.fr>", False),
    ],
    ids=["office", "address", "name", "institution", "person", "own-name", "bare", "without"],
)
def test_a_name_is_shared_when_it_passes_for_somebody_elses(sender: str, expected: bool) -> None:
    assert imitates(sender, "Université Valbrune") is expected


def test_pages_and_invitations_that_are_attached_are_read_too() -> None:
    mail = simple(
        "--b\nContent-Type: text/html; name=acces.html\nContent-Disposition: attachment\n\n"
        '<form action="https://evil-cas.fr/post.php"><script>location="https://evil-saut.fr/x"</script></form>\n'
        "--b\nContent-Type: text/calendar\n\nATTENDEE;CN=Jean:mailto:jean@univ-valbrune.fr\n"
        "LOCATION:https://evil-visio.fr/j/1\n--b--\n",
        Content_Type="multipart/mixed; boundary=b",
    )
    found = values(opened("eml", mail))
    assert found["url"] == ["https://evil-visio.fr/j/1", "https://evil-cas.fr/post.php", "https://evil-saut.fr/x"]
    assert found["attachment-name"] == ["acces.html"]
    assert found["email"] == ["a@evil-cas.fr"]


def test_broken_mails_are_read_as_far_as_they_go() -> None:
    mail = simple("http://evil-cas.fr/sans-fin", Content_Type="multipart/mixed; boundary=jamais")
    assert values(opened("eml", mail))["email"] == ["a@evil-cas.fr"]
    half = simple("aHR0cDovL2V2aWwtY2FzLmZyL3g", Content_Type="text/plain; charset=punycode",
                  Content_Transfer_Encoding="base64")  # fmt: skip
    assert values(opened("eml", half))["url"] == ["http://evil-cas.fr/x"]
    raw = b"From: a@evil-cas.fr\nSubject: Votre bo\xeete =?x?q?=?= =?utf-8?b?!!!?=\n\n"
    assert values(opened("eml", raw))["email-subject"][0].startswith("Votre boîte")
    assert values(opened("eml", b"From moi Tue Nov 3\r\n" + simple()))["email"] == ["a@evil-cas.fr"]


def nested(levels: int) -> bytes:
    """A mail of so many levels, with a link in the innermost."""
    head = "".join(f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(levels))
    return b"From: a@evil-cas.fr\n" + head.encode() + b"\nhttp://evil-cas.fr/fond\n"


def test_levels_and_parts_beyond_the_caps_are_cut_and_said_to_be() -> None:
    assert values(opened("eml", nested(DEPTH_MAX)))["url"] == ["http://evil-cas.fr/fond"]
    deep = opened("eml", nested(DEPTH_MAX + 1))
    assert "url" not in values(deep)
    assert set(refusals(deep)) == {"too_deep"}
    many = simple("--b\n\nx\n" * (PARTS_MAX * 3) + "--b--\n", Content_Type="multipart/mixed; boundary=b")
    assert set(refusals(opened("eml", many))) == {"too_many_parts"}
    long = simple(("mot " * 20 + "\n") * 15_000 + "http://evil-cas.fr/loin")
    assert set(refusals(opened("eml", long))) == {"text_cut"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_mail"),
        (b"juste un texte\n", "not_a_mail"),
        (b"Subject: " + b"x" * (HEADERS_MAX + 1) + b"\n\n", "header_too_long"),
        (simple("x" * (LINE_MAX + 1)), "line_too_long"),
        (simple(To=", ".join(f"p{number}@univ-valbrune.fr" for number in range(2001))), "too_many_recipients"),
    ],
    ids=["empty", "text", "headers", "line", "recipients"],
)
def test_what_is_no_mail_or_too_long_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        opened("eml", content)
    assert refused.value.code == code


def test_is_told_from_other_text_by_its_head() -> None:
    assert Eml().is_mine(PHISHING[:4096])
    assert not any(Eml().is_mine(text) for text in (b"From: moi\n", b"http://evil-cas.fr\n", b'{"a": 1}', simple()))
    assert file_readers["eml"].size_max == 25 * MIB


@pytest.mark.parametrize(
    "body",
    ["<a" * 100_000, "<!--" * 50_000, '<a href="' * 20_000, "&" * 100_000, "a\n" * 50_000, "(" * 50_000],
    ids=["tags", "comments", "quotes", "signs", "lines", "brackets"],
)
def test_hostile_bodies_take_no_time(body: str) -> None:
    started = time.process_time()
    opened("eml", simple(body, Content_Type="text/html"))
    assert time.process_time() - started < 5


MEASURED = """
import django
django.setup()
from tests.ingestion.readers.whole_files import opened
from iocmarket.kernel.decision import Refusal
line = b"QUJD" * 19 + b"\\n"
head = b"From: a@evil-cas.fr\\nContent-Type: multipart/mixed; boundary=b\\n\\n--b\\nContent-Type: application/zip\\n"
coded = b"Content-Disposition: attachment; filename=a.zip\\nContent-Transfer-Encoding: base64\\n\\n"
opened("eml", head + coded + line * (24 * 1024 * 1024 // len(line)) + b"--b--\\n")
page = b"From: a@evil-cas.fr\\nContent-Type: text/html\\n\\n" + (b"<p>" + b"mot " * 4000 + b"</p>\\n") * 1500
list(opened("eml", page).items)
try:
    opened("eml", b"From: a@evil-cas.fr\\n\\n".ljust(64 * 1024 * 1024, b"x"))
except Refusal as refusal:
    print(refusal.code, end=" ")
# The peak since this program began (proc_pid_status(5)); getrusage(2) holds also that of the process it was made of.
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def test_the_largest_mails_take_less_than_three_hundred_megabytes() -> None:
    # A process of its own: the peak of this one is that of everything that ran before.
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True, timeout=120
    )
    code, megabytes = done.stdout.split()
    assert code == "line_too_long"
    assert int(megabytes) < 300
