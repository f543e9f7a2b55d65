"""Circles: founded, joined, left; known to those who are in them and to nobody else."""

from __future__ import annotations

import pytest

from iocmarket.accounts.circles import NAME_MAX, circles_named, create_circle, remove_from_circle
from iocmarket.accounts.models import Circle, CircleMembership
from iocmarket.audit.models import Event
from iocmarket.audit.services import PLATFORM
from iocmarket.indicators.joining import join_circle
from iocmarket.kernel.decision import Refusal
from tests.factories import make_institution

pytestmark = pytest.mark.django_db


def test_the_founder_is_in_it_and_the_act_is_recorded() -> None:
    founder = make_institution()
    circle = create_circle(name="  CSIRT   du Nord ", founder=founder, actor=PLATFORM)
    assert circle.name == "CSIRT du Nord"
    assert list(circle.institutions.all()) == [founder]
    assert Event.objects.filter(action="circle.created", subject_id=circle.public_id).exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * (NAME_MAX + 1), "a\x07b"])
def test_a_circle_needs_a_name_that_can_be_read(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        create_circle(name=name, founder=make_institution(), actor=PLATFORM)
    assert refused.value.code == "circle_name"


def test_a_name_is_taken_only_among_ones_own_circles() -> None:
    mine, theirs = make_institution(), make_institution()
    create_circle(name="Veille", founder=mine, actor=PLATFORM)
    with pytest.raises(Refusal) as refused:
        create_circle(name="VEILLE", founder=mine, actor=PLATFORM)
    assert refused.value.code == "circle_exists"
    same = create_circle(name="Veille", founder=theirs, actor=PLATFORM)
    with pytest.raises(Refusal) as refused:
        join_circle(same, mine, actor=PLATFORM)
    assert refused.value.code == "circle_exists"


def test_joining_and_leaving_twice_are_one_act_each() -> None:
    circle = create_circle(name="Veille", founder=make_institution(), actor=PLATFORM)
    other = make_institution()
    assert join_circle(circle, other, actor=PLATFORM) == join_circle(circle, other, actor=PLATFORM)
    assert remove_from_circle(circle, other, actor=PLATFORM)
    assert not remove_from_circle(circle, other, actor=PLATFORM)
    assert CircleMembership.objects.filter(circle=circle).count() == 1
    for action in ("circle.joined", "circle.left"):
        assert Event.objects.filter(action=action, subject_id=circle.public_id).count() == 1


def test_only_approved_institutions_join() -> None:
    circle = create_circle(name="Veille", founder=make_institution(), actor=PLATFORM)
    with pytest.raises(Refusal) as refused:
        join_circle(circle, make_institution(approved=False), actor=PLATFORM)
    assert refused.value.code == "not_approved"


def test_a_circle_is_found_by_name_or_id_by_those_who_are_in_it() -> None:
    mine, theirs = make_institution(), make_institution()
    circle = create_circle(name="Veille", founder=mine, actor=PLATFORM)
    for typed in ("veille", " Veille ", str(circle.public_id)):
        assert circles_named([typed], institution_id=mine.pk) == [circle]
    answers = set()
    for typed in ("Veille", str(circle.public_id), "Nothing"):
        with pytest.raises(Refusal) as refused:
            circles_named([typed], institution_id=theirs.pk, where="/defaults/circle")
        answers.add((refused.value.code, refused.value.where))
    assert answers == {("unknown_circle", "/defaults/circle")}
    assert Circle.objects.count() == 1
