"""Dépôt has a quota: a POST that does not fit is refused whole, with the figures."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.functions import Length
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from iocmarket.kernel import clock
from sharing.taxii import depositing, quotas
from sharing.taxii.models import Depot, DepotObject, DepotStatus
from tests.sharing.taxii.depositor import RED, Depositor, stix


def held() -> Depot:
    """The only Dépôt."""
    return Depot.objects.get()


def refused(answer: Any) -> str:
    """The description of the error message that says that Dépôt is full."""
    assert answer.status_code == 403, answer.content
    error = answer.json()
    assert (error["title"], error["error_code"], error["http_status"]) == ("Forbidden", "depot_full", "403")
    described: str = error["description"]
    return described


def test_the_number_of_objects_is_bounded_and_the_reason_has_the_figures(depositor: Depositor, settings: Any) -> None:
    settings.DEPOT_MAX_OBJECTS = 3
    depositor.stored(stix(), stix())
    said = refused(depositor.post(stix(), stix()))
    assert "holds 2 of at most 3 objects" in said
    assert "2 new objects of" in said
    depositor.stored(stix())
    assert len(depositor.objects()) == 3


def test_their_bytes_are_bounded(depositor: Depositor, settings: Any) -> None:
    depositor.stored(stix())
    settings.DEPOT_MAX_BYTES = held().octets + 1000
    refused(depositor.post(stix(description="é" * 500)))
    depositor.stored(stix(description="é" * 100))


def test_nothing_of_a_post_that_does_not_fit_is_stored(
    depositor: Depositor, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depositing, "CHUNK", 2)
    monkeypatch.setattr(quotas, "_CHUNK", 2)
    settings.DEPOT_MAX_OBJECTS = 4
    refused(depositor.post(*(stix() for _ in range(5))))
    assert depositor.objects() == []
    assert depositor.said() == []
    assert not DepotStatus.objects.exists()
    assert (held().objects_held, held().octets, held().head) == (0, 0, None)


def test_what_is_there_already_takes_no_room_so_a_post_can_be_repeated(depositor: Depositor, settings: Any) -> None:
    settings.DEPOT_MAX_OBJECTS = 3
    address = {"type": "ipv4-addr", "spec_version": "2.1", "id": stix("ipv4-addr")["id"], "value": "45.1.2.3"}
    objects = [stix(), address, stix()]
    depositor.stored(*objects)
    depositor.stored(*objects)
    refused(depositor.post({**objects[0], "modified": "2026-02-01T00:00:00Z"}))


def test_what_would_be_refused_takes_no_room_either(depositor: Depositor, settings: Any) -> None:
    settings.DEPOT_MAX_OBJECTS = 1
    answer = depositor.post(stix(spec_version="2.0"), stix(object_marking_refs=[RED]), stix())
    assert answer.status_code == 202, answer.content
    assert (answer.json()["success_count"], answer.json()["failure_count"]) == (1, 2)


def test_deleting_makes_room(depositor: Depositor, settings: Any) -> None:
    settings.DEPOT_MAX_OBJECTS = 1
    one = stix()
    depositor.stored(one)
    refused(depositor.post(stix()))
    assert depositor.send("DELETE", f"{depositor.depot}objects/{one['id']}/").status_code == 200
    depositor.stored(stix())


def test_a_quota_that_was_lowered_refuses_what_is_new_and_keeps_what_is_there(
    depositor: Depositor, settings: Any
) -> None:
    one = stix()
    depositor.stored(one, stix())
    settings.DEPOT_MAX_OBJECTS = 1
    refused(depositor.post(stix()))
    depositor.stored(one)
    assert len(depositor.objects()) == 2


@rules(
    max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.integers(1, 3)), max_size=12))
def test_the_counters_are_what_a_count_would_find(depositor: Depositor, acts: list[tuple[bool, int, int]]) -> None:
    depot = Depot.objects.get_or_create(institution=depositor.reader.institution)[0]
    objects = [stix(description="x" * number) for number in range(3)]
    for posting, number, day in acts:
        if posting:
            depositor.stored({**objects[number], "modified": f"2026-01-{day:02}T00:00:00.000Z"}, stix())
        else:
            path = f"{depositor.depot}objects/{objects[number]['id']}/?match[version]=2026-01-{day:02}T00:00:00.000Z"
            assert depositor.send("DELETE", path).status_code in {200, 404}
    depot.refresh_from_db()
    lengths = list(DepotObject.objects.filter(depot=depot).annotate(n=Length("body")).values_list("n", flat=True))
    assert (depot.objects_held, depot.octets) == (len(lengths), sum(lengths))
    assert depot.head is None or depot.head <= clock.now()
