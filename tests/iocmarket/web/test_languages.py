"""Each page in both languages: no English in the French one, no French in the English one, nothing left bare.

A text that reads the same in both must be somebody's data, a name or a code, or be translated by the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from iocmarket.indicators.types import ioc_types
from iocmarket.web.catalogue import po
from iocmarket.web.catalogue.message import placeholders
from sharing.feeds.formats.base import formats
from tests.browser.village import Village, session_of, settle

pytestmark = pytest.mark.django_db
CATALOGUE = po.read(Path(settings.LOCALE_PATHS[0]) / "fr" / "LC_MESSAGES" / "django.po")
READ_ALOUD = ("aria-label", "title", "placeholder", "alt", "data-said", "data-trouble", "data-label")
VOID = {"meta", "link", "input", "br", "wbr", "hr", "img", "use", "rect", "circle", "path"}
# Said in the same way everywhere: names of products, formats, roles and codes.
SAME = (
    r"API(?: · .*)?", r"185\.220\.101\[\.\]45.*", "BIND 9", "Unbound", "Suricata", "Elastic", "Microsoft Sentinel",
    "Python", "curl", r"OpenAPI 3\.1", r"named\.conf", r"unbound\.conf", r"suricata\.yaml", "RPZ", "CSV",
    "Custom Threat Intelligence.*", "Data connector: .*", "pip install .*", r"TAXII 2\.1(?:, taxii2-client)?",
    "taxii2-client", "Cortex XSOAR", r"(?:Integration instance: )?TAXII 2 Feed",
    r"STIX 2\.1", "TLP", "PAP", "TLP:.*", "PAP:.*", r"CLEAR|GREEN|AMBER|AMBER\+STRICT|RED", "IPv[46]", "URL",
    "MD5", r"SHA-\d+", "Français", "English", "Ctrl(?: ↵)?", "[0-9a-f]{31,32}", r"AS\d+.*", "[a-z]",
    r"\w+:\w+(?:, \w+:\w+)*", "web",
    "GET|POST|DELETE", r"\W*\d[\d\s.,/:UTC−-]*\w{0,2}", r"iocm\w{4}…", "HTML, CSS.*",
    "JSON", r"[\w/-]+\.(?:csv|zone|json|ndjson|jsonl|rules|txt|conf|acl|xml|lst|intel)",
    r"[\w/-]+\.(?:yml|yaml|cf|nft|cdb|map|list|dat|ipset|yar|hosts)", r"(?:Integration: )?MISP(?: API)?",
    "PyMISP", "to_ids", "suricata-update", "age", r"\d+ artefacts?",
    r"\d+ ×", r"(?:[\w.-]+@)?[a-z][a-z.-]*\.(?:fr|org)",
)  # fmt: skip


def plain(text: str) -> str:
    """Without what is only typography."""
    return " ".join(text.replace("\xa0", " ").split()).strip(" ·,:")


class Texts(HTMLParser):
    """What a person reads or hears of a page, but for values, code and what is marked as not to be translated."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        silent = (
            given.get("translate") == "no" or given.get("lang") or tag in {"code", "pre", "script", "style", "time"}
        )
        if tag == "html":
            silent = False
        if (self._hidden or silent) and tag not in VOID:
            self._hidden.append(tag)
        if not self._hidden:
            self.found |= {plain(given.get(name) or "") for name in READ_ALOUD}

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._hidden.pop()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.add(plain(data))


def texts_of(html: str) -> set[str]:
    reader = Texts()
    reader.feed(html)
    return {text for text in reader.found if re.search(r"[A-Za-zÀ-ÿ]", text)}


def pattern(text: str) -> re.Pattern[str]:
    """A text of the catalogue as it can stand on a page: its placeholders filled with anything."""
    for placeholder in placeholders(text):
        text = text.replace(placeholder, "\0")
    return re.compile(".+".join(re.escape(part) for part in text.split("\0")))


class Words:
    """Every text of the program in one language that the other has not."""

    def __init__(self, language: str) -> None:
        english = {text for message in CATALOGUE.messages.values() for text in (message.id, message.plural) if text}
        french = {text for message in CATALOGUE.messages.values() for text in message.strings}
        own, other = (english, french) if language == "en" else (french, english)
        texts = {plain(text) for text in own - other if len(re.sub(r"%\(\w+\)[sd]", "", text)) > 2}
        self.bare = {text for text in texts if not placeholders(text)}
        self.filled = [pattern(text) for text in texts - self.bare]
        self._seen: dict[str, bool] = {}

    def __contains__(self, text: str) -> bool:
        """Most texts stand on every page, and are looked for once."""
        if text not in self._seen:
            self._seen[text] = text in self.bare or any(word.fullmatch(text) for word in self.filled)
        return self._seen[text]


FOREIGN = {"fr": Words("en"), "en": Words("fr")}
KNOWN = {plain(message.id) for message in CATALOGUE.messages.values()}


def is_same(text: str) -> bool:
    return any(re.fullmatch(each, text) for each in SAME)


