"""The letters of vetting, each in its reader's language."""

from __future__ import annotations

from iocmarket.accounts.member_letters import write_to, write_to_each, write_to_managers
from iocmarket.accounts.models import Member
from iocmarket.accounts.people import administrators
from iocmarket.vetting.managed import with_managers


def tell_applicant(template: str, member: Member, **context: object) -> None:
    """One letter to the applicant."""
    write_to(member, template, {"name": member.name, **context})


def tell_deciders(template: str, member: Member) -> None:
    """To those in whose queue the applicant is: managers of the institution, else the administrators."""
    told = {"name": str(member), "institution": str(member.institution)}
    if member.institution is not None and with_managers().filter(pk=member.institution.pk).exists():
        write_to_managers(member.institution, template, told)
        return
    write_to_each(administrators(), template, told)
