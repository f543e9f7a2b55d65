"""Letters to members, each in the language that the person reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.people import managers_of
from iocmarket.web.mails import send_mail_later


def write_to(member: Member, template: str, context: Mapping[str, object]) -> None:
    """One letter to one person, once the transaction stands."""
    send_mail_later(template, member.email, context, member.language)


def write_to_each(people: Iterable[Member], template: str, context: Mapping[str, object], *, also: str = "") -> int:
    """The same letter to several, one each; how many. `also` is the address of a team, written to in French unless it
    is the address of one of them. Nobody gets to know of another one by it.
    """
    languages = {**({also: ""} if also else {}), **{person.email: person.language for person in people}}
    for address in sorted(languages):
        send_mail_later(template, address, context, languages[address])
    return len(languages)


def write_to_managers(
    institution: Institution, template: str, context: Mapping[str, object], *, with_contact: bool = False
) -> int:
    """One letter to each manager who is let in, and to the contact address if that is asked for; how many.

    Managers leave, the address of a team stays: it gets what must not be missed. The template knows `institution`.
    """
    told = {"institution": institution.name, **context}
    also = institution.contact_email if with_contact else ""
    return write_to_each(managers_of(institution), template, told, also=also)
