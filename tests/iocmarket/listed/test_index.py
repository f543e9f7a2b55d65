"""The index answers as a walk through every list would, and says how a value stands on each."""

from __future__ import annotations

import json
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from iocmarket.indicators.subjects import span_of, subject_of
from iocmarket.indicators.warninglists import Severity
from iocmarket.listed import essential, files
from iocmarket.listed.compiling import MAGIC, compiled
from iocmarket.listed.index import Broken, Index
from iocmarket.listed.lists import ALL_LISTS, Lists
from iocmarket.listed.source import Source, expression, read_lines, read_misp


def listed(
    name: str = "own", *, severity: Severity = Severity.BLOCK_GUARD, kind: str = "string", **more: str
) -> Source:
    lines = more.pop("lines").split()
    return read_misp({"name": name, "version": 3, "type": kind, "list": lines}, severity=severity, name=name)


def hits(index: Index, kind: str, value: str) -> list[tuple[str, str]]:
    found = Lists((index,)).hits(subject_of(kind, value, subtree=False))
    return [(hit.name, hit.severity.value) for hit in found]


networks = st.one_of(
    st.builds(lambda n, p: ip_network((n, p), strict=False), st.integers(0, 2**32 - 1), st.integers(4, 32)),
    st.builds(lambda n, p: ip_network((n, p), strict=False), st.integers(0, 2**128 - 1), st.integers(8, 128)),
)


@settings(max_examples=40)
@given(st.lists(st.lists(networks, max_size=8), min_size=1, max_size=5), st.lists(networks, min_size=1, max_size=6))
def test_ranges_answer_as_a_walk_through_every_list_would(held: list[list[object]], asked: list[object]) -> None:
    sources = [
        Source(name=f"l{n}", label="", version="1", severity=Severity.INFO, ranges=[span_of(str(net)) for net in nets])
        for n, nets in enumerate(held)
    ]
    index = Index(compiled(sources))
    # Also the networks themselves: their first and last addresses are where an index goes wrong.
    for net in [*asked, *(net for nets in held for net in nets)]:
        span = span_of(str(net))
        expected = {
            number
            for number, source in enumerate(sources)
            if any(x.version == span.version and x.first <= span.last and x.last >= span.first for x in source.ranges)
        }
        subject = subject_of("cidr", "45.0.0.0/8", subtree=False)._replace(network=span)
        assert set(index.found(subject)) == expected


def test_every_version_ends_at_its_last_address() -> None:
    index = Index(compiled([listed(lines="255.255.255.255 0.0.0.0 ffff::/16 ::1", kind="cidr")]))
    for kind, value in (("ipv4", "255.255.255.255"), ("ipv4", "0.0.0.0"), ("ipv6", "ffff::9"), ("ipv6", "::1")):
        assert hits(index, kind, value), value
    assert not hits(index, "ipv4", "255.255.255.254")
    assert not hits(index, "ipv6", "::2")


@pytest.mark.parametrize(
    ("kind", "line", "value", "found"),
    [
        ("string", "univ-lorraine.fr", "univ-lorraine.fr", True),
        ("string", "univ-lorraine.fr", "ent.univ-lorraine.fr", False),
        ("string", "univ-lorraine.fr", "www.univ-lorraine.fr", True),
        ("hostname", "univ-lorraine.fr", "ent.univ-lorraine.fr", True),
        ("string", ".univ-lorraine.fr", "ent.univ-lorraine.fr", True),
        ("hostname", "univ-lorraine.fr", "xuniv-lorraine.fr", False),
        ("substring", "univ-lorraine.fr", "ent.univ-lorraine.fr", True),
        ("substring", "lorra", "ent.univ-lorraine.fr", True),
        ("substring", "lor", "ent.univ-lorraine.fr", False),
    ],
)
def test_what_a_line_means(kind: str, line: str, value: str, found: bool) -> None:
    index = Index(compiled([listed(lines=line, kind=kind)]))
    assert bool(index.found(subject_of("domain", value, subtree=False))) == found


def test_who_registered_a_name_below_a_shared_one_is_not_whom_the_list_means() -> None:
    index = Index(compiled([listed(lines=".azurewebsites.net .github.io .valbrune.fr", kind="hostname")]))
    assert hits(index, "domain", "evil-cas.github.io") == [("own", "info")]
    assert hits(index, "domain", "evil.azurewebsites.net") == [("own", "info")]
    assert hits(index, "domain", "github.io") == [("own", "block-guard")]
    assert hits(index, "domain", "cas.valbrune.fr") == [("own", "block-guard")]


def test_a_page_at_a_listed_place_is_told_of_but_is_not_the_place() -> None:
    index = Index(compiled([listed(lines="valbrune.fr 45.83.1.7")]))
    assert hits(index, "url", "https://valbrune.fr/evil") == [("own", "info")]
    assert hits(index, "url", "https://45.83.1.7/evil") == [("own", "info")]
    assert hits(index, "email", "x@valbrune.fr") == [("own", "info")]


