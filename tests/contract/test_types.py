"""What every IOC type owes the rest of the program, run over whatever is registered, and over the template."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stix2patterns.validator import run_validator  # type: ignore[import-untyped]

from ingestion.readers.free_text import read
from iocmarket.indicators.recognise import recognise
from iocmarket.indicators.refang import refang
from iocmarket.indicators.types.base import IocType, Trait, ioc_types
from iocmarket.kernel.decision import Refusal
from tests.iocmarket.indicators.types.strategies import all_types, canonical_values

EXAMPLE = "iocmarket.indicators.types.example"
every_type = pytest.mark.parametrize("kind", all_types(), ids=lambda kind: kind.name)


@pytest.fixture
def example() -> Iterator[IocType]:
    """The template, loaded as a new file of the package would be, and taken out again."""
    before = {kind.name for kind in ioc_types}
    sys.modules.pop(EXAMPLE, None)
    importlib.import_module(EXAMPLE)
    (name,) = {kind.name for kind in ioc_types} - before
    yield ioc_types[name]
    ioc_types.unregister(name)
    sys.modules.pop(EXAMPLE, None)


def outcome(kind: IocType, raw: str, *, explicit: bool) -> str | Refusal:
    """The canonical value, or the refusal."""
    try:
        return kind.normalise(raw, explicit=explicit).value
    except Refusal as refusal:
        return refusal


def check_declarations(kind: IocType) -> None:
    assert kind.name == kind.name.lower()
    assert str(kind.label).strip()
    assert kind.traits
    assert kind.traits <= frozenset(Trait)
    assert kind.lifetime_days > 0
    assert kind.misp_type.strip()
    assert all(name == name.lower() for name in kind.aliases)
    assert kind.examples


def check_examples(kind: IocType) -> None:
    for raw, canonical in kind.examples:
        assert kind.normalise(raw, explicit=True).value == canonical
        check_canonical(kind, canonical)


def check_canonical(kind: IocType, canonical: str) -> None:
    assert kind.normalise(canonical, explicit=True).value == canonical
    if not kind.verbatim:
        assert refang(kind.defang(canonical)) == canonical
    assert kind.normalise(kind.defang(canonical), explicit=True).value == canonical
    for pattern in {kind.pattern(canonical, subtree=subtree) for subtree in (False, True)}:
        assert kind.pattern_type != "stix" or run_validator(pattern, stix_version="2.1") == []


@every_type
def test_it_declares_what_pages_and_formats_need(kind: IocType) -> None:
    check_declarations(kind)


def test_every_other_name_of_a_type_means_one_type_and_is_none_of_the_contract() -> None:
    aliases = [name for kind in all_types() for name in kind.aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & {kind.name for kind in all_types()}


@every_type
def test_its_examples_hold(kind: IocType) -> None:
    check_examples(kind)


@every_type
@settings(max_examples=60)
@given(data=st.data())
def test_a_canonical_value_is_stable_can_be_defanged_and_has_a_valid_pattern(
    kind: IocType, data: st.DataObject
) -> None:
    check_canonical(kind, data.draw(canonical_values(kind)))


@every_type
@settings(max_examples=100)
@given(raw=st.text(st.characters(), max_size=60))
def test_it_refuses_or_accepts_but_never_fails(kind: IocType, raw: str) -> None:
    outcomes = [outcome(kind, raw, explicit=explicit) for explicit in (False, True)]
    for refusal in (found for found in outcomes if isinstance(found, Refusal)):
        assert re.fullmatch(r"[a-z0-9_]+", refusal.code)
        assert refusal.detail
    for value in {found for found in outcomes if isinstance(found, str)}:
        check_canonical(kind, value)


@every_type
@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("a" * 70_000, "too_long"),
        ("a\x00b", "nul_character"),
        ("a\x1bb", "control_character"),
        ("a\ud800b", "invalid_unicode"),
    ],
)
def test_it_refuses_what_cannot_be_stored_or_shown(kind: IocType, raw: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        kind.normalise(raw, explicit=True)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "kind", [kind for kind in all_types() if Trait.RULE not in kind.traits], ids=lambda kind: kind.name
)
def test_a_value_that_is_no_rule_has_one_line(kind: IocType) -> None:
    with pytest.raises(Refusal) as caught:
        kind.normalise("a\nb", explicit=True)
    assert caught.value.code == "control_character"


@every_type
def test_what_likely_duplicates_share_follows_from_the_canonical_value(kind: IocType) -> None:
    for raw, canonical in kind.examples:
        assert kind.match_key(kind.normalise(raw, explicit=True).value) == kind.match_key(canonical) != ""
        assert kind.title(canonical)


@pytest.mark.parametrize("kind", [kind for kind in all_types() if kind.finds is not None], ids=lambda kind: kind.name)
def test_free_text_yields_the_values_of_a_type_that_says_how_they_look(kind: IocType) -> None:
    for _raw, canonical in kind.examples:
        value = kind.defang(canonical)
        stated = f'{kind.name}: "{value}"' if kind.verbatim else value
        (candidate,) = read(f"seen {stated} today").candidates
        assert candidate.type == kind.name
        assert candidate.canonical is not None
        assert candidate.canonical.value == canonical


def test_a_new_type_is_one_new_file(example: IocType) -> None:
    check_declarations(example)
    check_examples(example)
    raw, canonical = example.examples[0]
    assert recognise(raw).type is example
    (candidate,) = read(f"the account {raw} did it").candidates
    assert (candidate.type, candidate.raw) == (example.name, raw)
    assert candidate.canonical is not None
    assert candidate.canonical.value == canonical


def test_the_template_is_not_a_type_of_the_program() -> None:
    assert "windows-sid" not in ioc_types
