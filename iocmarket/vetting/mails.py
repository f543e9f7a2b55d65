"""The letters of vetting: to the applicant in the language of the application, to those who decide in French."""

from __future__ import annotations

from django.db.models import Q

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Role
from iocmarket.vetting.models import Application
from iocmarket.web.mails import send_mail_later


def tell_applicant(template: str, member: Member, **context: object) -> None:
    """One letter to the applicant."""
    application = Application.objects.filter(member=member).first()
    language = application.language if application else ""
    send_mail_later(template, member.email, {"name": member.name, **context}, language)


def tell_deciders(template: str, member: Member) -> None:
    """To the managers of the applicant's institution when it is in, to the administrators when it is not."""
    who = Q(is_administrator=True)
    if member.institution is not None and member.institution.is_approved:
        who = Q(role=Role.MANAGER, institution=member.institution)
    found = Member.objects.filter(
        who, state=Member.State.APPROVED, is_active=True, institution__state=Institution.State.APPROVED
    )
    for decider in found:
        send_mail_later(template, decider.email, {"name": str(member), "institution": str(member.institution)})
