"""Filling an instance with published indicators in minutes: what the services and the publisher would have written.

Entries are written by the publisher's own function, in larger chunks and without the outbox. `verify` proves it: the
publisher, asked to compute a sample anew from the tables, writes the same.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction

from bench.templates import Templates, heads, move
from bench.values import Drawn, statements_of, value_of
from ingestion.submissions.values import reversed_name
from iocmarket.accounts.models import Institution
from iocmarket.copying import copy_rows
from iocmarket.indicators.models import Contribution, Indicator
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel.ids import digest_of, public_id_of
from iocmarket.publication.audiences import audiences_of
from iocmarket.publication.entries import recompute
from iocmarket.publication.models import Entry, View
from iocmarket.publication.publisher import LOCK

CHUNK = 5000
SAMPLE = 1000


_TEMPLATES = Templates()
_QUICKLY = (
    # This world is measured once it is filled, and thrown away: a crash meanwhile loses nothing that anybody wants.
    "SET LOCAL synchronous_commit = off",
    # Rows refer to rows that were written just before; `verify` and the measures read them again.
    "SET LOCAL session_replication_role = replica",
)


def fill(first: int, last: int, *, institutions: Sequence[Institution], moment: datetime) -> None:
    """Values number `first` to `last` - 1, stated by these institutions and published in every view they belong to.

    The views exist. `moment` is what the statements' dates are counted from.
    """
    if first == 0:
        _TEMPLATES.forget()
    for start in range(first, last, CHUNK):
        numbers = range(start, min(start + CHUNK, last))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            for statement in _QUICKLY:
                cursor.execute(statement)
            _again(numbers) if _TEMPLATES.complete else _chunk(numbers, institutions, moment)


def _again(numbers: range) -> None:
    """The same that was said of others before."""
    views = heads()
    ids, statement_ids = _ids(Indicator, len(numbers)), _ids(Contribution, _TEMPLATES.statements(numbers))
    _TEMPLATES.fill(numbers, ids, statement_ids, views)
    move(views)


def _chunk(numbers: range, institutions: Sequence[Institution], moment: datetime) -> None:
    """What the publisher's own function makes of what is said."""
    indicators = [_indicator(number) for number in numbers]
    for pk, indicator in zip(_ids(Indicator, len(indicators)), indicators, strict=True):
        indicator.pk = pk
    said: list[Contribution] = []
    for number, indicator in zip(numbers, indicators, strict=True):
        lifetime = ioc_types[indicator.type].lifetime_days
        drawn = statements_of(number, institutions=len(institutions), lifetime_days=lifetime, moment=moment)
        said += [_contribution(indicator, one, institutions, moment) for one in drawn]
    for pk, contribution in zip(_ids(Contribution, len(said)), said, strict=True):
        contribution.pk = pk
    copy_rows(indicators)
    copy_rows(said)
    _publish(said)
    _TEMPLATES.keep(indicators, said, Entry.objects.filter(indicator__in=[row.pk for row in indicators]))


def _indicator(number: int) -> Indicator:
    """As merging makes it."""
    name, value = value_of(number)
    kind = ioc_types[name]
    host = kind.dns_name(value)
    return Indicator(
        digest=digest_of(name, value),
        public_id=public_id_of(name, value, key=settings.INDICATOR_ID_KEY.encode()),
        type=name,
        value=value,
        network=kind.network(value),
        reversed_name=reversed_name(host) if host else None,
    )


def _contribution(
    indicator: Indicator, drawn: Drawn, institutions: Sequence[Institution], moment: datetime
) -> Contribution:
    return Contribution(
        indicator=indicator,
        institution=institutions[drawn.institution],
        threat_type=drawn.threat_type,
        tlp=drawn.tlp,
        pap=drawn.pap,
        audience=drawn.audience,
        recipients=sorted(institutions[position].pk for position in drawn.recipients),
        anonymous=drawn.anonymous,
        confidence=drawn.confidence,
        comment=drawn.comment,
        tags=list(drawn.tags),
        first_seen=drawn.first_seen,
        last_seen=drawn.last_seen,
        valid_until=drawn.valid_until,
        created_at=moment,
        refreshed_at=moment,
    )


def _publish(said: Sequence[Contribution]) -> None:
    """Let the publisher write what each view gets."""
    together: dict[str, set[int]] = defaultdict(set)
    for one in said:
        for key in audiences_of(one):
            together[key].add(one.indicator_id)
    views: dict[str, list[View]] = defaultdict(list)
    for view in View.objects.filter(audience__in=list(together)).order_by("pk"):
        views[view.audience].append(view)
    for key, listed in views.items():
        recompute(listed, together[key])


def _ids(model: type[Indicator] | type[Contribution], count: int) -> list[int]:
    """So many keys of the table's own sequence."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],  # noqa: SLF001 (Django's documented model _meta API)
        )
        return sorted(pk for (pk,) in cursor.fetchall())


def verify(*, sample: int = SAMPLE) -> int:
    """Let the publisher compute a random sample anew and compare every column; how many entries were compared.

    Raises AssertionError where one differs. Leaves nothing behind.
    """
    ids = list(Indicator.unscoped.values_list("pk", flat=True))
    chosen = random.Random(1).sample(ids, min(sample, len(ids)))
    with transaction.atomic():
        held = Entry.objects.filter(indicator_id__in=chosen)
        before = {entry.pk: _told(entry) for entry in held}
        by_view: dict[int, list[int]] = defaultdict(list)
        for view_id, indicator_id in held.values_list("view_id", "indicator_id"):
            by_view[view_id].append(indicator_id)
        held.update(digest=b"")
        views = View.objects.filter(pk__in=list(by_view))
        compared = sum(recompute([view], by_view[view.pk]) for view in views)
        after = {entry.pk: _told(entry) for entry in held.all()}
        transaction.set_rollback(True)
    different = [pk for pk, told in before.items() if after.get(pk) != told]
    if different or compared != len(before):
        shown = [(before[pk], after.get(pk)) for pk in different[:1]]
        raise AssertionError(f"{len(different)} of {len(before)} entries differ from the publisher's: {shown}")
    return compared


def _told(entry: Entry) -> dict[str, Any]:
    """All that an entry says, but for the moment of its version."""
    body = orjson.loads(bytes(entry.body))
    del body["modified"]
    left_out = {"_state", "date_added", "version", "body", "digest"}
    told = {name: value for name, value in entry.__dict__.items() if name not in left_out}
    return told | {"body": body, "digest": bytes(entry.digest)}
