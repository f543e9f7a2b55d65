"""The sentences of this app's codes: why a subscription is refused, and why a turn ended early."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.submissions.reasons import FAULTS, REASONS
from iocmarket.kernel import reasons

SENTENCES: dict[str, Promise] = {
    "too_many_subscriptions": _("Your institution has twenty subscriptions already: remove one first."),
    "bad_interval": _("Between five minutes and seven days."),
    "red_by_machine": _("TLP:RED is for persons: no subscription shares it."),
    "which_circle": _("Choose a circle for the audience “circle”, and none for another."),
    "bad_credential": _("The credential has characters that cannot be sent."),
    "bad_server_address": _("This is not the address of a server: https, a name, a path, nothing else."),
    "not_encrypted": _("Only https: what is fetched and the credential are nobody else's business."),
    "secret_again": _("The address leads to another server: give the credential for that one."),
}
ENDS: dict[str, Promise] = {
    "asked_to_wait": _("The server asked us to come back later."),
    "author_gone": _("Whoever set it up manages nothing here any more: resume it to have it shared in your name."),
    "changed_meanwhile": _("It was changed meanwhile."),
    "circle_gone": _("The circle it shared with is gone."),
    "credential_lost": _("The credential cannot be read any more: give it again."),
    "credential_refused": _("The server refuses the credential."),
    "cut_off": _("The turn was cut off; the next one goes on."),
    "institution_reads_only": _("Your institution may only read at present."),
    "net_address": _("The address lies in a network that the platform does not reach out to."),
    "net_encoding": _("The answer is packed in a way that was not asked for."),
    "net_large": _("The answer is larger than 16 MiB, however little is asked for."),
    "net_name": _("The name of the server leads nowhere."),
    "net_port": _("No web server is asked at that port."),
    "net_redirect": _("The server sends us elsewhere."),
    "net_slow": _("The server did not answer in time."),
    "net_unreachable": _("The server cannot be reached."),
    "no_progress": _("The server gives the same page again and again."),
    "not_json": _("The answer is not JSON: look at the address."),
    "not_misp": _("The answer is not that of MISP: look at the address."),
    "not_taxii": _("The answer is not that of a TAXII 2.1 collection: look at the address."),
    "nothing_there": _("The server has nothing at that address."),
    "our_fault": _("A fault of the platform; it is tried again."),
    "request_refused": _("The server does not understand what it is asked."),
    "server_fails": _("The server reports a fault of its own."),
    "terms_refused": _("It cannot be shared as it says: look at marking, audience and circle."),
    "we_are_busy": _("The platform has enough to do at present; it goes on by itself."),
}


def register() -> None:
    """Called once, when the app is ready."""
    reasons.tell(SENTENCES)


def said(code: str) -> str:
    """Why a turn ended, or an item was refused, in the language of the moment; a code that nobody told, as it is."""
    return str(ENDS.get(code) or REASONS.get(code) or FAULTS.get(code) or code)