def test_hashes_and_mailboxes_are_words() -> None:
    index = Index(compiled([listed(lines=f"{'AB' * 16} j@valbrune.fr")]))
    assert hits(index, "md5", "ab" * 16) == [("own", "block-guard")]
    assert hits(index, "email", "j@valbrune.fr") == [("own", "block-guard")]
    assert not hits(index, "sha256", "ab" * 32)


def test_choices_switch_severity_and_exceptions_spare_a_value() -> None:
    index = Index(compiled([listed("a", lines="valbrune.fr x.fr"), listed("b", lines="valbrune.fr x.fr")]))
    lists = Lists(
        (index,), {"a": Severity.INFO, "b": None},
        {"valbrune.fr": frozenset({"a"}), "x.fr": frozenset({ALL_LISTS})},
    )  # fmt: skip
    subject = subject_of("domain", "www.x.fr", subtree=False)
    assert [(hit.name, hit.version, hit.severity) for hit in lists.hits(subject)] == [("a", "3", Severity.INFO)]
    for name in ("valbrune.fr", "x.fr"):
        assert not lists.hits(subject_of("domain", name, subtree=False))
    bundled = Lists(severities={"public-resolvers": None}, exceptions={"gmail.com": frozenset({"mail-providers"})})
    assert not bundled.guards(subject_of("ipv4", "9.9.9.9", subtree=False))
    assert not bundled.guards(subject_of("domain", "gmail.com", subtree=False))


def test_expressions_of_php_are_read_with_their_flags() -> None:
    assert expression(r"/^(security|noc)\@.*$/i") == r"(?i:^(security|noc)\@.*$)"
    for wrong in ("/a/e", "/(/"):
        with pytest.raises(ValueError, match=r"flags|missing"):
            expression(wrong)


def test_plain_lines_have_comments() -> None:
    found = read_lines(["# ours", "", "ent.fr # portal", ".univ.fr", "45.83.0.0/16"], label="Nos Réseaux", version="1",
                       severity=Severity.CONFIRM)  # fmt: skip
    assert (found.name, found.exact, found.below, len(found.ranges)) == ("nos-reseaux", {"ent.fr"}, {"univ.fr"}, 1)


@pytest.mark.parametrize("content", [b"", b"x" * 100, MAGIC, MAGIC + (9).to_bytes(8, "big") + b"{}       "])
def test_what_is_no_index_is_refused(content: bytes) -> None:
    with pytest.raises(Broken):
        Index(content)


def folder(at: Path, **lists: list[str]) -> Path:
    for name, lines in lists.items():
        (at / name).mkdir(parents=True, exist_ok=True)
        document = {"name": name, "version": len(lines), "type": "string", "list": lines}
        (at / name / "list.json").write_text(json.dumps(document))
    return at


def test_a_replaced_file_is_seen_at_once_and_a_broken_one_changes_nothing(tmp_path: Path, settings: Settings) -> None:
    settings.DATA_DIR = tmp_path
    assert files.newest() is None
    lists = folder(tmp_path / "lists", tlds=["a.fr"])
    files.build(lists)
    first = files.newest()
    assert first is not None
    assert first is files.newest()
    assert hits(first, "domain", "a.fr") == [("tlds", "block-guard")]
    files.build(folder(tmp_path / "lists", tlds=["a.fr", "b.fr"]))
    second = files.newest()
    assert second is not None
    assert hits(second, "domain", "b.fr") == [("tlds", "block-guard")]
    assert first.signature != second.signature
    assert not hits(first, "domain", "b.fr"), "who holds the old one goes on with it"
    beside = tmp_path / "broken"
    beside.write_bytes(b"broken")
    beside.replace(files.path())
    assert files.newest() is second


def test_the_same_lists_give_the_same_index(tmp_path: Path) -> None:
    lists = folder(tmp_path, tlds=["a.fr", "b.fr"], apple=["17.0.0.0/8"])
    assert compiled(list(essential.sources(lists))) == compiled(list(essential.sources(lists)))


def test_the_package_has_nearly_every_essential_list() -> None:
    packaged = essential.packaged()
    assert packaged is not None
    missing = {name for name in essential.ESSENTIAL if not (packaged / name / "list.json").exists()}
    # Lists that newer editions have: `--source` takes a checkout.
    assert missing <= {"cloudflare-top20k", "oracle-oci", "icloud-private-relay"}


def test_traps_of_the_real_lists() -> None:
    packaged = essential.packaged()
    assert packaged is not None
    some = {"university_domains", "google", "common-contact-emails", "empty-hashes", "lots-project", "microsoft"}
    index = Index(compiled([source for source in essential.sources(packaged) if source.name in some]))
    assert hits(index, "domain", "ent.univ-lorraine.fr") == [("university_domains", "confirm")]
    assert ("google", "block-guard") in hits(index, "domain", "www.google.fr")
    assert hits(index, "email", "Abuse@valbrune.fr") == [("common-contact-emails", "confirm")]
    assert hits(index, "md5", "d41d8cd98f00b204e9800998ecf8427e") == [("empty-hashes", "block-guard")]
    assert ("lots-project", "block-guard") in hits(index, "domain", "blogspot.com")
    assert not [hit for hit in hits(index, "domain", "evil-cas.blogspot.com") if hit[1] == "block-guard"]
    assert not hits(index, "domain", "connexion-cas-valbrune.top")
