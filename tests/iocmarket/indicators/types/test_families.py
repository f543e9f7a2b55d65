"""The families that are only ever given explicitly, or behind their name: what each takes and refuses. All invented."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ingestion.readers.free_text import read
from iocmarket.indicators.types.base import ioc_types
from iocmarket.kernel.decision import Refusal

MD5 = "0ab1c2d3e4f5061728394a5b6c7d8e9f"
WALLET = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
ONION = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dyp3kead.onion"

ACCEPTED = [
    ("imphash", f"imphash: {MD5.upper()}", MD5),
    ("ja3", f'ja3":"{MD5}', MD5),
    ("ja4", "ja4=T13D1516H2_8daaf6152771_02713d6af862", "t13d1516h2_8daaf6152771_02713d6af862"),
    ("x509-sha1", "AA:" * 19 + "bb", "aa" * 19 + "bb"),
    ("ssdeep", "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C", "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C"),
    ("tlsh", "ab" * 35, "T1" + "AB" * 35),
    ("ip-port", "203[.]0[.]113[.]9:8443", "203.0.113.9:8443"),
    ("ip-port", "[2001:db8::9]:1", "[2001:db8::9]:1"),
    ("ip-port", "2001:db8::9|1", "[2001:db8::9]:1"),
    ("domain-port", "Évil-campus.org:65535", "xn--vil-campus-96a.org:65535"),
    ("onion", f"www.{ONION.upper()}", f"www.{ONION}"),
    ("regkey", r"hkcu:\Software\Evil Corp\Run", r"HKEY_CURRENT_USER\Software\Evil Corp\Run"),
    ("regkey", r"HKU\S-1-5-21-1-2-3-1001\Software", r"HKEY_USERS\S-1-5-21-1-2-3-1001\Software"),
    ("regvalue", r"HKLM\A\Run|cmd /c a | b", r"HKEY_LOCAL_MACHINE\A\Run|cmd /c a | b"),
    ("file-path", r"%APPDATA%\evil.exe", r"%APPDATA%\evil.exe"),
    ("mac", "001A2B3C4D5E", "00:1a:2b:3c:4d:5e"),
    ("named-pipe", r"\\?\pipe\a b", r"\\.\pipe\a b"),
    ("email-reply-to", "Bob[at]evil-campus[.]org", "bob@evil-campus.org"),
    ("email-message-id", "<a.b@c>", "<a.b@c>"),
    ("attachment-name", "Facture.PDF.exe", "Facture.PDF.exe"),
    ("btc", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
    (
        "btc",
        "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
        "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
    ),
    ("iban", "IBAN : FR76 3000 6000 0112 3456 7890 189", "FR7630006000011234567890189"),
    ("phone", "+33 (0)1 23 45 67 89", "+33123456789"),
    ("browser-extension-id", "Evil@maker.org", "evil@maker.org"),
    ("command-line", "cmd /c hxxp://a[.]b", "cmd /c hxxp://a[.]b"),
    ("yara", 'import "pe"\nrule a { condition: pe.is_dll() }', 'import "pe"\nrule a { condition: pe.is_dll() }'),
]

REFUSED = [
    ("ja3", "zz" * 16, "not_hexadecimal"),
    ("ja3", "ab" * 20, "hash_length"),
    ("hassh", "0" * 32, "null_hash"),
    ("ja4", "t13d1516h2", "not_a_ja4"),
    ("ssdeep", "5:abc:def", "not_ssdeep"),
    ("tlsh", "T2" + "ab" * 35, "not_tlsh"),
    ("ip-port", "203.0.113.9", "not_an_endpoint"),
    ("ip-port", "203.0.113.9:0", "bad_port"),
    ("ip-port", "127.0.0.1:80", "loopback"),
    ("domain-port", "203.0.113.9:80", "not_a_name"),
    ("domain-port", "evil.notatld:80", "unknown_tld"),
    ("onion", "a" * 16 + ".onion", "onion_v2"),
    ("onion", "b" + ONION[1:], "onion_checksum"),
    ("onion", "evil.org", "not_an_onion"),
    ("onion", f"http://{ONION}/", "is_url"),
    ("regkey", r"Software\Evil", "not_a_regkey"),
    ("regvalue", r"HKLM\A", "not_a_regvalue"),
    ("file-path", "evil.exe", "not_a_path"),
    ("mac", "00:1a:2b:3c:4d", "not_a_mac"),
    ("mac", "ff:ff:ff:ff:ff:ff", "no_interface"),
    ("named-pipe", "\\\\.\\pipe\\", "not_a_pipe"),
    ("email-message-id", "a b", "not_a_message_id"),
    ("btc", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "wallet_checksum"),
    ("btc", "bc1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "wallet_checksum"),
    ("btc", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "wallet_checksum"),
    ("btc", "hello", "not_a_wallet"),
    ("xmr", "4abc", "not_a_wallet"),
    ("iban", "FR7630006000011234567890188", "iban_checksum"),
    ("iban", "hello", "not_an_iban"),
    ("phone", "12", "not_a_phone"),
    ("mobile-app-id", "evil app", "not_an_app"),
    ("browser-extension-id", "evil", "not_an_extension"),
    ("yara", "rule a { condition: nothing }", "bad_rule"),
    ("yara", 'include "/etc/passwd"\nrule a { condition: true }', "bad_rule"),
    ("yara", "// only a comment", "bad_rule"),
    ("sigma", "title: a\ndetection:\n  a: b", "bad_rule"),
    ("sigma", "title: &a x\nstatus: *a", "bad_rule"),
    ("sigma", "[" * 5000, "bad_rule"),
    ("sigma", "- 1", "bad_rule"),
    ("suricata", "alert dns any", "bad_rule"),
    ("suricata", 'shout dns any any -> any any (msg:"a"; sid:1;)', "bad_rule"),
    ("suricata", 'alert dns any any -> any any (msg:"a";)', "bad_rule"),
    ("stix-pattern", "[file:name = ]", "bad_rule"),
    ("stix-pattern", "[" + "(" * 500, "bad_rule"),
]


@pytest.mark.parametrize(("name", "raw", "canonical"), ACCEPTED)
def test_a_value_is_taken_in_its_canonical_form(name: str, raw: str, canonical: str) -> None:
    assert ioc_types[name].normalise(raw, explicit=True).value == canonical


@pytest.mark.parametrize(("name", "raw", "code"), REFUSED)
def test_what_is_none_is_refused_with_its_reason(name: str, raw: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        ioc_types[name].normalise(raw, explicit=True)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("sentence", "name", "value"),
    [
        (f"le beacon a pour JA3 : {MD5} et change d'adresse", "ja3", MD5),
        (f"JA3S={MD5.upper()}", "ja3s", MD5),
        (f"Import hash: {MD5}", "imphash", MD5),
        (f"la rançon va à {WALLET}, et {MD5[:8]}", "btc", WALLET),
        (f"le site de fuite {ONION[:-6]}[.]onion:80 est revenu", "onion", ONION),
        ("SSDEEP: 3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C", "ssdeep", "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C"),
    ],
)  # fmt: skip
def test_a_fingerprint_in_running_text_is_what_the_word_before_it_says(sentence: str, name: str, value: str) -> None:
    (found,) = read(f"Nous avons vu ceci hier soir : {sentence}").candidates
    assert (found.type, found.canonical and found.canonical.value) == (name, value)


def test_a_rule_is_named_by_itself_and_keys_of_likely_duplicates_ignore_case_where_windows_does() -> None:
    assert ioc_types["yara"].title("rule evil_one { condition: true }") == "evil_one"
    assert ioc_types["sigma"].title("id: 1\ntitle: 'A name'\n") == "A name"
    assert ioc_types["regkey"].match_key(r"HKEY_USERS\A") == r"hkey_users\a"
    assert ioc_types["filename"].match_key(r"C:\A.exe") == r"c:\a.exe"
    assert ioc_types["filename"].match_key("/tmp/A") == "/tmp/A"
    assert ioc_types["url"].match_key("https://u:p@a.org/b?c#d") == ioc_types["url"].match_key("http://a.org/b?c#e")
    assert ioc_types["email"].match_key("bob+a@evil.org") == "bob@evil.org"
    assert ioc_types["domain"].match_key("a.b.evil.co.uk") == "evil.co.uk"


def test_no_library_of_a_rule_language_is_loaded_before_there_is_a_rule() -> None:
    program = (
        "import sys; from iocmarket.indicators.types import ioc_types; list(ioc_types);"
        "heavy = ('yara_x', 'sigma', 'suricataparser', 'stix2patterns');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
