"""Which indicators an institution may see that are among the keys of an archive: bulk look-ups in indexes alone.

The cost follows from the keys that are asked, not from how much the platform holds. The viewer is the institution at
its full ceiling, which is no person: TLP:RED is not among it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models.functions import MD5, Lower

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import FOLDED_TYPES, Contribution, Indicator
from iocmarket.kernel.ids import digest_of
from iocmarket.kernel.marking import FULL
from iocmarket.kernel.match.keys import ADDRESSES, FOLDED, Key, asked_of
from iocmarket.publication.models import Entry, View

Known = dict[int, set[Key]]
"""By the indicator: the keys that are a hit of it."""


def viewer_of(institution_id: int) -> Viewer:
    """The institution whose evidence it is."""
    return Viewer(institution_id=institution_id, ceiling=FULL)


def known(keys: Sequence[Key], viewer: Viewer) -> Known:
    """What the viewer may see of these keys: values, names above that mean their sub-names, networks around."""
    found: Known = defaultdict(set)
    for one in (_exact(keys, viewer), _folded(keys, viewer), _around(keys, viewer)):
        for indicator, hit in one:
            found[indicator].add(hit)
    return found


def _exact(keys: Sequence[Key], viewer: Viewer) -> Iterable[tuple[int, Key]]:
    asked: dict[bytes, list[tuple[Key, bool]]] = defaultdict(list)
    for key in keys:
        for one in asked_of(key):
            if one.type not in FOLDED:
                asked[digest_of(one.type, one.value)].append((key, one.below))
    said = Contribution.objects.visible_to(viewer).filter(indicator__digest__in=list(asked))
    for indicator, digest, subtree in said.values_list("indicator_id", "indicator__digest", "subtree").distinct():
        for key, below in asked[bytes(digest)]:
            if subtree or not below:
                yield indicator, key


def _folded(keys: Sequence[Key], viewer: Viewer) -> Iterable[tuple[int, Key]]:
    """Through the index of values in lower case (indicator_folded)."""
    asked: dict[tuple[str, str], Key] = {}
    for key in keys:
        for one in asked_of(key):
            if one.type in FOLDED:
                asked[one.type, one.value] = key
    if not asked:
        return
    folds = list({hashlib.md5(value.encode(), usedforsecurity=False).hexdigest() for _type, value in asked})
    seen = Indicator.objects.visible_to(viewer).annotate(fold=MD5(Lower("value")))
    for pk, type_name, value in seen.filter(type__in=FOLDED_TYPES, fold__in=folds).values_list("pk", "type", "value"):
        if (hit := asked.get((type_name, value.lower()))) is not None:
            yield pk, hit


_AROUND = (
    "SELECT i.id, a.value FROM unnest(%s::inet[], %s::text[]) AS a (address, value)"
    " JOIN indicators_indicator i ON i.network >>= a.address AND i.network IS NOT NULL WHERE i.type = 'cidr'"
)


def _around(keys: Sequence[Key], viewer: Viewer) -> list[tuple[int, Key]]:
    addresses = {key.value: key for key in keys if key.kind in ADDRESSES}
    if not addresses:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_AROUND, [list(addresses), list(addresses)])
        pairs = cursor.fetchall()
    networks = {pk for pk, _value in pairs}
    seen = set(Indicator.objects.visible_to(viewer).filter(pk__in=networks).values_list("pk", flat=True))
    return [(pk, addresses[value]) for pk, value in pairs if pk in seen]


def since(view: View, moment: object, most: int) -> list[Entry]:
    """The next entries of a view after a moment of it, as it was written."""
    entries = Entry.objects.filter(
        view=view, indicator__isnull=False, state__in=(Entry.State.LIVE, Entry.State.EXPIRED)
    )
    if moment is not None:
        entries = entries.filter(date_added__gt=moment)
    return list(entries.select_related("indicator").defer("body").order_by("date_added")[:most])
