"""Pairs of a typed and a canonical value, or of a typed value and the code of its refusal: all invented here."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from iocmarket.indicators.types.base import ioc_types
from iocmarket.kernel.decision import Refusal

ACCEPTED = [
    ("ipv4", "203.0.113.9", "203.0.113.9"),
    ("ipv4", " 203.0.113.9\n", "203.0.113.9"),
    ("ipv4", "203[.]0[.]113[.]9", "203.0.113.9"),
    ("ipv4", "203(dot)0(dot)113(dot)9", "203.0.113.9"),
    ("ipv4", "203.0.113[.9", "203.0.113.9"),
    ("ipv4", "203。0。113。9", "203.0.113.9"),
    ("ipv4", "203.0.113.9:65535", "203.0.113.9"),
    ("ipv4", "::FFFF:203.0.113.9", "203.0.113.9"),
    ("ipv4", "203.0.113.9/32", "203.0.113.9"),
    ("ipv4", "1.1.1.1", "1.1.1.1"),
    ("ipv6", "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("ipv6", "2001:db8::0001", "2001:db8::1"),
    ("ipv6", "[2001:db8::1]", "2001:db8::1"),
    ("ipv6", "[2001:db8::1]:8443", "2001:db8::1"),
    ("ipv6", "2001[:]db8[:][:]1", "2001:db8::1"),
    ("ipv6", "2001:db8::1/128", "2001:db8::1"),
    ("ipv6", "2001:db8::c000:201", "2001:db8::c000:201"),
    ("ipv6", "2001:db8::192.0.2.1", "2001:db8::c000:201"),
    ("ipv6", "2001:db8:0:0:0:0:0:0", "2001:db8::"),
    ("cidr", "203.0.113.0/25", "203.0.113.0/25"),
    ("cidr", "203.0.113.77/24", "203.0.113.0/24"),
    ("cidr", "203.0.113.0/255.255.255.128", "203.0.113.0/25"),
    ("cidr", "203.0.113.0 - 203.0.113.127", "203.0.113.0/25"),
    ("cidr", "203.0.113.128–203.0.113.255", "203.0.113.128/25"),
    ("cidr", "203.0.113.64-79", "203.0.113.64/28"),
    ("cidr", "203[.]0[.]113[.]0/24", "203.0.113.0/24"),
    ("cidr", "2001:DB8::/32", "2001:db8::/32"),
    ("cidr", "2001:db8::-2001:db8::ffff", "2001:db8::/112"),
    ("cidr", "11.0.0.0/8", "11.0.0.0/8"),
    ("domain", "Mail.Evil-Campus.ORG.", "mail.evil-campus.org"),
    ("domain", "evil-campus(point)org", "evil-campus.org"),
    ("domain", "evil-campus «.» org", "evil-campus.org"),
    ("domain", "evil-campus[dot]co[dot]uk", "evil-campus.co.uk"),
    ("domain", "evil\u2011campus.org", "evil-campus.org"),
    ("domain", "evil\u00adcampus.org", "evilcampus.org"),
    ("domain", "université-évil.fr", "xn--universit-vil-jhbb.fr"),
    ("domain", "évil.fr", "xn--vil-9la.fr"),
    ("domain", "evil-campus.org:8443", "evil-campus.org"),
    ("domain", "evil-campus.org/", "evil-campus.org"),
    ("domain", "a.b.c.d.evil-campus.org", "a.b.c.d.evil-campus.org"),
    ("domain", "under_score.evil-campus.org", "under_score.evil-campus.org"),
    ("domain", "evil-campus.xn--p1ai", "evil-campus.xn--p1ai"),
    ("domain", "evil-campus.рф", "evil-campus.xn--p1ai"),
    ("domain", "4.evil-campus.org", "4.evil-campus.org"),
    ("url", "HtTp://Evil-Campus.ORG", "http://evil-campus.org/"),
    ("url", "hxxp[://]evil-campus[.]org/x", "http://evil-campus.org/x"),
    ("url", "h**ps://evil-campus.org/", "https://evil-campus.org/"),
    ("url", "meow://evil-campus.org/", "http://evil-campus.org/"),
    ("url", "fxp://evil-campus.org/a", "ftp://evil-campus.org/a"),
    ("url", "[https://]evil-campus.org/", "https://evil-campus.org/"),
    ("url", r"http:\/\/evil-campus.org\/a", "http://evil-campus.org/a"),
    ("url", "http://evil-campus.org./a", "http://evil-campus.org/a"),
    ("url", "https://evil-campus.org:443/", "https://evil-campus.org/"),
    ("url", "https://evil-campus.org:80/", "https://evil-campus.org:80/"),
    ("url", "ldap://EVIL-campus.org:389/a", "ldap://evil-campus.org:389/a"),
    ("url", "ldap://evil-campus.org:80/a", "ldap://evil-campus.org:80/a"),
    ("url", "http://evil-campus.org/./a/./../b/", "http://evil-campus.org/b/"),
    ("url", "http://evil-campus.org//a", "http://evil-campus.org//a"),
    ("url", "http://evil-campus.org/%7Euser/%C3%A9%2f", "http://evil-campus.org/~user/%C3%A9%2F"),
    ("url", "http://evil-campus.org/?z=1&a=%2e", "http://evil-campus.org/?z=1&a=%2e"),
    ("url", "http://evil-campus.org/?", "http://evil-campus.org/?"),
    ("url", "http://evil-campus.org/Login#victim@univ.fr", "http://evil-campus.org/Login#victim@univ.fr"),
    ("url", "http://203.0.113.9/a.sh", "http://203.0.113.9/a.sh"),
    ("url", "http://0313.0.0x71.9/", "http://203.0.113.9/"),
    ("url", "http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
    ("url", "http://évil.fr/é", "http://xn--vil-9la.fr/%C3%A9"),
    ("url", "evil-campus.org:8080/x", "http://evil-campus.org:8080/x"),
    ("url", "http://user@evil-campus.org/", "http://user@evil-campus.org/"),
    ("url", f"http://{'a' * 56}.onion/", f"http://{'a' * 56}.onion/"),
    ("email", "A.B@Evil-Campus.ORG", "a.b@evil-campus.org"),
    ("email", "a [arobase] evil-campus [point] org", "a@evil-campus.org"),
    ("email", "<a@evil-campus.org>", "a@evil-campus.org"),
    ("email", '"B, A" <a@evil-campus.org>', "a@evil-campus.org"),
    ("email", "MAILTO:a@evil-campus.org", "a@evil-campus.org"),
    ("email", "a＠evil-campus.org", "a@evil-campus.org"),
    ("email", "o'brien+x@evil-campus.org", "o'brien+x@evil-campus.org"),
    ("md5", "900150983CD24FB0D6963F7D28E17F72", "900150983cd24fb0d6963f7d28e17f72"),
    ("md5", "90-01-50-98-3c-d2-4f-b0-d6-96-3f-7d-28-e1-7f-72", "900150983cd24fb0d6963f7d28e17f72"),
    ("sha1", "A9993E364706816ABA3E25717850C26C9CD0D89D", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (
        "sha256",
        "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ),
    ("sha512", "0x" + "AB" * 64, "ab" * 64),
    ("sha512", ":".join(["cd"] * 64), "cd" * 64),
    ("asn", "AS64500", "AS64500"),
    ("asn", "as 64500", "AS64500"),
    ("asn", "ASN : 64500", "AS64500"),
    ("asn", "AS#64500", "AS64500"),
    ("asn", "64500", "AS64500"),
    ("asn", "AS0064500", "AS64500"),
    ("asn", "AS1.4", "AS65540"),
    ("asn", "4294967295", "AS4294967295"),
    ("cve", "cve-2019-0708", "CVE-2019-0708"),
    ("cve", "CVE\u20112019\u20110708", "CVE-2019-0708"),
    ("cve", "CVE\u20132019\u20130708", "CVE-2019-0708"),
    ("cve", "CVE 2019-0708", "CVE-2019-0708"),
    ("cve", "CVE_2019_0708", "CVE-2019-0708"),
    ("cve", "2019-0708", "CVE-2019-0708"),
    ("cve", "CVE-2019-000000708", "CVE-2019-0708"),
    ("cve", "CVE-2019-1234567890123456789", "CVE-2019-1234567890123456789"),
    ("filename", "Facture.PDF.exe", "Facture.PDF.exe"),
    ("filename", " evil.exe\n", "evil.exe"),
    ("filename", "« evil.exe »", "« evil.exe »"),
    ("filename", '"mon fichier.exe"', "mon fichier.exe"),
    ("filename", "evil[.]zip", "evil.zip"),
    ("filename", r"\\serveur\partage\.x\evil.exe", r"\\serveur\partage\.x\evil.exe"),
    ("filename", "/home/bob/.ssh/authorized_keys", "/home/bob/.ssh/authorized_keys"),
    ("filename", "cod\u202eexe.doc", "cod\u202eexe.doc"),
    ("filename", "cod[U+202E]exe.doc", "cod\u202eexe.doc"),
    ("filename", "a[U+0041].exe", "a[U+0041].exe"),
]

REFUSED = [
    ("ipv4", "203.0.113", "not_ipv4"),
    ("ipv4", "203.0.113.9.9", "not_ipv4"),
    ("ipv4", "203.0.113.09", "leading_zero"),
    ("ipv4", "203.0.113.900", "octet_too_large"),
    ("ipv4", "127.8.9.1", "loopback"),
    ("ipv4", "0.1.2.3", "unspecified"),
    ("ipv4", "٢.٠.١.٩", "not_ipv4"),
    ("ipv6", "2001:db8:::1", "not_ipv6"),
    ("ipv6", "2001:db8", "not_ipv6"),
    ("ipv6", "fe80::1%eth0", "zone_index"),
    ("ipv6", "::ffff:203.0.113.9", "ipv4_mapped"),
    ("ipv6", "::", "unspecified"),
    ("cidr", "203.0.113.0", "not_a_network"),
    ("cidr", "203.0.113.0/33", "bad_prefix_length"),
    ("cidr", "2001:db8::/129", "bad_prefix_length"),
    ("cidr", "203.0.113.0/255.0.255.0", "bad_netmask"),
    ("cidr", "203.0.113.0-203.0.113.6", "not_one_network"),
    ("cidr", "203.0.113.9-203.0.113.0", "not_one_network"),
    ("cidr", "203.0.113.0-2001:db8::", "not_one_network"),
    ("cidr", "203.0.113.9/32", "single_address"),
    ("cidr", "2001:db8::1/128", "single_address"),
    ("cidr", "8.0.0.0/7", "too_wide"),
    ("cidr", "2000::/15", "too_wide"),
    ("cidr", "127.0.0.0/8", "loopback"),
    ("domain", "evil-campus", "single_label"),
    ("domain", "evil-campus.local", "reserved_name"),
    ("domain", "a.test", "reserved_name"),
    ("domain", "co.uk", "public_suffix"),
    ("domain", "-evil.org", "bad_label"),
    ("domain", "evil-.org", "bad_label"),
    ("domain", f"{'a' * 64}.org", "bad_label"),
    ("domain", ".".join(["a" * 60] * 5) + ".org", "too_long"),
    ("domain", "xn--99999999.org", "bad_a_label"),
    ("domain", "evil!.org", "bad_label"),
    ("domain", "https://evil-campus.org/", "is_url"),
    ("domain", "evil campus.org", "not_a_name"),
    ("domain", "203.0.113.9", "not_a_name"),
    ("domain", f"{'a' * 56}.onion", "onion_service"),
    ("url", "hxxps:///evil-campus.org/a", "empty_host"),
    ("url", "data:text/html,x", "scheme"),
    ("url", "gopher://evil-campus.org/", "scheme"),
    ("url", "http://", "not_a_url"),
    ("url", "http://evil-campus.org:99999/", "not_a_url"),
    ("url", "http://intranet/", "single_label"),
    ("url", "http://127.0.0.1:8000/", "loopback"),
    ("url", "http://[::1]/", "loopback"),
    ("url", "http://evil-campus.notatld/", "unknown_tld"),
    ("url", "http://evil-campus.org/" + "é" * 2000, "too_long"),
    ("email", "evil-campus.org", "not_an_email"),
    ("email", "@evil-campus.org", "bad_local_part"),
    ("email", ".a@evil-campus.org", "bad_local_part"),
    ("email", "a b@evil-campus.org", "bad_local_part"),
    ("email", f"{'a' * 65}@evil-campus.org", "bad_local_part"),
    ("email", "a@evil-campus.notatld", "unknown_tld"),
    ("md5", "900150983CD24FB0D6963F7D28E17F7", "hash_length"),
    ("md5", "g00150983cd24fb0d6963f7d28e17f72", "not_hexadecimal"),
    ("sha1", "0" * 40, "null_hash"),
    ("sha256", "900150983cd24fb0d6963f7d28e17f72", "hash_length"),
    ("sha512", "a" * 127, "hash_length"),
    ("sha512", "0" * 128, "null_hash"),
    ("asn", "AS", "not_an_asn"),
    ("asn", "AS-EVIL", "not_an_asn"),
    ("asn", "AS64500 EVIL-NET", "not_an_asn"),
    ("asn", "AS\u0666\u0664\u0665", "not_an_asn"),
    ("asn", "AS0", "asn_zero"),
    ("asn", "AS4294967296", "asn_too_large"),
    ("asn", "AS1.65536", "asn_too_large"),
    ("cve", "CVE-2019-708", "not_a_cve"),
    ("cve", "CVE-2019-12345678901234567890", "not_a_cve"),
    ("cve", "GHSA-aaaa-bbbb-cccc", "not_a_cve"),
    ("cve", "CVE-1998-0001", "cve_year"),
    ("cve", "CVE-2100-0001", "cve_year"),
    ("filename", "https://evil-campus.org/a.exe", "is_url"),
    ("filename", "C:\\Users\\", "directory"),
    ("filename", "..", "directory"),
    ("filename", "*.exe", "wildcard"),
    ("filename", "a" * 256, "too_long"),
    ("filename", '""', "empty"),
]

WARNED = [
    ("ipv4", "10.1.2.3", {"private_address"}),
    ("ipv4", "100.64.0.1", {"shared_address"}),
    ("ipv4", "169.254.1.1", {"link_local"}),
    ("ipv4", "224.0.0.251", {"multicast"}),
    ("ipv4", "255.255.255.255", {"reserved_address"}),
    ("ipv4", "198.51.100.7:22", {"documentation_range", "port_dropped"}),
    ("ipv4", "1.1.1.1", set()),
    ("ipv6", "fd00::1", {"private_address"}),
    ("ipv6", "fe80::1", {"link_local"}),
    ("ipv6", "ff02::1", {"multicast"}),
    ("ipv6", "5f00::1", {"reserved_address"}),
    ("ipv6", "64:ff9b::101:101", set()),
    ("ipv6", "2a00::1", set()),
    ("cidr", "172.0.0.0/8", {"private_address"}),
    ("cidr", "1.1.1.77/24", {"host_bits_cleared"}),
    ("domain", "github.io", {"private_suffix"}),
    ("domain", "a.example.org", {"documentation_name"}),
    ("url", "http://192.168.1.1/", {"private_address"}),
    ("url", "evil-campus.org/x", {"scheme_assumed"}),
    ("md5", "d41d8cd98f00b204e9800998ecf8427e", {"empty_input_hash"}),
    ("sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", {"empty_input_hash"}),
    (
        "sha512",
        (
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
        ),
        {"empty_input_hash"},
    ),
    ("asn", "AS64496", {"documentation_asn"}),
    ("asn", "AS65536", {"documentation_asn"}),
    ("asn", "AS64512", {"private_asn"}),
    ("asn", "AS4200000000", {"private_asn"}),
    ("asn", "AS23456", {"reserved_asn"}),
    ("asn", "AS65535", {"reserved_asn"}),
    ("asn", "AS2200", set()),
    ("filename", "cod\u202eexe.doc", {"invisible_characters"}),
    ("filename", "evil.exe", set()),
]

SUBTREE = [
    ("evil-campus.org", True),
    ("evil-campus.co.uk", True),
    ("evil.github.io", True),
    ("www.evil-campus.org", False),
    ("a.evil.github.io", False),
    ("github.io", False),
    (".www.evil-campus.org", True),
    ("*.www.evil-campus.org", True),
]


@pytest.mark.parametrize(("kind", "raw", "canonical"), ACCEPTED)
def test_a_typed_value_becomes_its_canonical_form(kind: str, raw: str, canonical: str) -> None:
    assert ioc_types[kind].normalise(raw, explicit=True).value == canonical


@pytest.mark.parametrize(("kind", "raw", "code"), REFUSED)
def test_what_is_no_value_of_its_type_is_refused_with_a_code(kind: str, raw: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        ioc_types[kind].normalise(raw, explicit=True)
    assert caught.value.code == code
    assert caught.value.detail.endswith((".", "?"))


@pytest.mark.parametrize(("kind", "raw", "codes"), WARNED)
def test_what_is_unusual_is_accepted_with_a_warning(kind: str, raw: str, codes: set[str]) -> None:
    assert set(ioc_types[kind].normalise(raw, explicit=True).warnings) == codes


@pytest.mark.parametrize(("raw", "subtree"), SUBTREE)
def test_whether_sub_names_are_meant_follows_from_the_public_suffix(raw: str, subtree: bool) -> None:
    assert ioc_types["domain"].normalise(raw, explicit=True).subtree is subtree


@pytest.mark.parametrize(
    ("raw", "code"),
    [("report.py", "file_name"), ("setup.com", "file_name"), ("fact.It", "sentence"), ("self.id", "code")],
)
def test_free_text_is_held_to_a_stricter_standard(raw: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        ioc_types["domain"].normalise(raw)
    assert caught.value.code == code
    assert ioc_types["domain"].normalise(raw, explicit=True).value == raw.lower()
    assert ioc_types["domain"].normalise(raw.replace(".", "[.]")).value == raw.lower()


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [("asn", "64500", "not_an_asn"), ("cve", "2019-0708", "not_a_cve"), ("filename", "evil.exe", "not_stated")],
)
def test_a_bare_number_or_name_needs_its_type(kind: str, raw: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        ioc_types[kind].normalise(raw)
    assert caught.value.code == code
    assert ioc_types[kind].normalise(raw, explicit=True).value.endswith(raw)


@pytest.mark.parametrize(
    ("kind", "value", "pattern"),
    [
        ("asn", "AS64496", "[autonomous-system:number = 64496]"),
        ("cve", "CVE-2024-3400", "[vulnerability:name = 'CVE-2024-3400']"),
        ("filename", r"C:\Temp\it's.exe", r"[file:name = 'C:\\Temp\\it\'s.exe']"),
        ("sha512", "ab" * 64, f"[file:hashes.'SHA-512' = '{'ab' * 64}']"),
    ],
)
def test_patterns_are_those_that_other_tools_read(kind: str, value: str, pattern: str) -> None:
    assert ioc_types[kind].pattern(value) == pattern


@pytest.mark.parametrize(
    ("value", "shown"),
    [("evil.exe", "evil.exe"), ("evil.zip", "evil[.]zip"), ("cod\u202eexe.doc", "cod[U+202E]exe.doc")],
)
def test_a_file_name_is_shown_so_that_it_hides_nothing_and_becomes_no_link(value: str, shown: str) -> None:
    assert ioc_types["filename"].defang(value) == shown


def test_a_look_alike_of_a_name_is_another_name() -> None:
    cyrillic = ioc_types["domain"].normalise("evіl-campus.org", explicit=True).value
    assert cyrillic.startswith("xn--")


@pytest.mark.shareddata
def test_every_shared_vector_of_our_types_holds() -> None:
    folder = Path(os.environ.get("IOCMARKET_SHARED_DATA") or Path(__file__).parents[5] / "shared" / "data")
    path = folder / "normalise_vectors.json"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    wrong, seen = [], 0
    for vector in json.loads(path.read_text(encoding="utf-8")):
        kind = ioc_types.get(vector["type"])
        if kind is None:
            continue
        seen += 1
        try:
            got = kind.normalise(vector["input"], explicit="free text" not in vector["why"]).value
        except Refusal:
            got = None
        if got != vector["canonical"]:
            wrong.append((vector["id"], vector["input"], got))
    assert wrong == []
    assert seen >= 70
