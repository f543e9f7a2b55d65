"""Each action as a sentence that a person reads. An action without one is told by its name; a test misses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from iocmarket.audit.models import Event

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SENTENCES: dict[str, StrOrPromise] = {
    "institution.created": gettext_lazy("%(who)s entered the institution %(what)s."),
    "institution.approved": gettext_lazy("%(who)s reinstated the institution %(what)s."),
    "institution.suspended": gettext_lazy("%(who)s suspended the institution %(what)s."),
    "institution.left": gettext_lazy("%(who)s took the institution %(what)s out of the community."),
    "member.created": gettext_lazy("%(who)s entered the member %(what)s."),
    "member.applied": gettext_lazy("%(who)s received the application of %(what)s."),
    "member.application_opened": gettext_lazy("%(who)s confirmed the address of an application."),
    "member.asked": gettext_lazy("%(who)s put a question to %(what)s."),
    "member.answered": gettext_lazy("%(who)s answered a question about the application."),
    "member.vouched_for": gettext_lazy("%(who)s vouched for %(what)s."),
    "member.vouch_withdrawn": gettext_lazy("%(who)s withdrew the vouch for %(what)s."),
    "institution.let_in": gettext_lazy("%(who)s let the institution %(what)s in."),
    "charter.published": gettext_lazy("%(who)s published a version of the charter."),
    "charter.accepted": gettext_lazy("%(who)s accepted the charter."),
    "vetting.rules_changed": gettext_lazy("%(who)s changed the rules of vetting."),
    "member.approved": gettext_lazy("%(who)s let %(what)s in."),
    "member.refused": gettext_lazy("%(who)s refused the application of %(what)s."),
    "member.logged_in": gettext_lazy("%(who)s logged in."),
    "member.role_changed": gettext_lazy("%(who)s gave %(what)s another role."),
    "member.sessions_ended": gettext_lazy("%(who)s logged %(what)s out everywhere."),
    "member.removed": gettext_lazy("%(who)s removed %(what)s."),
    "invitation.sent": gettext_lazy("%(who)s sent an invitation."),
    "invitation.sent_again": gettext_lazy("%(who)s sent an invitation again."),
    "invitation.revoked": gettext_lazy("%(who)s took an invitation back."),
    "invitation.accepted": gettext_lazy("%(who)s accepted an invitation."),
    "institution.confirmed": gettext_lazy("%(who)s confirmed the contacts and assets of %(what)s."),
    "institution.read_only": gettext_lazy("%(who)s let %(what)s only read: it was not confirmed in time."),
    "institution.merged": gettext_lazy("%(who)s merged the institution %(what)s into another one."),
    "institution.settled": gettext_lazy("%(who)s took back or handed over all that %(what)s had said."),
    "member.address_confirmed": gettext_lazy("%(who)s confirmed an e-mail address."),
    "member.factor_added": gettext_lazy("%(who)s added a second factor."),
    "member.factor_removed": gettext_lazy("%(who)s removed a second factor."),
    "member.factor_renewed": gettext_lazy("%(who)s renewed recovery codes."),
    "member.factors_reset": gettext_lazy("%(who)s reset the second factors of %(what)s."),
    "member.password_changed": gettext_lazy("%(who)s changed the password."),
    "member.renamed": gettext_lazy("%(who)s changed the name."),
    "member.language_chosen": gettext_lazy("%(who)s chose another language."),
    "member.session_ended": gettext_lazy("%(who)s ended a session."),
    "member.exported": gettext_lazy("%(who)s took a copy of the own data."),
    "member.erased": gettext_lazy("%(who)s erased the data of %(what)s for good."),
    "institution.exported": gettext_lazy("%(who)s took a copy of the data of the institution."),
    "institution.erasure_asked": gettext_lazy("%(who)s asked for the erasure of the institution %(what)s."),
    "institution.erased": gettext_lazy("%(who)s finished the erasure of the institution %(what)s."),
    "accounts.told": gettext_lazy("%(who)s told %(what)s of stolen accounts."),
    "account.settled": gettext_lazy("%(who)s dealt with a stolen account."),
    "privacy.purged": gettext_lazy("%(who)s deleted what was kept long enough."),
    "token.created": gettext_lazy("%(who)s made the token %(what)s."),
    "token.revoked": gettext_lazy("%(who)s revoked the token %(what)s."),
    "token.rotated": gettext_lazy("%(who)s made a successor of the token %(what)s."),
    "submission.held": gettext_lazy("A submission of %(who)s waits for an administrator."),
    "submission.released": gettext_lazy("%(who)s released a submission that waited."),
    "submission.refused_in_review": gettext_lazy("%(who)s refused a submission that waited."),
    "warninglist.added": gettext_lazy("%(who)s added a warning list."),
    "warninglist.removed": gettext_lazy("%(who)s removed a warning list."),
    "warninglist.severity_chosen": gettext_lazy("%(who)s chose what a hit on a warning list means."),
    "warninglist.exemption_added": gettext_lazy("%(who)s made an exception from the warning lists."),
    "warninglist.exemption_removed": gettext_lazy("%(who)s took back an exception from the warning lists."),
    "partner.made": gettext_lazy("%(who)s wrote an agreement with the partner %(what)s."),
    "partner.renewed": gettext_lazy("%(who)s wrote a new agreement with the partner %(what)s."),
    "partner.ended": gettext_lazy("%(who)s ended the agreement with the partner %(what)s."),
    "community.feed_keys": gettext_lazy("%(who)s switched feed keys on or off."),
    "community.public_feed": gettext_lazy("%(who)s opened or closed the public feed."),
    "circle.created": gettext_lazy("%(who)s founded the circle %(what)s."),
    "circle.joined": gettext_lazy("%(who)s took an institution into the circle %(what)s."),
    "circle.left": gettext_lazy("%(who)s took an institution out of the circle %(what)s."),
    "asset.check_asked": gettext_lazy("%(who)s asked that the asset %(what)s be checked."),
    "asset.declared": gettext_lazy("%(who)s declared the asset %(what)s."),
    "asset.lost": gettext_lazy("%(who)s found the proof of the asset %(what)s gone."),
    "asset.refused": gettext_lazy("%(who)s refused the asset %(what)s."),
    "asset.removed": gettext_lazy("%(who)s removed the asset %(what)s."),
    "asset.verification_withdrawn": gettext_lazy("%(who)s took the verification of the asset %(what)s back."),
    "asset.verified": gettext_lazy("%(who)s verified the asset %(what)s."),
    "circle.dissolved": gettext_lazy("%(who)s dissolved the circle %(what)s."),
    "circle.invitation_declined": gettext_lazy("%(who)s declined an invitation into the circle %(what)s."),
    "circle.invitation_withdrawn": gettext_lazy("%(who)s took back an invitation into the circle %(what)s."),
    "circle.invited": gettext_lazy("%(who)s invited an institution into the circle %(what)s."),
    "circle.manager_appointed": gettext_lazy("%(who)s appointed an institution to manage the circle %(what)s."),
    "circle.manager_stepped_down": gettext_lazy(
        "%(who)s took an institution out of the management of the circle %(what)s."
    ),
    "circle.renamed": gettext_lazy("%(who)s renamed the circle %(what)s."),
    "federation.provider_kept": gettext_lazy("%(who)s set up a log-in provider."),
    "federation.provider_switched": gettext_lazy("%(who)s switched a log-in provider on or off."),
    "contribution.withdrawn": gettext_lazy("%(who)s took statements back."),
    "contribution.amended": gettext_lazy("%(who)s changed a statement."),
    "sighting.reported": gettext_lazy("%(who)s reported sightings."),
    "sighting.retracted": gettext_lazy("%(who)s took a sighting back."),
    "submission.received": gettext_lazy("%(who)s shared indicators."),
    "submission.queued": gettext_lazy("%(who)s sent a long submission."),
    "submission.part": gettext_lazy("%(who)s shared part of a long submission."),
    "submission.done": gettext_lazy("%(who)s: a long submission is done."),
    "submission.failed": gettext_lazy("%(who)s: a long submission failed."),
    "submission.raw_purged": gettext_lazy("%(who)s replaced old raw input by its hash."),
    "mailkey.created": gettext_lazy("%(who)s made an address for forwarded mails."),
    "mailkey.revoked": gettext_lazy("%(who)s revoked an address for forwarded mails."),
    "depot.received": gettext_lazy("%(who)s put objects into Dépôt."),
    "depot.deleted": gettext_lazy("%(who)s deleted an object from Dépôt."),
}


def sentence(event: Event, *, who: str, what: str) -> str:
    """The event in the reader's language. `what` is empty where the reader may not know the name, or nothing has it."""
    form = SENTENCES.get(event.action)
    if form is None:
        return _("%(who)s: %(action)s") % {"who": who, "action": event.action}
    return str(form) % {"who": who, "what": _("“%(name)s”") % {"name": what} if what else _("(name not shown)")}
