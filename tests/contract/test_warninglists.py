"""What every warning list owes the guard, run over whatever is registered, and over the template."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator

import pytest

from iocmarket.indicators.guard import Assets, guard, subject_of
from iocmarket.indicators.warninglists import Severity, WarningList, warning_lists
from iocmarket.indicators.warninglists.base import lists_signature

EXAMPLE = "iocmarket.indicators.warninglists.example"
every_list = pytest.mark.parametrize("found", list(warning_lists), ids=lambda found: found.name)


@pytest.fixture
def example() -> Iterator[WarningList]:
    """The template, loaded as a new file of the package would be, and taken out again."""
    sys.modules.pop(EXAMPLE, None)
    importlib.import_module(EXAMPLE)
    yield warning_lists["reserved-names"]
    warning_lists.unregister("reserved-names")
    sys.modules.pop(EXAMPLE, None)


@every_list
def test_a_list_has_a_name_a_version_a_severity_and_a_label(found: WarningList) -> None:
    assert found.name == found.name.lower()
    assert found.version
    assert found.severity in Severity
    assert str(found.label)


@every_list
def test_a_value_of_nobody_is_on_no_list(found: WarningList) -> None:
    for kind, value in (("ipv4", "45.83.1.7"), ("domain", "evil-cas.fr"), ("md5", "a" * 32), ("asn", "AS64999")):
        assert not found.matches(subject_of(kind, value, subtree=False))


def test_a_file_is_all_that_a_new_list_needs(example: WarningList) -> None:
    subject = subject_of("domain", "www.example.org", subtree=False)
    assert example.matches(subject)
    assert guard(subject, Assets()).reason == "warning_list"
    assert "reserved-names/1" in lists_signature()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("ipv4", "9.9.9.9"),
        ("ipv6", "2620:fe::fe"),
        ("cidr", "1.1.1.0/24"),
        ("url", "http://8.8.8.8/a"),
    ],
)
def test_public_resolvers_are_never_blocked(kind: str, value: str) -> None:
    assert guard(subject_of(kind, value, subtree=False), Assets()).reason == "warning_list"


def test_what_only_informs_blocks_nothing(example: WarningList, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(example), "severity", Severity.INFO)
    assert guard(subject_of("domain", "www.example.org", subtree=False), Assets())
