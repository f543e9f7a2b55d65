"""What a page costs the database: a range of one index, at any depth, among five thousand objects."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import QueryDict

from iocmarket.kernel.clock import stamp
from iocmarket.publication.access import entries_of
from iocmarket.publication.models import Entry, View
from sharing.taxii.depots import depot_of
from sharing.taxii.filters import one_version, read_filters
from sharing.taxii.models import DepotObject
from sharing.taxii.sources import source_of
from tests.factories import Reader, contribute, make_institution, make_reader, publish
from tests.sharing.taxii.depositor import Depositor, stix

ROWS = 5000
COPIES = """
INSERT INTO publication_entry (view_id, stix_type, stix_id, date_added, version, first_added, body, digest, state,
    tlp, pap, threat_types, subtree, base_score, institutions)
SELECT e.view_id, e.stix_type, gen_random_uuid(), moment, moment, moment, e.body, e.digest, e.state,
    2, 1, '{}', false, 60, 1
FROM publication_entry e, LATERAL (SELECT e.date_added + i * interval '1 millisecond' AS moment
    FROM generate_series(1, %s) i) AS copies
WHERE e.stix_type = 'indicator'
"""


@pytest.fixture
def reader(db: None) -> Reader:
    """Somebody before a large collection."""
    found = make_reader()
    contribute(make_institution())
    publish()
    with connection.cursor() as cursor:
        cursor.execute(COPIES, [ROWS])
        cursor.execute("ANALYZE publication_entry")
    return found


def _plan(reader: Reader, query: dict[str, str]) -> str:
    asked = QueryDict(mutable=True)
    asked.update(query)
    view = View.objects.get(audience="community")
    found = read_filters(asked).applied(entries_of(reader.viewer, [view]), one_version)
    entries = found.values_list("date_added", "body")
    return entries[:101].explain()


def test_pages_are_ranges_of_the_index_that_keeps_the_order(reader: Reader) -> None:
    middle = Entry.objects.filter(view__audience="community").order_by("date_added")[ROWS // 2]
    for query in (
        {}, {"added_after": stamp(middle.date_added)}, {"added_after": "2999-01-01T00:00:00Z"},
        {"match[type]": "indicator"},
    ):  # fmt: skip
        plan = _plan(reader, query)
        assert "Index Scan using entry_strict_order" in plan, query
        assert "Sort" not in plan


def test_no_filter_reads_the_whole_collection(reader: Reader) -> None:
    middle = Entry.objects.filter(view__audience="community").order_by("date_added")[ROWS // 2]
    for query, index in (
        ({"match[type]": "identity"}, "entry_standard_objects"),
        ({"match[type]": "sighting,note"}, "entry_standard_objects"),
        ({"match[id]": f"indicator--{middle.stix_id}"}, "entry_stix_id"),
        ({"match[version]": stamp(middle.version)}, "entry_strict_order"),
    ):
        plan = _plan(reader, query)
        assert index in plan, query
        assert "Seq Scan" not in plan


DEPOT_COPIES = """
INSERT INTO taxii_depotobject (depot_id, stix_type, stix_id, version, version_text, date_added, body, is_first, is_last,
    tlp, pap, refs)
SELECT o.depot_id, o.stix_type, gen_random_uuid(), moment, o.version_text, moment, o.body, true, true, 2, 1, '{}'
FROM taxii_depotobject o, LATERAL (SELECT o.date_added + i * interval '1 millisecond' AS moment
    FROM generate_series(1, %s) i) AS copies
"""


def test_pages_of_a_depot_are_ranges_of_its_index(depositor: Depositor) -> None:
    depositor.stored(stix())
    with connection.cursor() as cursor:
        cursor.execute(DEPOT_COPIES, [ROWS])
        cursor.execute("ANALYZE taxii_depotobject")
    viewer = depositor.reader.viewer
    middle = DepotObject.objects.order_by("date_added")[ROWS // 2]
    for query, index in (
        ({}, "depot_strict_order"),
        ({"added_after": stamp(middle.date_added)}, "depot_strict_order"),
        ({"match[type]": "indicator", "match[version]": "all"}, "depot_strict_order"),
        ({"match[id]": f"indicator--{middle.stix_id}"}, "depot_version_once"),
    ):
        asked = QueryDict(mutable=True)
        asked.update(query)
        source = source_of(depot_of(viewer), viewer)
        found = read_filters(asked).applied(source.rows, source.rule).values_list("date_added", "body")
        plan = found[:101].explain()
        assert f"using {index}" in plan, plan
