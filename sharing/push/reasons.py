"""The sentences of this app's codes: why a hook is refused, and why an attempt failed."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel import reasons

SENTENCES: dict[str, Promise] = {
    "too_many_hooks": _("Your institution has ten web hooks already: remove one first."),
    "hook_type": _("This is no type of indicator."),
    "hook_threat": _("This is no type of threat."),
    "red_is_not_sent": _("TLP:RED is for persons: no web hook sends it."),
    "hook_credential": _("The credential is missing, or has characters that cannot be sent."),
    "hook_address": _("This is not the address of a target: https, a name, a path."),
    "hook_not_encrypted": _("Only https: what is sent is nobody else's business."),
    "not_a_bulk_address": _("The address ends in /_bulk, with the name of the index before it."),
    "kind_stays": _("What a web hook speaks and whose it is does not change: make another one."),
    "hook_secret_again": _("The address leads to another server: give the credential for that one."),
    "nothing_signed": _("Nothing is signed for this target: change its credential instead."),
    "not_dead": _("Only a delivery that was given up is sent again."),
}
FAILURES: dict[str, Promise] = {
    "asked_to_slow_down": _("The target asked us to come back later."),
    "credential_lost": _("The secret cannot be read any more: make another one."),
    "credential_refused": _("The target refuses us: look at the secret or the credential."),
    "net_address": _("The address lies in a network that the platform does not reach out to."),
    "net_encoding": _("The answer is packed in a way that was not asked for."),
    "net_large": _("The answer is too large."),
    "net_name": _("The name of the target leads nowhere."),
    "net_port": _("Nothing is sent to that port."),
    "net_redirect": _("The target sends us elsewhere: give its own address."),
    "net_slow": _("The target did not answer in time."),
    "net_unreachable": _("The target cannot be reached."),
    "nothing_there": _("There is nothing at that address."),
    "not_bulk": _("The answer is not that of Elasticsearch or OpenSearch: look at the address."),
    "target_busy": _("The target had no room for some of the documents; it is tried again."),
    "target_fails": _("The target reports a fault of its own."),
    "target_gone": _("The target says that it is gone for good."),
    "target_refuses": _("The target does not take what is sent."),
    "too_large_for_target": _("What is sent is too large for the target."),
}


def register() -> None:
    """Called once, when the app is ready."""
    reasons.tell(SENTENCES)


def said(code: str) -> str:
    """Why an attempt failed, in the language of the moment; empty for none."""
    return str(FAILURES[code]) if code else ""
