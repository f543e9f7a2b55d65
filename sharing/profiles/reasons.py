"""The sentences of this house's codes (kernel/reasons.py)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.kernel import reasons

SENTENCES: dict[str, Promise] = {
    "bad_note": _("A note has at most 500 characters."),
    "bad_option": _("One of the options is not understood: look at its field."),
    "bad_policy": _("Something in the policy is not understood."),
    "bad_profile_name": _("A name has lower-case letters without accents, digits and hyphens, at most 50."),
    "profile_exists": _("Your institution has a feed of this name already."),
    "too_many_profiles": _("An institution has at most 100 feeds of its own: delete one first."),
    "unknown_format": _("There is no such format."),
    "unknown_option": _("This format has no such option."),
}


def register() -> None:
    """Called once, when the app is ready."""
    reasons.tell(SENTENCES)
