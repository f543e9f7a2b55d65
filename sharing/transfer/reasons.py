"""The sentences of this app's codes."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel import reasons

SENTENCES: dict[str, Promise] = {
    "too_many_transfers": _("Your institution has twenty subscribers of the zone already: remove one first."),
    "red_in_a_zone": _("TLP:RED is for persons: no zone carries it."),
    "bad_notify": _("Give addresses of name servers, such as 192.0.2.53 or [2001:db8::53]:5353, eight at most."),
    "notify_closed": _("One of the addresses lies in a network that the platform does not reach out to."),
    "bad_garden": _("A walled garden needs a full name or an address to lead to, and nothing else has one."),
}


def register() -> None:
    """Called once, when the app is ready."""
    reasons.tell(SENTENCES)
