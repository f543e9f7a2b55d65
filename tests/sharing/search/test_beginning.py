"""The first steps on the first page: what somebody new may do and has not done, and nothing for anybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from ingestion.submissions.choices import Choices
from ingestion.submissions.drafts import from_text
from ingestion.submissions.models import Submission
from ingestion.submissions.services import submit
from iocmarket.accounts.assets import declare_asset
from iocmarket.accounts.models import Member
from iocmarket.accounts.roles import Role
from iocmarket.accounts.viewer import viewer_of_member
from iocmarket.audit.services import PLATFORM
from sharing.search.beginning import NEW_FOR, first_steps
from tests.factories import make_institution, make_member, make_token

pytestmark = pytest.mark.django_db


def steps(member: Member) -> dict[str, bool]:
    return {step.key: step.done for step in first_steps(member, viewer_of_member(member))}


@pytest.mark.parametrize(
    ("role", "keys"),
    [
        (Role.READER, []),
        (Role.CONTRIBUTOR, ["share"]),
        (Role.MANAGER, ["share", "tool", "assets", "invite"]),
    ],
    ids=["reader", "contributor", "manager"],
)
def test_each_role_is_led_to_what_it_may_do(role: Role, keys: list[str]) -> None:
    assert steps(make_member(make_institution(), role=role)) == dict.fromkeys(keys, False)


def test_a_step_is_done_when_its_result_exists_and_the_last_one_ends_them_all() -> None:
    institution = make_institution()
    member = make_member(institution, role=Role.MANAGER)
    for other in (make_institution(),):  # what others did counts for nothing
        make_token(other)
        declare_asset(other, kind="domain", value="inp-meriane.fr", actor=PLATFORM)
    sending = from_text("185.220.101.45", choices=Choices(threat_type="scan"))
    submit(sending, viewer=viewer_of_member(member), channel=Submission.Channel.WEB)
    assert steps(member) == {"share": True, "tool": False, "assets": False, "invite": False}
    make_token(institution)
    declare_asset(institution, kind="domain", value="univ-valbrune.fr", actor=PLATFORM)
    assert steps(member) == {"share": True, "tool": True, "assets": True, "invite": False}
    make_member(institution)
    assert steps(member) == {}


def test_they_leave_after_thirty_days() -> None:
    member = make_member(make_institution(), role=Role.CONTRIBUTOR)
    with time_machine.travel(timezone.now() + NEW_FOR - timedelta(hours=1), tick=False):
        assert steps(member) == {"share": False}
    with time_machine.travel(timezone.now() + NEW_FOR + timedelta(hours=1), tick=False):
        assert steps(member) == {}


def test_the_page_links_to_what_is_not_done_yet() -> None:
    client = Client()
    client.force_login(make_member(make_institution(), role=Role.MANAGER))
    page = client.get("/").content.decode()
    part = page.split('id="beginning"')[1].split("</section>")[0]
    assert [path for path in ("/share", "/account/tokens", "/assets", "/members") if f'href="{path}"' in part] == [
        "/share",
        "/account/tokens",
        "/assets",
        "/members",
    ]
