"""The exits over HTTP: lists, look-up, value pages of the API, TAXII page by page, feeds; each against the model."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.conf import settings
from django.test import Client

from iocmarket.accounts.models import Member
from iocmarket.indicators.recognise import recognise
from iocmarket.kernel.clock import stamp
from iocmarket.kernel.ids import public_id_of
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.publication.models import Entry
from tests.oracle.acts import Life
from tests.oracle.cast import NEVER_SEEN, Anybody, Key
from tests.oracle.checks import readable
from tests.oracle.model import World
from tests.oracle.nouns import Facts, Viewer, together


class Exits:
    """What one viewer is answered."""

    def __init__(self, life: Life, viewer: Viewer, client: Client, headers: dict[str, str] | None = None) -> None:
        self.life, self.viewer = life, viewer
        self._client, self._headers = client, headers or {}
        self.feeds = "/feeds"

    @classmethod
    def of_key(cls, life: Life, key: Key) -> Exits:
        """A machine's."""
        return cls(life, key.viewer, Client(), key.headers)

    @classmethod
    def of_anybody(cls, life: Life, anybody: Anybody) -> Exits:
        """The public feed."""
        found = cls(life, anybody.viewer, Client())
        found.feeds = "/public"
        return found

    @classmethod
    def of_member(cls, life: Life, member: Member) -> Exits:
        """A person's."""
        client = Client()
        client.force_login(Member.objects.get(pk=member.pk))  # as it stands: sessions may have been ended
        return cls(life, Viewer(life.world.homes[member.pk], member=member.pk), client)

    @property
    def world(self) -> World:
        """The model."""
        return self.life.world

    def get(self, path: str, query: dict[str, str] | None = None, *, status: int = 200) -> Any:
        """An answer of that status."""
        answer = self._client.get(path, query or {}, headers=self._headers)
        assert answer.status_code == status, (path, query, answer.status_code, answer.content)
        return answer

    def check_closed(self) -> None:
        """Nothing is opened for somebody who is not let in."""
        for path in ("/api/v1/indicators", "/feeds/text", "/taxii2/api/collections/"):
            assert self._client.get(path, headers=self._headers).status_code in {401, 403}

    def check_no_wall(self) -> None:
        """What is closed to anybody looks like what is not there."""
        for name in ("text", "csv", "stix"):
            self.get(f"{self.feeds}/{name}", status=404)

    # The API

    def check_list(self) -> None:
        """`GET indicators`, two at a time: one row per value, newest first."""
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.get("/api/v1/indicators", {"limit": "2", **({"cursor": cursor} if cursor else {})}).json()
            rows += page["indicators"]
            cursor = page["next"] or ""
            if not cursor:
                break
        expected = {value: facts for value in self.world.lifetimes if (facts := self._row(value))}
        assert sorted(row["value"] for row in rows) == sorted(expected)
        updated = [row["updated"] for row in rows]
        assert updated == sorted(updated, reverse=True)
        for row in rows:
            _check_facts(row, expected[row["value"]])
            assert row["state"] == ("live" if expected[row["value"]].live else "expired")
            self._check_score(row)

    def _row(self, value: str) -> Facts | None:
        found = self.world.told(self.viewer, value)
        return together(found) if found else None

    def check_lookup(self) -> None:
        """`POST lookup` for every value and for some that nobody ever named: what is hidden is answered alike."""
        values = [*self.world.lifetimes, *NEVER_SEEN]
        body = orjson.dumps({"values": values})
        answer = self._client.post("/api/v1/lookup", body, content_type="application/json", headers=self._headers)
        assert answer.status_code == 200, answer.content
        results = {found["value"]: found for found in answer.json()["results"]}
        never = results[NEVER_SEEN[0]]
        for value in values:
            said = self.world.seen(self.viewer, value)
            if facts := self.world.facts(said, every=True):
                assert results[value]["known"] is True
                last = max([facts.last, *(entry.last for entry in self.world.told(self.viewer, value))])
                _check_facts(results[value], replace(facts, last=last))
                self._check_score(results[value])
            else:
                alike = {"value": value, "canonical": value, "type": recognise(value).type.name}
                assert results[value] == never | alike

    def check_values(self) -> None:
        """`GET indicators/<id>`: the visible statements and no other; hidden is absent, and asks the same."""
        never = self.get(f"/api/v1/indicators/{uuid4()}", status=404)
        for value in self.world.lifetimes:
            said = self.world.seen(self.viewer, value)
            path = f"/api/v1/indicators/{public_id(value)}"
            facts = self.world.facts(said, every=True)
            if facts is None:
                assert self.get(path, status=404).json() == never.json()
                continue
            found = self.get(path).json()
            met = self.world.met_by(self.viewer, value)
            last = max([facts.last, *(one.at for one in met if one.kind == "seen")])
            _check_facts(found, replace(facts, last=last))
            names = {institution.pk: institution.name for institution in self.life.cast.institutions}
            heard = {
                (r["kind"], r["institution"] and r["institution"]["name"]) for r in found["sightings"]["reporters"]
            }
            assert heard == {
                (m.kind, names[m.institution] if m.institution == self.viewer.institution or not m.anonymous else None)
                for m in met
            }
            told = [
                (
                    c["institution"] and c["institution"]["name"],
                    c["tlp"],
                    c["pap"],
                    c["audience"],
                    c["threat_type"],
                    c["mine"],
                )
                for c in found["contributions"]
            ]
            mine = self.viewer.institution
            assert sorted(told, key=str) == sorted(
                [
                    (
                        names[s.institution] if s.institution == mine or not s.anonymous else None,
                        TLP(s.tlp).label,
                        PAP(s.pap).label,
                        s.audience,
                        s.threat,
                        s.institution == mine,
                    )
                    for s in said
                ],
                key=str,
            )

    def _check_score(self, row: dict[str, Any]) -> None:
        expected = self.world.score(self.viewer, row["value"], self.world.now)
        assert abs(row["score"] - expected) <= 0.5 + 1e-6, (row, self.viewer)

    # TAXII

    def check_taxii(self) -> None:
        """Every collection two objects at a time, whole and from a cursor: exactly what the model reads."""
        expected = {
            frozenset(_identity(row) for row in rows.values()) for rows in readable(self.life, self.viewer).values()
        }
        found = set()
        everything = set()
        for collection in self.get("/taxii2/api/collections/").json()["collections"]:
            if collection["title"] == "Dépôt":
                continue
            objects = self._pull(collection["id"], limit="2")
            assert len({each["id"] for each in objects}) == len(objects)
            indicators = [each for each in objects if each["type"] == "indicator"]
            added = [each["modified"] for each in indicators]
            assert added == sorted(set(added))
            found.add(frozenset(_identity_of(each) for each in indicators))
            everything |= {orjson.dumps(each) for each in objects}
            if added:
                later = self._pull(collection["id"], added_after=added[len(added) // 2])
                assert [each for each in later if each["type"] == "indicator"] == [
                    each for each in indicators if each["modified"] > added[len(added) // 2]
                ]
            self._check_foreign(collection["id"], {each["id"] for each in indicators})
        assert found == expected
        bundle = orjson.loads(self.get("/feeds/stix").content)
        assert {orjson.dumps(each) for each in bundle["objects"]} == everything

    def check_bundle(self) -> None:
        """The feed of whole objects, for those who have no collections."""
        expected = {
            frozenset(_identity(row) for row in rows.values()) for rows in readable(self.life, self.viewer).values()
        }
        bundle = orjson.loads(self.get(f"{self.feeds}/stix").content)
        indicators = [each for each in bundle["objects"] if each["type"] == "indicator"]
        assert {frozenset(map(_identity_of, indicators))} == expected

    def _pull(self, collection: str, **query: str) -> list[dict[str, Any]]:
        objects: list[dict[str, Any]] = []
        while True:
            page = self.get(f"/taxii2/api/collections/{collection}/objects/", query).json()
            objects += page.get("objects", [])
            if not page["more"]:
                return objects
            query = {"next": page["next"]}

    def _check_foreign(self, collection: str, own: set[str]) -> None:
        """An object of another view, and one that nobody has."""
        foreign = next(
            (f"indicator--{number}" for number in _numbers() if f"indicator--{number}" not in own),
            f"indicator--{uuid4()}",
        )
        path = f"/taxii2/api/collections/{collection}/objects/"
        hidden, never = self.get(f"{path}{foreign}/", status=404), self.get(f"{path}indicator--{uuid4()}/", status=404)
        assert {**hidden.json(), "error_id": ""} == {**never.json(), "error_id": ""}

    # Feeds

    def check_feeds(self) -> None:
        """CSV carries what is live, with its facts; a plain list what may be blocked."""
        rows = list(csv.DictReader(io.StringIO(self.get(f"{self.feeds}/csv").content.decode())))
        live = {value: found for value in self.world.lifetimes if (found := self._live(value))}
        assert [row["value"] for row in rows] == sorted(live, key=lambda value: (recognise(value).type.name, value))
        hour = self.world.now.replace(minute=0, second=0, microsecond=0)
        machine = self._machine()
        for row in rows:
            facts = live[row["value"]]
            assert (row["tlp"], row["pap"]) == (TLP(facts.tlp).label, PAP(facts.pap).label)
            assert row["threat_types"].split() == sorted(facts.threats)
            assert int(row["institutions"]) == facts.institutions
            told = [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (facts.first, facts.last, facts.until)]
            assert [row["first_seen"], row["last_seen"], row["valid_until"]] == told
            assert abs(int(row["score"]) - self.world.score(machine, row["value"], hour)) <= 0.5 + 1e-6
        listed = self.get(f"{self.feeds}/text", {"comments": "no"}).content.decode().split()
        assert set(listed) == {value for value in self.world.lifetimes if self.world.blocks(machine, value)}

    def _machine(self) -> Viewer:
        """TLP:RED is in no feed, also not in one that a person reads."""
        return Viewer(self.viewer.institution, self.viewer.ceiling)

    def _live(self, value: str) -> Facts | None:
        found = self.world.told(self._machine(), value, live=True)
        return together(found) if found else None


def public_id(value: str) -> UUID:
    """Under which a value is asked for."""
    found = recognise(value)
    return public_id_of(found.type.name, value, key=settings.INDICATOR_ID_KEY.encode())


def _check_facts(row: dict[str, Any], facts: Facts) -> None:
    assert (row["tlp"], row["pap"]) == (TLP(facts.tlp).label, PAP(facts.pap).label)
    assert row["threat_types"] == sorted(facts.threats)
    assert row["institutions"] == facts.institutions
    assert (row["first_seen"], row["last_seen"]) == (stamp(facts.first), stamp(facts.last))


def _identity(row: Entry) -> tuple[str, str, bytes]:
    return f"indicator--{row.stix_id}", stamp(row.date_added), bytes(row.body)


def _identity_of(told: dict[str, Any]) -> tuple[str, str, bytes]:
    return told["id"], told["modified"], orjson.dumps(told)


def _numbers() -> list[UUID]:
    return list(Entry.objects.filter(indicator__isnull=False).order_by("pk").values_list("stix_id", flat=True))
