"""Whose eyes a hook has, what of that it asks for, and what its institution lets its tools have."""

from __future__ import annotations

import hashlib
from datetime import datetime

import orjson

from iocmarket.accounts.viewer import Viewer, viewer_of_destination
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.publication.models import Entry
from sharing.feeds.formats.base import Mode
from sharing.feeds.items import Item
from sharing.feeds.policies import policy_for, ruling_of
from sharing.feeds.policy import Ruling
from sharing.push.models import Hook
from sharing.search.rows import Row


def viewer_of(hook: Hook) -> Viewer:
    """What may be sent there. Raises PermissionError while the institution is not let in."""
    return viewer_of_destination(hook.institution, operated_by=hook.operated_by)


def ruling_for(viewer: Viewer) -> Ruling:
    """The feed policy of the institution. What is sent has its marking with it: it is asked as by what looks on."""
    return ruling_of(viewer, policy_for(viewer), Mode.DETECT, moment=clock.now())


def rules_of(viewer: Viewer) -> bytes:
    """Changes with that policy. One statement."""
    document = policy_for(viewer).document()
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).digest()


def wants(hook: Hook, row: Row) -> bool:
    """Whether the hook asks for what is said of a value now.

    An index is searched by detection rules, which ask nothing of a state: there an expired value is none.
    """
    return (
        (not hook.types or row.indicator.type in hook.types)
        and (not hook.threat_types or not set(hook.threat_types).isdisjoint(row.threat_types))
        and (hook.score_min is None or row.score >= hook.score_min)
        and row.marking.tlp <= hook.tlp_max
        and (hook.kind != Hook.Kind.BULK or row.state == Entry.State.LIVE)
    )


def item_of(row: Row) -> Item:
    """A row as formats of feeds take it."""
    public_id, kind, value = row.indicator
    return Item(
        public_id=public_id,
        type=kind,
        value=value,
        traits=ioc_types[kind].traits,
        marking=row.marking,
        score=row.score,
        threat_types=row.threat_types,
        subtree=row.subtree,
        first_seen=_moment(row.stamps.first_seen, row),
        last_seen=_moment(row.stamps.last_seen, row),
        valid_until=_moment(row.stamps.valid_until, row),
        institutions=row.institutions,
        changed=row.updated,
    )


def _moment(stamp: str | None, row: Row) -> datetime:
    return datetime.fromisoformat(stamp) if stamp else row.updated
