"""Where django-allauth meets our members."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse

from iocmarket.accounts.models import Member
from iocmarket.audit.services import Actor, record


class MemberAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """An account made by sign-up is an applicant: it is logged in only to be told to wait."""

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """The waiting page."""
        del request
        return reverse("waiting")

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Home for members, the waiting page for everybody else."""
        member = request.user
        if isinstance(member, Member) and member.is_approved:
            return str(resolve_url("home"))
        return reverse("waiting")

    def populate_username(self, request: HttpRequest, user: Member) -> None:
        """Members have no user name."""

    def login(self, request: HttpRequest, user: Member) -> None:
        """Log in, keeping the moment of the visit before this one, and the trace of the act."""
        with transaction.atomic():
            Member.objects.filter(pk=user.pk).update(previous_visit_at=user.last_login)
            actor = Actor(member_id=user.pk, institution_id=user.institution_id)
            record("member.logged_in", actor=actor, subject_type="member", subject_id=user.public_id, details={})
        super().login(request, user)
