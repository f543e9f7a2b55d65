"""Which of our letters each occasion of django-allauth is; what is not listed is told as a change of the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CHANGES: dict[str, StrOrPromise] = {
    "account/email/password_changed": _("Your password was changed."),
    "account/email/password_set": _("Your account has a password now."),
    "account/email/password_reset": _("A new password was set through the link that you were sent."),
    "mfa/email/totp_activated": _("An authenticator app was added to your account."),
    "mfa/email/totp_deactivated": _("The authenticator app was removed from your account."),
    "mfa/email/webauthn_added": _("A passkey was added to your account."),
    "mfa/email/webauthn_removed": _("A passkey was removed from your account."),
    "mfa/email/recovery_codes_generated": _("New recovery codes were made; the old ones open nothing any more."),
}
OTHER = _("How you log in was changed.")


def letter_for(occasion: str, told: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """The name of our template and what it says."""
    if occasion in {"account/email/email_confirmation_signup", "account/email/email_confirmation"}:
        return "confirm_address", {"link": told["activate_url"]}
    if occasion == "account/email/account_already_exists":
        return "account_exists", {}
    where = {name: told[name] for name in ("ip", "timestamp") if name in told}
    return "account_changed", {"what": CHANGES.get(occasion, OTHER), **where}
