"""What a text offers: places, confidence, threats, labels, and what only stands beside or inside a value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.readers.labels import labels_of
from ingestion.readers.offers import DOUBTFUL, OFFERED, Offer, Origin, offers
from ingestion.readers.threat_words import denied, threat_words
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.marking import PAP, TLP

SHA256 = "3f" * 32


def only(text: str) -> Offer:
    (found,) = offers(text)
    return found


def test_a_line_of_a_chat_has_values_one_comment_a_threat_and_labels() -> None:
    line = "IP 45[.]1[.]2[.]3 et evil-campus.org, brute-force CAS depuis 02h15 (TLP:AMBER PAP:GREEN) #cas"
    first, second = offers(line)
    assert (first.type, first.canonical.value, first.line) == ("ipv4", "45.1.2.3", 1)
    assert line[first.start : first.end] == first.raw == "45[.]1[.]2[.]3"
    assert line[second.start : second.end] == "evil-campus.org"
    assert first.comment == second.comment == "IP et brute-force CAS depuis 02h15"
    assert first.threat_type is second.threat_type is ThreatType.BRUTE_FORCE
    assert (first.labels.tlp, first.labels.pap, first.labels.tags) == (TLP.AMBER, PAP.GREEN, ("cas",))
    assert first.confidence > second.confidence >= OFFERED


@pytest.mark.parametrize(
    ("text", "threat"),
    [
        ("evil[.]org : hameçonnage ENT", ThreatType.PHISHING),
        ("evil[.]org hameconnage", ThreatType.PHISHING),
        ("faux portail sur evil[.]org", ThreatType.PHISHING),
        ("203.0.113.9 password spraying on IMAP", ThreatType.BRUTE_FORCE),
        ("203.0.113.9 balayage de ports", ThreatType.SCAN),
        ("infostealer (compte étudiant) vers evil[.]org", ThreatType.INFOSTEALER),
        ("beacon Cobalt Strike vers evil[.]org", ThreatType.C2),
        ("203.0.113.9 exploite Ivanti", ThreatType.EXPLOITATION),
        ("le rançongiciel parle à evil[.]org", ThreatType.RANSOMWARE),
        ("VPN suspect 203.0.113.9", ThreatType.SUSPICIOUS_VPN),
        ("fausse facture venue de bob[at]evil[.]org", ThreatType.SCAM),
        ("système d'exploitation vu sur evil[.]org", None),
        ("https://evil.org/phishing/scan.php à regarder", None),
        ("rien de plus sur evil[.]org", None),
    ],
)
def test_the_words_near_a_value_propose_its_threat(text: str, threat: ThreatType | None) -> None:
    assert only(text).threat_type is threat


def test_the_nearest_word_wins_and_a_heading_speaks_for_its_block() -> None:
    one, two = offers("scan depuis 203.0.113.9 puis, bien plus tard, le malware evil[.]org est un C2")
    assert (one.threat_type, two.threat_type) == (ThreatType.SCAN, ThreatType.MALWARE)
    below = offers("C2 servers:\n\n203.0.113.9\nevil[.]org\n\nAutre chose\n\nother[.]org")
    assert [offer.threat_type for offer in below] == [ThreatType.C2, ThreatType.C2, None]


@pytest.mark.parametrize(
    ("text", "tlp", "pap"),
    [
        ("TLP:RED", TLP.RED, None),
        ("[tlp:green/pap:clear]", TLP.GREEN, PAP.CLEAR),
        ("TLP : AMBER+STRICT", TLP.AMBER_STRICT, None),
        ("#TLP_WHITE #PAP-ROUGE", TLP.CLEAR, PAP.RED),
        ("TLP:VERT puis TLP:AMBRE", TLP.AMBER, None),
        ("TLP:BLACK, TLP is a protocol, xTLP:REDx", None, None),
    ],
)
def test_markings_are_read_in_the_spellings_of_people_and_the_stricter_holds(
    text: str, tlp: TLP | None, pap: PAP | None
) -> None:
    found = labels_of(text)
    assert (found.tlp, found.pap) == (tlp, pap)


def test_hashtags_are_tags_and_neither_anchors_nor_markings() -> None:
    assert labels_of("vu (#zimbra, #ENT-quota) https://a.org/#top #TLP:GREEN #1 # x").tags == ("zimbra", "ENT-quota")


def test_a_marking_on_a_line_of_its_own_holds_for_what_follows() -> None:
    first, second = offers("Diffusion : TLP:GREEN\nevil[.]org\n\nvoici evil2[.]org TLP:RED")
    assert (first.labels.tlp, second.labels.tlp) == (TLP.GREEN, TLP.RED)


def test_the_host_of_a_url_without_a_scheme_is_offered_and_so_are_hashes_in_a_url() -> None:
    url, host = offers("evil-campus[.]org/gate.php is the gate")
    assert (url.type, host.type, host.canonical.value, host.origin) == ("url", "domain", "evil-campus.org", Origin.HOST)
    assert (url.start, url.end) == (host.start, host.end)
    assert host.confidence < OFFERED
    sample, digest = offers(f"voir https://analysis.example.net/file/{SHA256}/detection")
    assert (sample.type, digest.type, digest.canonical.value, digest.origin) == (
        "url", "sha256", SHA256, Origin.INSIDE,
    )  # fmt: skip


def test_what_a_comment_of_a_list_holds_is_offered_with_doubt_and_is_no_item() -> None:
    found = offers("# source: https://a-blog.org/post\n203.0.113.9\n198.51.100.7")
    assert [offer.origin for offer in found] == [Origin.COMMENT, Origin.VALUE, Origin.VALUE]
    assert found[0].confidence <= DOUBTFUL


def test_what_is_called_harmless_is_doubtful_and_has_no_threat() -> None:
    found = only("evil-campus[.]org est un faux positif du phishing")
    assert (found.confidence, found.threat_type) == (DOUBTFUL, None)
    assert denied("sinkholed by a CERT")
    assert not denied("faux site")


def test_a_comment_repeats_no_secret() -> None:
    text = "vu sur evil-campus[.]org avec bob@univ.org:Hunter2secret hier"
    assert all("Hunter2secret" not in offer.comment + offer.raw for offer in offers(text))


@pytest.mark.parametrize("text", ["scan " * 20_000, "#a " * 30_000, "TLP:RED " * 12_000, "brute-" * 16_000])
def test_words_and_labels_are_found_in_linear_time(text: str) -> None:
    assert len(threat_words(text)) <= len(text)
    assert labels_of(text) is not None
    assert offers(text) == ()


@settings(max_examples=60)
@given(st.text(st.sampled_from("a.b 1[](){}:/#@TLPRED\n-é;hxp\u200b"), max_size=120))
def test_places_lie_within_their_lines(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for offer in offers(text):
        assert 0 <= offer.start < offer.end <= len(lines[offer.line - 1])
        assert 0 < offer.confidence <= 100
