"""The one table of how long what is kept: each app registers its rows, `purge` does what they say.

A model that holds something of a person stands in a row, or in the list of exemptions with its reason
(tests/contract/test_personal_data.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SECURITY = _("security of networks: public task or legitimate interest (GDPR, article 6.1 e or f)")
MEMBERSHIP = _("running the community: public task or legitimate interest (GDPR, article 6.1 e or f)")
PROOF = _("being able to show who did what (GDPR, article 5.2)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row. `kept` may hold `%(days)d`; `due` counts what `purge` would take now, and `purge` counts what it took.

    A row without `purge` is kept as long as `kept` says: something else ends it.
    """

    name: str
    what: StrOrPromise
    models: tuple[str, ...]
    kept: StrOrPromise
    basis: StrOrPromise
    days: Callable[[], int] | None = None
    due: Callable[[], int] | None = None
    purge: Callable[[], int] | None = None

    @property
    def kept_for(self) -> str:
        """How long, in words."""
        return str(self.kept) % {"days": self.days()} if self.days else str(self.kept)


class Retention:
    """The table. A name is registered once (ValueError)."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}

    def register(self, *rules: Rule) -> None:
        """Add rows."""
        for rule in rules:
            if rule.name in self._rules:
                raise ValueError(f"the retention of {rule.name!r} is registered twice")
            self._rules[rule.name] = rule

    def unregister(self, name: str) -> None:
        """Take a row out again: for tests."""
        del self._rules[name]

    def ordered(self) -> list[Rule]:
        """All rows, by name."""
        return [self._rules[name] for name in sorted(self._rules)]

    def models(self) -> set[str]:
        """The labels of all models that stand in a row."""
        return {model for rule in self._rules.values() for model in rule.models}


retention = Retention()


def markdown() -> str:
    """The table as docs/privacy.md holds it."""
    lines = ["| name | what | kept | basis |", "|---|---|---|---|"]
    lines += [f"| `{rule.name}` | {rule.what} | {rule.kept_for} | {rule.basis} |" for rule in retention.ordered()]
    return "\n".join(lines)
