"""The indicators of a batch: found by digest, made where there are none; set by set, never one by one.

Whatever the values are, the same statements are executed: one that others hide and one that nobody knows cannot be
told apart by what the database is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from ingestion.submissions.drafts import Draft
from iocmarket.copying import array_literal, bytea_literal
from iocmarket.indicators.types import ioc_types
from iocmarket.kernel import clock
from iocmarket.kernel.ids import public_id_text

_FIND = "SELECT digest, id, public_id::text FROM indicators_indicator WHERE digest = ANY(%s::bytea[])"
# Sorted: two writers that meet take the values in one order, and the second waits instead of both.
_MAKE = """
INSERT INTO indicators_indicator (digest, public_id, type, value, network, reversed_name, created_at)
SELECT digest, public_id, type, value, network, reversed_name, %s
FROM unnest(%s::bytea[], %s::uuid[], %s::text[], %s::text[], %s::inet[], %s::text[])
    AS fresh (digest, public_id, type, value, network, reversed_name)
ORDER BY digest
ON CONFLICT DO NOTHING
RETURNING digest, id, public_id::text
"""


class Held(NamedTuple):
    """An indicator's two keys."""

    pk: int
    public_id: str
    made: bool = False
    """Whether this transaction made it: then nobody can have said anything of it before, and nobody need be asked."""


def find(digests: Iterable[bytes]) -> dict[bytes, Held]:
    """Those that there are."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [bytea_literal(digests)])
        return _held(cursor.fetchall())


def _held(rows: Iterable[tuple[memoryview, int, str]]) -> dict[bytes, Held]:
    return {bytes(digest): Held(pk, public_id) for digest, pk, public_id in rows}


def before(held: Mapping[bytes, Held]) -> dict[int, bytes]:
    """The digests, by key, of those that were there before this transaction: what anybody may have spoken of."""
    return {row.pk: digest for digest, row in held.items() if not row.made}


def find_or_make(drafts: dict[bytes, Draft]) -> dict[bytes, Held]:
    """All of them, by digest. Inside of the writer's transaction."""
    held = find(drafts)
    held |= _make(sorted(drafts.keys() - held.keys()), drafts)
    # Another writer was faster with these.
    return held | find(drafts.keys() - held.keys())


def _make(digests: list[bytes], drafts: dict[bytes, Draft]) -> dict[bytes, Held]:
    """Those that were made; the others somebody else made meanwhile."""
    key = settings.INDICATOR_ID_KEY.encode()
    public_ids, types, values, networks, names = [], [], [], [], []
    for digest in digests:
        draft = drafts[digest]
        value, kind = draft.canonical.value if draft.canonical else "", ioc_types[draft.type]
        name = kind.dns_name(value)
        public_ids.append(public_id_text(draft.type, value, key=key))
        types.append(draft.type)
        values.append(value)
        networks.append(kind.network(value))
        names.append(reversed_name(name) if name else None)
    columns = [array_literal(column) for column in (public_ids, types, values, networks, names)]
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, [clock.now(), bytea_literal(digests), *columns])
        return {bytes(digest): Held(pk, public_id, made=True) for digest, pk, public_id in cursor.fetchall()}


def reversed_name(name: str) -> str:
    """`www.evil.fr` as `fr.evil.www.`: every name under `evil.fr` begins with `fr.evil.`."""
    return ".".join(reversed(name.split("."))) + "."
