"""The options of formats in a person’s words; values that a tool itself knows by name stay as the tool has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_NAMES: dict[str, StrOrPromise] = {
    "action": _("Action"),
    "collection": _("Collection"),
    "comments": _("Comments"),
    "duration": _("Duration"),
    "file": _("File"),
    "form": _("Form"),
    "hashes": _("Rules for hashes"),
    "list": _("List"),
    "lists": _("Lists"),
    "map": _("Lookup table"),
    "names": _("Names looked for in"),
    "notice": _("Notices"),
    "removals": _("Removals"),
    "rules": _("Rules"),
    "score": _("Score"),
    "separator": _("Separator"),
    "set": _("Set of values"),
    "type": _("Type"),
}
_VALUES: dict[str, StrOrPromise] = {
    "all": _("all"),
    "comma": _("comma"),
    "generated": _("generated"),
    "lines": _("lines"),
    "no": _("no"),
    "semicolon": _("semicolon"),
    "submitted": _("submitted"),
    "tab": _("tab"),
    "yes": _("yes"),
}


def label_of(option: str) -> StrOrPromise:
    """What an option is called; one that nobody has named yet, as it is written in an address."""
    return _NAMES.get(option, option)


def value_of(value: str) -> StrOrPromise:
    """What one of its values is called."""
    return _VALUES.get(value, value)
