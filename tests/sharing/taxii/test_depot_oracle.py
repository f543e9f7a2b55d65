"""Whatever is posted and deleted in whatever order: Dépôt reads, and its institution says, what a short oracle says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iocmarket.indicators.models import Contribution
from tests.sharing.taxii.depositor import Depositor, stix

IDS = [f"indicator--0b54c33d-7bd1-4a05-8f39-6d3a90e6a0b{number}" for number in range(3)]
REPORT = "report--0b54c33d-7bd1-4a05-8f39-6d3a90e6a0bf"
VALUES = ["45.9.0.1", "45.9.0.2", "127.0.0.1"]
SHARED = frozenset(VALUES[:2])
DAYS = st.integers(1, 4)

posts = st.tuples(
    st.just("indicator"), st.sampled_from(IDS), DAYS, st.sets(st.sampled_from(VALUES), min_size=1), st.booleans()
)
reports = st.tuples(st.just("report"), st.just(REPORT), DAYS, st.sets(st.sampled_from(IDS)), st.booleans())
deletions = st.tuples(st.just("delete"), st.sampled_from([*IDS, REPORT]), DAYS | st.none())
acts = st.lists(posts | posts | reports | deletions, min_size=1, max_size=8)


@dataclass
class Oracle:
    """Objects by id, versions by day in the order of their arrival."""

    held: dict[str, dict[int, Any]] = field(default_factory=dict)

    def post(self, name: str, day: int, told: Any) -> None:
        self.held.setdefault(name, {}).setdefault(day, told)

    def delete(self, name: str, day: int | None) -> bool:
        versions = self.held.get(name, {})
        gone = [found for found in versions if day in (None, found)]
        for found in gone:
            del versions[found]
        if not versions:
            self.held.pop(name, None)
        return bool(gone)

    def newest(self, name: str) -> Any:
        versions = self.held.get(name)
        content, revoked = versions[max(versions)] if versions else (set(), True)
        return set() if revoked else content

    def said(self) -> list[tuple[str, bool]]:
        """The statements, each with whether it is in the report. In one report a value is said once."""
        about = self.newest(REPORT)
        found = {(value, name in about) for name in IDS for value in self.newest(name) & SHARED}
        return sorted(found)

    def versions(self) -> set[tuple[str, int]]:
        return {(name, day) for name, versions in self.held.items() for day in versions}


def _document(kind: str, name: str, day: int, content: set[str], *, revoked: bool) -> dict[str, Any]:
    if kind == "report":
        extra: dict[str, Any] = {"name": "Récit", "published": "2026-01-01T00:00:00Z", "object_refs": sorted(content)}
    else:
        pattern = " OR ".join(f"[ipv4-addr:value = '{value}']" for value in sorted(content))
        extra = {"pattern": pattern}
    return stix(kind, id=name, day=day, revoked=revoked, **extra)


def _run(depositor: Depositor, oracle: Oracle, act: tuple[Any, ...]) -> None:
    if act[0] == "delete":
        _, name, day = act
        query = f"?match[version]=2026-01-{day:02}T00:00:00Z" if day else ""
        response = depositor.send("DELETE", f"{depositor.depot}objects/{name}/{query}")
        assert response.status_code == (200 if oracle.delete(name, day) else 404)
    else:
        kind, name, day, content, revoked = act
        depositor.stored(_document(kind, name, day, content, revoked=revoked))
        oracle.post(name, day, (content, revoked))


@given(acts)
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_depot_equals_the_oracle_after_every_act(depositor: Depositor, sequence: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        oracle = Oracle()
        for act in sequence:
            _run(depositor, oracle, act)
            rows = Contribution.unscoped.filter(withdrawn_at__isnull=True)
            said = sorted((row.indicator.value, row.report_id is not None) for row in rows.select_related("indicator"))
            assert said == oracle.said()
            held = {(found["id"], int(found["modified"][8:10])) for found in depositor.objects(version="all")}
            assert held == oracle.versions()
            newest = {(found["id"], int(found["modified"][8:10])) for found in depositor.objects()}
            assert newest == {(name, max(versions)) for name, versions in oracle.held.items()}
        transaction.set_rollback(True)
