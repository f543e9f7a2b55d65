"""An institution is erased: out at once, gone chunk by chunk, revoked where it was read; others keep what is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from ingestion.submissions.choices import Choices
from ingestion.submissions.drafts import from_text
from ingestion.submissions.models import Submission
from ingestion.submissions.queueing import enqueue
from ingestion.submissions.receiving import Long
from ingestion.submissions.services import submit
from ingestion.submissions.working import work_on as work_on_submission
from iocmarket.accounts.circles import create_circle
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.roles import Role
from iocmarket.accounts.standing import suspend_institution
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.audit.models import Event
from iocmarket.audit.sealing import seal_all
from iocmarket.audit.services import PLATFORM
from iocmarket.audit.verifying import verify
from iocmarket.indicators.departing import leave_community
from iocmarket.indicators.joining import join_circle
from iocmarket.indicators.merging import belongings, merge_institutions
from iocmarket.indicators.models import Contribution, Indicator, Report, Sighting
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import TLP
from iocmarket.privacy import erasing_institutions, institution_steps, tasks
from iocmarket.privacy.erasing_institutions import erase_institution, figures, take_chunk, unfinished, work_on
from iocmarket.privacy.institution_steps import APART, KEPT
from iocmarket.privacy.models import Erasure
from iocmarket.privacy.purging import purge
from iocmarket.publication.access import entries_told
from iocmarket.publication.models import Entry, View
from iocmarket.publication.revoking import TOLD_DAYS, tombstones
from tests.everything import places_of
from tests.factories import (
    contribute,
    make_institution,
    make_member,
    make_token,
    publish,
    report,
    viewer_for,
)

pytestmark = pytest.mark.django_db


def erased(institution: Institution) -> Erasure:
    """Asked for, and done."""
    made = erase_institution(institution, reason="asked for", actor=PLATFORM)
    while take_chunk(made.pk):
        pass
    made.refresh_from_db()
    return made


def bodies(**of: Any) -> list[dict[str, Any]]:
    """The objects of the community at the full ceiling, oldest first."""
    rows = Entry.objects.filter(view__audience="community", **of).exclude(state="static").order_by("date_added")
    return [orjson.loads(bytes(body)) for body in rows.values_list("body", flat=True)]


def test_what_it_alone_said_is_revoked_under_its_id_and_later() -> None:
    mine = make_institution("Université de Valbrune")
    contribute(mine, "evil-valbrune.top", type_name="domain", comment="vu sur le poste de Jeanne")
    publish()
    (before,) = bodies()
    erased(mine)
    (after,) = bodies()
    assert (after["id"], after["created"]) == (before["id"], before["created"])
    assert after["revoked"] is True
    assert after["modified"] > before["modified"]
    assert after["pattern"] == before["pattern"], "some consumers find what they have by its pattern"
    assert after["valid_until"] <= after["modified"]
    assert not {"confidence"} & set(after)
    assert "Jeanne" not in str(after)
    assert "Valbrune" not in str(after)


def test_whoever_shares_the_value_later_makes_another_object() -> None:
    mine, theirs = make_institution(), make_institution()
    contribute(mine, "45.9.9.9")
    publish()
    (first,) = bodies()
    erased(mine)
    contribute(theirs, "45.9.9.9")
    publish()
    old, new = bodies()
    assert (old["id"], old["revoked"]) == (first["id"], True)
    assert new["id"] != first["id"]
    assert "revoked" not in new


def test_what_others_said_of_the_same_value_stays_theirs() -> None:
    mine, theirs = make_institution("Mine"), make_institution("Theirs")
    contribute(mine, "45.9.9.9", comment="secret")
    kept = contribute(theirs, "45.9.9.9", comment="kept")
    publish()
    (before,) = bodies()
    erased(mine)
    (after,) = bodies()
    assert after["id"] == before["id"]
    assert "revoked" not in after
    assert ("kept" in after["description"], "secret" in after["description"]) == (True, False)
    assert Contribution.unscoped.get().pk == kept.pk


def test_what_readers_see_of_an_erasure_does_not_depend_on_what_they_never_saw() -> None:
    mine, theirs = make_institution(), make_institution()
    contribute(mine, "45.9.9.9")
    contribute(theirs, "45.9.9.9", audience="own")
    publish()
    erased(mine)
    (after,) = bodies()
    assert after["revoked"] is True
    inbox = Entry.objects.get(view__audience=f"inbox:{theirs.pk}", indicator__value="45.9.9.9")
    assert inbox.state == Entry.State.LIVE


def test_what_was_withdrawn_before_is_revoked_too() -> None:
    mine = make_institution()
    said = contribute(mine, "45.9.9.9")
    publish()
    Contribution.unscoped.filter(pk=said.pk).update(withdrawn_at=clock.now())
    erased(mine)
    (after,) = bodies()
    assert after["revoked"] is True
    assert not Indicator.unscoped.exists()


def test_reports_and_sightings_are_revoked() -> None:
    mine, theirs = make_institution(), make_institution()
    story = Report.objects.create(institution=mine, title="Campagne Jeanne", description="chez Jeanne", tlp=TLP.AMBER)
    said = contribute(mine, "45.9.9.9", report=story)
    publish()
    report(theirs, said, "seen")
    publish()
    assert {one["type"] for one in bodies()} == {"indicator", "report", "sighting"}
    erased(mine)
    assert {one["type"]: one["revoked"] for one in bodies()} == {"indicator": True, "report": True, "sighting": True}
    assert places_of("Jeanne") == []
    assert not Sighting.unscoped.exists(), "what answered a statement goes with it"


def test_its_sightings_of_others_values_go() -> None:
    mine, theirs = make_institution(), make_institution()
    said = contribute(theirs, "45.9.9.9")
    publish()
    report(mine, said, "false-positive")
    publish()
    assert "false positive" in bodies()[0]["description"]
    erased(mine)
    assert "false positive" not in bodies()[0]["description"]
    assert Contribution.unscoped.count() == 1


@dataclass(frozen=True, slots=True)
class House:
    """An institution with something of everything."""

    institution: Institution
    manager: Member


def a_whole_house() -> House:
    """Statements to everybody, a circle, one by name and in TLP:RED; a submission, a token, an asset, an invitation."""
    mine, theirs = make_institution("Université de Valbrune", domains=["valbrune.fr"]), make_institution()
    Institution.objects.filter(pk=mine.pk).update(contact_email="csirt@valbrune.fr")
    manager = make_member(mine, role=Role.MANAGER, name="Jeanne Dubreuil", email="jeanne@valbrune.fr")
    make_token(mine)
    Token.objects.filter(institution=mine).update(name="sonde de Jeanne")
    circle = create_circle(name="Sud", founder=theirs, actor=PLATFORM)
    join_circle(circle, mine, actor=PLATFORM)
    contribute(mine, "marque-a.top", type_name="domain", comment="chez Jeanne")
    contribute(mine, "marque-b.top", type_name="domain", audience="circle", circle=circle)
    contribute(mine, "marque-c.top", type_name="domain", audience="recipients", recipients=[theirs])
    contribute(mine, "marque-d.top", type_name="domain", audience="own", author=manager)
    contribute(mine, "marque-e.top", type_name="domain", tlp=TLP.RED, audience="own", author=manager)
    submit(
        from_text("marque-f.top # vu par Jeanne\nmarque-g", choices=Choices()),
        viewer=viewer_of_member(manager), channel=Submission.Channel.WEB,
    )  # fmt: skip
    Client().force_login(manager)
    publish()
    return House(mine, manager)


def test_nothing_of_it_is_left_in_any_table() -> None:
    house = a_whole_house()
    assert places_of("marque-"), "the search must be able to find"
    assert places_of("Jeanne")
    erased(house.institution)
    assert places_of("Jeanne") == []
    assert places_of("Dubreuil") == []
    assert places_of("Valbrune") == []
    assert places_of("marque-") == ["publication_entry"], "revoked objects say which value, for a time"
    assert set(places_of("marque-a")) == {"publication_entry"}
    with time_machine.travel(clock.now() + timedelta(days=TOLD_DAYS, hours=1), tick=False):
        purge()
    assert not tombstones().exists()
    assert places_of("marque-") == []


def test_the_record_of_acts_still_holds_and_tells_that_it_was_done() -> None:
    house = a_whole_house()
    seal_all()
    done = erased(house.institution)
    seal_all()
    assert verify().holds
    told = Event.objects.get(action="institution.erased")
    assert told.details["counts"] == done.counts
    assert done.counts["statements"] == 6
    assert Event.objects.get(action="institution.erasure_asked").details == {"reason": "asked for"}
    assert not Event.objects.filter(institution=house.institution, salt__isnull=False).exists()


def test_it_is_out_from_the_moment_on() -> None:
    house = a_whole_house()
    person, machine = Client(), Client(headers={"Authorization": f"Bearer {make_token(house.institution)}"})
    person.force_login(house.manager)
    assert (person.get("/").status_code, machine.get("/feeds/csv").status_code) == (200, 200)
    erase_institution(house.institution, reason="asked for", actor=PLATFORM)
    assert person.get("/").status_code == 302
    assert machine.get("/feeds/csv").status_code == 401
    assert Contribution.unscoped.filter(institution=house.institution).exists(), "what it said goes afterwards"


def test_asking_twice_is_one_act() -> None:
    mine = make_institution()
    first = erase_institution(mine, reason="asked for", actor=PLATFORM)
    assert erase_institution(mine, reason="again", actor=PLATFORM) == first
    assert Event.objects.filter(action="institution.erasure_asked").count() == 1


def test_a_worker_that_dies_in_the_middle_leaves_whole_chunks_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = make_institution()
    for number in range(5):
        contribute(mine, f"45.9.9.{number}")
    publish()
    monkeypatch.setattr(institution_steps, "VALUES", 2)
    made = erase_institution(mine, reason="asked for", actor=PLATFORM)
    assert take_chunk(made.pk)
    assert Contribution.unscoped.filter(institution=mine).count() == 3

    def dies(*_given: object) -> None:
        raise MemoryError

    with monkeypatch.context() as within:
        within.setattr("iocmarket.indicators.erasing._forget_values", dies)
        with pytest.raises(MemoryError):
            take_chunk(made.pk)
    assert Contribution.unscoped.filter(institution=mine).count() == 3, "a chunk is done as a whole, or not at all"
    assert sorted(one.get("revoked", False) for one in bodies()) == [False, False, False, True, True]
    assert unfinished() == [made.pk]
    assert not work_on(made.pk)
    made.refresh_from_db()
    assert made.counts["statements"] == 5
    assert all(one["revoked"] for one in bodies())


def test_the_sweeper_finds_what_no_message_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(tasks.erase, "apply_async", lambda told, **options: given.append((told, options)))
    mine = make_institution()
    contribute(mine, "45.9.9.9")
    made = erase_institution(mine, reason="asked for", actor=PLATFORM)
    assert tasks.erase_unfinished() == 1
    ((told, options),) = given
    assert options["expires"] <= 60, "messages do not add up behind a worker that is busy"
    tasks.erase(*told)
    made.refresh_from_db()
    assert made.finished_at is not None


def test_a_submission_that_is_on_its_way_ends_and_is_erased() -> None:
    mine = make_institution()
    person = viewer_of_member(make_member(mine))
    cache.set("heartbeat:worker", 1, timeout=60)
    long = Long(choices=Choices(), text=["45.9.9.1", "45.9.9.2"])
    sent = enqueue(long, viewer=person, channel=Submission.Channel.API)
    made = erase_institution(mine, reason="asked for", actor=PLATFORM)
    work_on_submission(sent.pk)
    sent.refresh_from_db()
    assert (sent.state, sent.failure) == (Submission.State.FAILED, "sender_gone")
    while take_chunk(made.pk):
        pass
    assert not Submission.objects.filter(pk=sent.pk).exists()
    assert not work_on_submission(sent.pk)


def test_what_came_in_the_last_moment_is_found_afterwards() -> None:
    mine = make_institution()
    made = erased(mine)
    contribute(mine, "45.9.9.9")
    assert unfinished() == [made.pk]
    while take_chunk(made.pk):
        pass
    made.refresh_from_db()
    assert (made.counts["statements"], made.finished_at is None) == (1, False)
    with time_machine.travel(clock.now() + erasing_institutions.LOOKED_AFTER * 2):
        assert unfinished() == []


def test_one_that_is_suspended_or_has_left_is_erased_as_well() -> None:
    held, left = make_institution(), make_institution()
    for who in (held, left):
        contribute(who)
    suspend_institution(held, reason="x", actor=PLATFORM)
    leave_community(left, actor=PLATFORM)
    for who in (held, left):
        assert erased(who).finished_at
    assert not Contribution.unscoped.exists()


def test_those_that_merged_into_it_go_with_it() -> None:
    small, large = make_institution("Petite école"), make_institution()
    merge_institutions(small, large, actor=PLATFORM)
    erase_institution(large, reason="asked for", actor=PLATFORM)
    for pk in unfinished():
        while take_chunk(pk):
            pass
    assert places_of("Petite école") == []


def test_the_institution_of_the_last_administrator_stays() -> None:
    mine = make_institution()
    make_member(mine, administrator=True)
    with pytest.raises(Refusal, match="last_administrator"):
        erase_institution(mine, reason="asked for", actor=PLATFORM)
    assert not Erasure.objects.exists()
    with pytest.raises(Refusal, match="reason_required"):
        erase_institution(make_institution(), reason=" ", actor=PLATFORM)


def test_whoever_gained_the_view_later_is_told_nothing() -> None:
    mine = make_institution()
    contribute(mine, "45.9.9.9")
    publish()
    erased(mine)
    view = View.objects.get(audience="community")
    told = entries_told([(view.pk, clock.now())])
    assert not told.exclude(state="static").exists()
    assert entries_told([(view.pk, clock.now() - timedelta(days=1))]).exclude(state="static").count() == 1


def test_files_of_feeds_are_given_up() -> None:
    mine, theirs = make_institution(), make_institution()
    contribute(mine, "45.9.9.9")
    contribute(theirs, "45.9.9.8")
    publish()
    machine = Client(headers={"Authorization": f"Bearer {make_token(theirs)}"})

    def read(path: str) -> str:
        return b"".join(machine.get(path)).decode()

    assert "45.9.9.9" in read("/feeds/csv")
    assert "45.9.9.9" in read("/feeds/stix")
    erased(mine)
    assert "45.9.9.9" not in read("/feeds/csv")
    told = {one["id"]: one for one in orjson.loads(read("/feeds/stix"))["objects"] if one["type"] == "indicator"}
    assert [one.get("revoked", False) for one in told.values()].count(True) == 1
    narrowed = orjson.loads(read("/feeds/stix?type=ipv4"))["objects"]
    assert [one.get("revoked", False) for one in narrowed if one["type"] == "indicator"].count(True) == 1
    assert machine.get("/search", {"q": "45.9.9.9"}).status_code in {302, 404}


def test_a_manager_sees_the_figures_and_has_it_erased() -> None:
    house = a_whole_house()
    person = Client()
    person.force_login(house.manager)
    page = person.get("/members/erasure", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert figures(house.institution)[0].count == 6, "statements first: what others read"
    wrong = {"reason": "we close", "name": "another", "sure": "on"}
    for told in (wrong, wrong | {"name": house.institution.name, "sure": ""}, wrong | {"reason": ""}):
        assert person.post("/members/erasure", told).status_code == 422
    assert not Erasure.objects.exists()
    answer = person.post("/members/erasure", wrong | {"name": house.institution.name})
    assert answer["Location"] == "/account/data/erased"
    assert Event.objects.get(action="institution.erasure_asked").actor_id == house.manager.pk
    assert person.get("/").status_code == 302


def test_an_administrator_erases_any_and_sees_how_far_it_is() -> None:
    mine = make_institution("Mine")
    contribute(mine)
    administrator, manager = Client(), Client()
    administrator.force_login(make_member(administrator=True))
    manager.force_login(make_member(role=Role.MANAGER))
    path = f"/members/institutions/{mine.public_id}/erase"
    told = {"reason": "closed", "name": "Mine", "sure": "on"}
    assert manager.get(path).status_code == 404
    assert manager.post(path, told).status_code == 404
    assert administrator.get(path).status_code == 200
    assert administrator.post(path, told).status_code == 302
    assert administrator.get(path).status_code == 404
    made = Erasure.objects.get(institution=mine)
    assert administrator.get(f"/members/institutions/{mine.public_id}").status_code == 200
    while take_chunk(made.pk):
        pass
    page = administrator.get(f"/members/institutions/{mine.public_id}")
    assert "Mine" not in page.content.decode()


def test_the_last_administrators_institution_is_refused_with_a_sentence() -> None:
    chief = make_member(administrator=True, role=Role.MANAGER)
    assert chief.institution is not None
    person = Client()
    person.force_login(chief)
    answer = person.post(
        "/members/erasure", {"reason": "x", "name": chief.institution.name, "sure": "on"},
        headers={"Accept-Language": "en"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert "name another one first" in answer.content.decode()


def test_every_model_of_an_institution_is_erased_or_kept_with_a_reason() -> None:
    known = {model._meta.label for model, _key in belongings()}
    assert known >= APART | KEPT
    house = a_whole_house()
    erased(house.institution)
    left = [
        model._meta.label
        for model, key in belongings()
        if model._meta.label not in KEPT and model._base_manager.filter(**{key: house.institution}).exists()
    ]
    assert left == ["accounts.Member"], "its people are numbers without a name"
    assert viewer_for(house.institution)
