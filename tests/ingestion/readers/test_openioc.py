"""OpenIOC: what accuses alone, what does not, and documents that are made to hurt."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from ingestion.readers.files import FileContext, Told, file_readers
from ingestion.readers.openioc import DEPTH_MAX
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import DEFAULT, PAP, TLP, Marking
from tests.contract.test_readers import Held
from tests.ingestion.readers.opening import opened, said, values

SHARED = Path(os.environ.get("IOCMARKET_SHARED_DATA") or settings.BASE_DIR.parent / "shared" / "data")
MD5 = "098f6bcd4621d373cade4e832627b4f6"


def item(search: str, content: str, condition: str = "is", extra: str = "") -> str:
    """One term."""
    context = f'<Context document="x" search="{search}" type="mir"/>'
    return (
        f'<IndicatorItem condition="{condition}"{extra}>{context}<Content type="s">{content}</Content></IndicatorItem>'
    )


def document(*terms: str, operator: str = "OR", author: str = "", head: str = "") -> bytes:
    """OpenIOC 1.0."""
    return (
        f'<?xml version="1.0"?>{head}<ioc xmlns="http://schemas.mandiant.com/2010/ioc">'
        f"<short_description>Voleur de mots de passe</short_description><authored_by>{author}</authored_by>"
        f'<links><link rel="category">Ransomware</link><link rel="report">x</link></links>'
        f'<definition><Indicator operator="{operator}">{"".join(terms)}</Indicator></definition></ioc>'
    ).encode()


STRONG = (item("FileItem/Md5sum", MD5), item("DnsEntryItem/Host", "evil-site.fr", "contains"))
WEAK = (item("FileItem/FileName", "svch0st.exe"), item("Network/UserAgent", "Mozilla/9.9"))


def test_terms_joined_by_or_are_items_each() -> None:
    found = opened("openioc", document(*STRONG, *WEAK, item("PortItem/remoteIP", "45.1.2.3")))
    assert values(found) == [
        ("md5", MD5), ("domain", "evil-site.fr"), ("filename", "svch0st.exe"), ("user-agent", "Mozilla/9.9"),
        ("ipv4", "45.1.2.3"),
    ]  # fmt: skip
    assert found.tale is not None
    assert found.tale.title == "Voleur de mots de passe"
    assert said(found) == {"threat_type": "ransomware", "tags": ["category:Ransomware"]}


def test_of_terms_that_hold_together_only_those_that_accuse_alone_are_items() -> None:
    found = opened("openioc", document(*STRONG, *WEAK, operator="AND"))
    assert values(found) == [("md5", MD5), ("domain", "evil-site.fr")]
    assert len(found.silent) == 2


@pytest.mark.parametrize(
    "term",
    [
        item("FileItem/Md5sum", MD5, "isnot"),
        item("FileItem/Md5sum", MD5, "is", ' negate="true"'),
        item("FileItem/FileName", "svch0st", "contains"),
        item("FileItem/SizeInBytes", "4096"),
        item("FileItem/Md5sum", ""),
    ],
)
def test_what_is_no_value_is_told_by_its_line(term: str) -> None:
    found = opened("openioc", document("\n", term))
    assert (values(found), found.silent) == ([], (2,))


def test_version_1_1_is_read() -> None:
    content = (
        '<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1"><metadata><short_description>X</short_description>'
        f'</metadata><criteria><Indicator operator="OR">{STRONG[0]}</Indicator></criteria></OpenIOC>'
    ).encode()
    assert file_readers["openioc"].is_mine(content)
    assert values(opened("openioc", content)) == [("md5", MD5)]


def test_what_others_wrote_stays_in_the_own_institution_unless_it_is_less_than_amber() -> None:
    found = opened("openioc", document(*STRONG, author="Some CERT"))
    assert said(found)["audience"] == "own"
    assert "audience" not in said(opened("openioc", document(*STRONG, author="université valbrune")))
    clear = Marking(TLP.CLEAR, PAP.CLEAR)
    assert "audience" not in said(opened("openioc", document(*STRONG, author="Some CERT"), default=clear))


BOMB = "<!DOCTYPE ioc [" + '<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (document(*STRONG, head=BOMB), "xml_entities"),
        (document(head='<!DOCTYPE ioc [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "xml_entities"),
        (document(head='<!DOCTYPE ioc [<!ENTITY % x SYSTEM "http://192.0.2.1/x"> %x;]>'), "xml_entities"),
        (b"<ioc>" + b"<Indicator>" * (DEPTH_MAX + 1), "xml_too_large"),
        (document(item("FileItem/Md5sum", "a" * 70_000)), "xml_too_large"),
        (b"<ioc>" + b"<a/>" * 200_001, "xml_too_large"),
        (b"<ioc>", "not_xml"),
        (b'<?xml version="1.0" encoding="x-none"?><ioc/>', "not_xml"),
        (b"<html/>", "not_an_openioc"),
        (b"", "not_xml"),
    ],
)
def test_hostile_documents_are_refused_with_the_cap_named(content: bytes, code: str) -> None:
    start = time.process_time()
    with pytest.raises(Refusal) as caught:
        opened("openioc", content)
    assert caught.value.code == code
    assert caught.value.where.startswith("line ")
    assert time.process_time() - start < 2


def test_what_must_be_found_in_real_documents_is_found() -> None:
    folder = SHARED / "iocs" / "openioc"
    if not folder.is_dir():
        pytest.skip(f"the documents are not in {SHARED}; set IOCMARKET_SHARED_DATA")
    context = FileContext(sender="Université Valbrune", default=DEFAULT, moment=datetime(2026, 11, 1, tzinfo=UTC))
    for path in sorted(folder.glob("*.expected.json")):
        content = path.with_name(path.name.removesuffix(".expected.json")).read_bytes()
        assert file_readers["openioc"].is_mine(content[:4096])
        items = file_readers["openioc"].opened(Held(content), context).items
        found = {
            (it.candidate.type, it.candidate.canonical.value)
            for it in items
            if isinstance(it, Told) and it.candidate.canonical
        }
        labelled = json.loads(path.read_text())["expected"]
        # The URLs there are namespaces, licences and references: a reader of text finds them, and they accuse nobody.
        expected = {(kind, value) for kind, named in labelled.items() if kind != "url" for value in named}
        assert expected <= found, path.name
