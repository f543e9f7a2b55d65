"""YARA rules of several authors in one file, compiled with YARA-X."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yara_x
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sharing.feeds.formats.base import LineFormat, Lines, formats
from sharing.feeds.items import Item
from tests.sharing.feeds.examples import META, item

YARA = formats["yara"]


def lines(items: list[Item], **options: str) -> Lines:
    assert isinstance(YARA, LineFormat)
    return YARA.lines(items, YARA.filled(options))


def feed(items: list[Item], **options: str) -> str:
    assert isinstance(YARA, LineFormat)
    return YARA.render(items, replace(META, options=YARA.filled(options))).decode()


def compiled(text: str) -> yara_x.Rules:
    """Strictly, without the indulgence of the submission."""
    return yara_x.compile(text)


def found(text: str, data: bytes) -> set[str]:
    return {rule.identifier for rule in yara_x.Scanner(compiled(text)).scan(data).matching_rules}


def rule(text: str) -> Item:
    return item("yara", text)


def test_a_rule_stands_as_it_was_sent_below_its_labels() -> None:
    text = (
        'rule evil : tag {\n  meta:\n    author = "é \\" } rule x {"\n'
        '  strings:\n    $a = "MZab"\n  condition:\n    $a at 0\n}'
    )
    told = feed([rule(text)])
    assert f"{text}\n" in told
    assert f"// {rule(text).public_id}: TLP:AMBER, PAP:GREEN, phishing\n" in told
    assert found(told, b"MZab") == {"evil"}


def test_names_that_are_taken_get_a_suffix_wherever_they_are_used() -> None:
    first = rule("rule evil { condition: filesize == 1 }")
    second = rule(
        "private rule evil { // evil\n strings: $evil = \"evil\" $h = { E1 E2 E3 E4 } $r = /evil\\/x/i "
        "condition: $evil and #evil == 1 and ($h or $r or true) }\n"
        "rule other { condition: evil and filesize > 2 }"
    )  # fmt: skip
    told = feed([first, second])
    suffix = str(second.public_id)[:8]
    assert f"rule evil_{suffix} " in told
    assert '$evil = "evil"' in told
    assert r"/evil\/x/i" in told
    assert found(told, b"evil...") == {"other"}
    assert found(told, b"x") == {"evil"}


def test_modules_are_imported_once_and_never_hidden_by_a_rule() -> None:
    items = [
        rule('import "pe"\nrule a { condition: pe.is_pe }'),
        rule('import "hash" import "pe"\nrule b { condition: pe.is_pe and hash.md5(0, 1) == "x" }'),
        rule("rule elf { condition: filesize == 3 }"),
        rule('import "elf"\nrule c { condition: elf.type == elf.ET_EXEC }'),
    ]
    told = feed(items)
    assert [told.count(f'import "{name}"') for name in ("pe", "hash", "elf")] == [1, 1, 1]
    assert found(told, b"abc") == {f"elf_{str(items[2].public_id)[:8]}"}


@pytest.mark.parametrize(
    "text",
    [
        "global rule quiet { condition: false }",
        "rule slow { strings: $a = /a/ condition: $a }\nglobal private rule g { condition: false }",
        "rule set { condition: any of (evil*) }",
        "rule unknown { condition: somebody_elses_rule }",
        'include "/etc/passwd"\nrule a { condition: true }',
        "rule broken { condition: ",
        "// nothing",
    ],
)
def test_what_would_decide_over_others_or_does_not_compile_is_left_out(text: str) -> None:
    refused = replace(rule("rule x { condition: true }"), value=text)
    good = rule("rule evil { condition: true }")
    told = lines([refused, good])
    assert told.count == 1
    assert told.skipped == {"rule_refused": 1}
    assert found(feed([refused, good]), b"x") == {"evil"}


def test_hashes_are_rules_where_they_are_asked_for() -> None:
    digest = item("md5", "5d41402abc4b2a76b9719d911017c592")
    told = feed([digest, rule('import "hash"\nrule a { condition: hash.md5(0, 1) == "x" }')], hashes="yes")
    assert found(told, b"hello") == {f"iocmarket_{str(digest.public_id).replace('-', '')}"}
    assert told.count('import "hash"') == 1


_PIECES = st.sampled_from([
    "rule a { condition: true }", "rule b { condition: a }", 'import "pe"', "global", "private ", "{", "}", "/*", "*/",
    "//", '"', "\n", "$a", " ", "rule", "a", "condition:", "strings: $a = { 4D 5A }", "= /x/", "/ 2 ==", "pe.is_pe",
    "include",
])  # fmt: skip


@given(st.lists(st.lists(_PIECES, max_size=9).map("".join), max_size=5))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_the_file_compiles(texts: list[str]) -> None:
    assert isinstance(YARA, LineFormat)
    base = rule("rule x { condition: true }")
    told = feed([*[replace(base, value=text) for text in texts], base])
    assert "x" in found(told, b"y")