def data_of(village: Village) -> Iterator[str]:
    """What people of the village are called and wrote."""
    yield from (
        settings.COMMUNITY_NAME,
        "CA",
        "Responsable sécurité",
        "Vague de novembre",
        "attack:T1566.002",
        "test",
        "pare-feu",
    )
    yield from ("faux CAS, copié de la page du matin", "vu ici aussi", "faux CAS", "zzzzzz", "jamais-vu.top", "Exemple")
    yield from (village.valbrune.name, village.meriane.name, "École de Lumen", "Autre")
    for member in (village.manager, village.reader, village.applicant):
        yield from (member.name, member.email)
    yield from (str(fmt.label) for fmt in formats)  # what their makers call the tools
    yield f"{village.valbrune.name}, {village.meriane.name}"
    yield from ("Institut de Lumen", "Observatoire de Sorel", "Messagerie", village.circle.name, village.partner.name)
    yield from ("MISP de la région", "TAXII du CERT", "MISP", "TAXII 2.1", village.subscription.url)
    yield from ("Résolveurs du campus", "Résolveur de l’internat", "9.9.9.53#53", "walled-garden", "nxdomain")
    yield from ("SOAR du CSIRT", "SIEM de la région", village.webhook.url, "mapper_parsing_exception")
    yield from (village.case.title, "PC-LABO-12", "Inès Aubry", "ines@meriane.fr", "registry · 30759")
    yield from ("DFIR-ORC_WorkStation_PC-LABO-12.7z.p7b", "cellule 7 illisible", "X.509, RSA-3072: platform.pem")
    yield from ("Veille du Nord", "Le registre du RIPE nomme un autre établissement.")
    yield from ("Convention du 3 mars 2026, gardée au secrétariat.", "Institut de Lumen, Observatoire de Sorel")
    for title in (
        "MISP de la région",
        "SOAR du CSIRT",
        "Journal",
        "Veille du Nord",
        village.case.title,
        village.circle.name,
        village.partner.name,
        village.meriane.name,
    ):
        yield f"{title} · {settings.COMMUNITY_NAME}"
    # A warning list, and an exception; the journal keeps the names of lists and the word of a severity as they are.
    yield from ("Partenaires du réseau", "Campagne du 3 mars, vu avec le prestataire")
    yield from ("partenaires-du-reseau", "mail-providers", "public-resolvers", "confirm")
    # Saved feeds, the token that reads one and a tag left out; tools by the names of their makers.
    note = "Les deux serveurs de noms du campus"
    yield from ("resolveurs", "siem", "ns1", note, f". {note}", "bruit")
    yield from (f"{name} (TLP:AMBER+STRICT)" for name in ("ns1", "test"))
    yield from (f"{name} · {settings.COMMUNITY_NAME}" for name in ("resolveurs", "siem"))
    for tool, label in {(recipe.tool, str(fmt.label)) for fmt in formats for recipe in fmt.recipes}:
        if ("", tool) not in CATALOGUE.messages:  # a product, not a kind of tool
            yield from (tool, f"{tool}, {label}")
    yield from ("nodata", "drop", "tcp-only", "passthru", "walled-garden")  # as resolvers call their actions
    yield from (kind.label for kind in ioc_types if isinstance(kind.label, str))  # the same in both by design
    # What was told and said of the applicant.
    yield from ("ssi@lumen.fr", "Nous travaillons ensemble depuis trois ans.")
    yield from ("Claire Aubrac, Université de Valbrune", "Inès Bouvard, INP Mériane", "Inès Bouvard")


def read(client: Client, path: str, language: str) -> set[str]:
    client.cookies["language"] = language
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert answer["Content-Language"] == language
    return texts_of(answer.content.decode())


@pytest.fixture
def village(db: None) -> Village:
    return settle()


def wrong_on(paths: list[str], client: Client, data: set[str]) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    for path in paths:
        french, english = read(client, path, "fr"), read(client, path, "en")
        for language, texts in (("fr", french), ("en", english)):
            leaks = [text for text in sorted(texts - data) if text in FOREIGN[language]]
            if leaks:
                wrong[f"{path} in {language}"] = leaks
        bare = [text for text in sorted((french & english) - data) if not is_same(text) and text not in KNOWN]
        if bare:
            wrong[f"{path} bare"] = bare
    return wrong


def test_no_page_of_a_member_mixes_the_languages(village: Village) -> None:
    data = set(data_of(village))
    assert wrong_on(list(village.paths.values()), village.session, data) == {}


def test_no_page_before_log_in_mixes_the_languages(village: Village) -> None:
    paths = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accessibility", "/help"]
    assert wrong_on(paths, Client(), set(data_of(village))) == {}


def test_the_waiting_page_does_not_mix_the_languages(village: Village) -> None:
    data = {*data_of(village)}
    assert wrong_on(["/account/waiting"], session_of(village.applicant), data) == {}


def test_a_leak_would_be_found() -> None:
    assert "Withdraw our statement" in FOREIGN["fr"]
    assert "3 avis que vous pouvez lire" in FOREIGN["en"]
    assert "Score" not in FOREIGN["fr"]
