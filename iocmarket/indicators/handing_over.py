"""A chunk of what an institution said becomes another one's, into which it merged (merging.py, settling.py)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Manager, QuerySet

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Alert, Contribution, Settlement, Sighting
from iocmarket.indicators.reuniting import reunite
from iocmarket.kernel import clock


def rows_of(source: Institution) -> dict[str, QuerySet[Any]]:
    """What is still the source's, by kind, in the order in which it is handed over."""
    addressed = {"audience": "recipients", "recipients__contains": [source.pk]}
    return {
        "statements": Contribution.unscoped.filter(institution=source),
        "sightings": Sighting.unscoped.filter(institution=source),
        "addressed_statements": Contribution.unscoped.filter(**addressed),
        "addressed_sightings": Sighting.unscoped.filter(**addressed),
    }


def take(name: str, rows: list[Any], *, settlement: Settlement, target: Institution) -> list[Any]:
    """Hand these rows of one kind over; they and what they met of the target's, as they are afterwards."""
    source = settlement.institution
    if name.startswith("addressed"):
        readdress(type(rows[0]).unscoped, rows, source, target)
        return rows
    met: list[Contribution] = []
    if name == "statements":
        met = reunite(source, target, rows, settlement=settlement, moment=clock.now())
    give(rows, target)
    return [*rows, *met]


def give(rows: list[Any], target: Institution) -> None:
    """Make statements or sightings the target's, with the alerts about them."""
    if not rows:
        return
    ids = [row.pk for row in rows]
    type(rows[0]).unscoped.filter(pk__in=ids).update(institution=target)
    if isinstance(rows[0], Contribution):
        Alert.objects.filter(contribution__in=ids).update(institution=target)
    for row in rows:
        row.institution_id = target.pk


def readdress(manager: Manager[Any], rows: Iterable[Any], source: Institution, target: Institution) -> None:
    """What was addressed to the source by name is addressed to the target, once."""
    changed = list(rows)
    for row in changed:
        # In order: sightings are told apart by the list as it is written (sightings.py).
        row.recipients = sorted({target.pk if pk == source.pk else pk for pk in row.recipients})
    manager.bulk_update(changed, ["recipients"], batch_size=500)
