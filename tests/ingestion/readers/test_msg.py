"""Messages of Outlook: the properties that matter, over those that the headers of the way tell."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import cast

import pytest
from compressed_rtf import compress
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers.msg import Msg
from ingestion.readers.rtf import PACKED_MAX, body_of
from iocmarket.kernel.decision import Refusal
from tests.ingestion.readers.whole_files import compound_file, opened, refusals, values


def stored(**properties: str | bytes) -> bytes:
    """A message of those properties: `p0037` is the subject; text is stored as UTF-16."""
    return compound_file(
        {
            f"__substg1.0_{name[1:]}{'001F' if isinstance(said, str) else '0102'}": (
                said.encode("utf-16-le") if isinstance(said, str) else said
            )
            for name, said in properties.items()
        }
    )


MESSAGE = stored(
    p0037="Votre boîte est pleine",
    p0C1A="Service Informatique",
    p0C1F="/O=EXCHANGE/CN=ALERTE",
    p5D01="alerte@evil-cas.fr",
    p1035="<1@evil-cas.fr>",
    p1000="Connectez-vous : http://evil-cas.fr/texte",
    p1013=b'<a href="https://evil-lien.fr/x">ici</a>' + b" " * 5000,
)


def test_properties_are_read_where_there_are_no_headers() -> None:
    assert values(opened("msg", MESSAGE)) == {
        "email": ["alerte@evil-cas.fr"],
        "email-display-name": ["Service Informatique"],
        "email-subject": ["Votre boîte est pleine"],
        "email-message-id": ["<1@evil-cas.fr>"],
        "url": ["http://evil-cas.fr/texte", "https://evil-lien.fr/x"],
    }


def test_headers_of_the_way_are_believed_first() -> None:
    head = (
        "Microsoft Mail Internet Headers Version 2.0\r\nReceived: from e (evil-cas.fr [185.220.101.45])\r\n"
        "\tby mx.univ-valbrune.fr\r\nFrom: vrai@evil-cas.fr\r\nReply-To: guichet@evil-reponse.fr\r\n\r\n"
    )
    found = values(opened("msg", stored(p007D=head, p5D01="autre@evil-cas.fr", p0037="Sujet")))
    assert found == {
        "email": ["vrai@evil-cas.fr"],
        "email-reply-to": ["guichet@evil-reponse.fr"],
        "email-subject": ["Sujet"],
        "ipv4": ["185.220.101.45"],
    }


def test_attachments_are_named_and_digested_and_letters_within_are_not_opened() -> None:
    content = b"PK\x03\x04" * 2000
    message = compound_file(
        {
            "__substg1.0_0037001F": "Facture".encode("utf-16-le"),
            "__attach_version1.0_#00000000/__substg1.0_3707001F": "facture.zip".encode("utf-16-le"),
            "__attach_version1.0_#00000000/__substg1.0_37010102": content,
            "__attach_version1.0_#00000001/__substg1.0_3701000D/__substg1.0_0037001F": b"D\0e\0",
        }
    )
    assert values(opened("msg", message)) == {
        "email-subject": ["Facture"],
        "attachment-name": ["facture.zip"],
        "md5": [hashlib.md5(content).hexdigest()],
        "sha256": [hashlib.sha256(content).hexdigest()],
    }


PAGE = rb"""{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}{\colortbl\red0\green0\blue0;}
{\*\htmltag18 <html>}{\*\htmltag50 <body>}\htmlrtf {\htmlrtf0 Votre bo\'eete est pleine\u8239?:
{\*\mhtmltag84 <a href="x">}
{\*\htmltag84 <a href="https://evil-cache.fr/x?a=\{1\}">}\htmlrtf
{\field{\*\fldinst{HYPERLINK "https://double.fr"}}{\fldrslt\htmlrtf0 ici}\htmlrtf }\htmlrtf0
{\*\htmltag92 </a>}\par {\*\htmltag58 </body>}}}"""
PLAIN = rb"""{\rtf1\ansi\ansicpg1252 Connectez-vous\tab sur
{\field{\*\fldinst HYPERLINK "http://evil-lien.fr/rtf"}{\fldrslt ce lien}}\par
{\pict\bin9 }}}}}}}}}}{\*\generator http://evil-muet.fr/;} fin}"""


def packed(text: bytes) -> bytes:
    """RTF as Outlook compresses it."""
    return cast("bytes", compress(text.replace(b"\n", b"\r\n")))


def test_html_that_is_kept_as_rtf_tells_where_its_links_lead() -> None:
    found = opened("msg", stored(p0037="Sujet", p1000="Votre boîte est pleine : ici", p1009=packed(PAGE)))
    assert values(found) == {"email-subject": ["Sujet"], "url": ["https://evil-cache.fr/x?a={1}"]}
    text, is_html = body_of(packed(PAGE))
    assert is_html
    assert "Votre boîte est pleine\u202f:" in text
    assert "double" not in text


def test_a_body_in_rtf_alone_is_read() -> None:
    assert body_of(packed(PLAIN)) == ('Connectez-vous\tsur HYPERLINK "http://evil-lien.fr/rtf"ce lien\n fin', False)
    assert values(opened("msg", stored(p0037="Sujet", p1009=packed(PLAIN))))["url"] == ["http://evil-lien.fr/rtf"]


@pytest.mark.parametrize(
    "body",
    [b"LZFu", packed(PAGE)[:-40], packed(b"plain"), packed(b"{\\rtf1" + b"{" * 300), b"\0" * (PACKED_MAX + 1)],
    ids=["short", "cut", "no-rtf", "deep", "long"],
)
def test_a_broken_body_in_rtf_is_told(body: bytes) -> None:
    assert refusals(opened("msg", stored(p0037="Sujet", p1009=body))) == {"rtf_body": 1}


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="{}\\'*abuchtmlrg0123456789 \n;é", max_size=200))
def test_any_rtf_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        body_of(packed(b"{\\rtf1" + text.encode("cp1252")))


@pytest.mark.parametrize(
    "content",
    [b"", b"texte", MESSAGE[:600], MESSAGE[:512] + b"\xff" * 4096, stored(p0FFF="rien")],
    ids=["empty", "text", "cut", "garbage", "without-properties"],
)
def test_what_is_no_message_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        opened("msg", content)
    assert refused.value.code == "not_a_msg"


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, len(MESSAGE) - 8), noise=st.binary(min_size=1, max_size=8))
def test_a_damaged_message_is_read_or_refused(place: int, noise: bytes) -> None:
    damaged = MESSAGE[:place] + noise + MESSAGE[place + len(noise) :]
    with suppress(Refusal):
        assert opened("msg", damaged).tale is not None


def test_is_told_from_other_compound_files_by_its_head() -> None:
    assert Msg().is_mine(MESSAGE)
    assert not Msg().is_mine(compound_file({"WordDocument": b"x" * 100}))
