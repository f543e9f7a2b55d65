"""The details of an event in the words of its reader: what is stored are the program's own names."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iocmarket.accounts.models import Asset
from iocmarket.accounts.roles import Role

NAMES = {
    "accepted": gettext_lazy("accepted"),
    "administrator": gettext_lazy("administrator"),
    "age_days": gettext_lazy("seen within (days)"),
    "approved": gettext_lazy("approved"),
    "assets_verified": gettext_lazy("assets verified"),
    "cap": gettext_lazy("at most so many values"),
    "cells": gettext_lazy("choices in the matrix"),
    "channel": gettext_lazy("channel"),
    "charter": gettext_lazy("charter"),
    "contact_changed": gettext_lazy("contact changed"),
    "count": gettext_lazy("number"),
    "enabled": gettext_lazy("enabled"),
    "expected": gettext_lazy("expected"),
    "failure": gettext_lazy("failure"),
    "federation": gettext_lazy("federation"),
    "fields": gettext_lazy("fields"),
    "first": gettext_lazy("first line"),
    "format": gettext_lazy("format"),
    "guest": gettext_lazy("guest"),
    "institution": gettext_lazy("institution"),
    "into": gettext_lazy("into"),
    "issuer": gettext_lazy("issuer"),
    "kind": gettext_lazy("kind"),
    "kinds": gettext_lazy("kinds"),
    "known": gettext_lazy("known"),
    "late": gettext_lazy("late"),
    "left": gettext_lazy("left of their own accord"),
    "list": gettext_lazy("list"),
    "severity": gettext_lazy("severity"),
    "moved": gettext_lazy("moved"),
    "name": gettext_lazy("name"),
    "older_than_days": gettext_lazy("older than (days)"),
    "on": gettext_lazy("on"),
    "open": gettext_lazy("open"),
    "permitted": gettext_lazy("source or permission stated"),
    "reason": gettext_lazy("reason"),
    "received": gettext_lazy("received"),
    "refreshed": gettext_lazy("refreshed"),
    "refused": gettext_lazy("refused"),
    "replaced_by": gettext_lazy("replaced by"),
    "role": gettext_lazy("role"),
    "scope": gettext_lazy("scope"),
    "scopes": gettext_lazy("scopes"),
    "score_min": gettext_lazy("least score"),
    "server": gettext_lazy("server"),
    "settled": gettext_lazy("settled"),
    "size": gettext_lazy("bytes"),
    "stored": gettext_lazy("stored"),
    "tags": gettext_lazy("tags"),
    "tokens": gettext_lazy("tokens"),
    "tokens_until": gettext_lazy("tokens work until"),
    "until": gettext_lazy("until"),
    "value": gettext_lazy("value"),
    "version": gettext_lazy("version"),
    "versions": gettext_lazy("versions"),
    "why": gettext_lazy("why"),
    "withdrawn": gettext_lazy("withdrawn"),
}
_VALUES: dict[str, dict[str, object]] = {
    "role": dict(Role.choices),
    "before": dict(Role.choices),
    "after": dict(Role.choices),
    "kind": dict(Asset.Kind.choices),
}


def name_of(detail: str) -> str:
    """What a detail is called; one that nobody has named yet, as it is stored."""
    return str(NAMES.get(detail, detail.replace("_", " ")))


def word_for(said: object, *, detail: str = "") -> str:
    """What is said of it; nothing is a dash."""
    if isinstance(said, bool):
        return _("yes") if said else _("no")
    if isinstance(said, list):
        return ", ".join(word_for(one, detail=detail) for one in said)
    if isinstance(said, dict):
        return ", ".join(f"{name_of(name)}: {word_for(one, detail=name)}" for name, one in said.items())
    return "—" if said in (None, "") else str(_VALUES.get(detail, {}).get(str(said), said))
