"""Forms of the second factor: each code opens once, also the one that set the factor up."""

from __future__ import annotations

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Member

CODE = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "12"})


def use_up(member: Member, code: str) -> None:
    """Remember a code for as long as it could open again. Raises ValidationError when it was used already.

    The library remembers it for one step of time, while clocks that differ make it good for three. When Redis does not
    answer the error goes up: a code that cannot be remembered opens nothing.
    """
    seconds = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    key = f"mfa:used:{member.pk}:{''.join(code.split())}"
    if not cache.add(key, 1, timeout=seconds):
        raise get_adapter().validation_error("incorrect_code")


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """The second step of a log-in."""

    code = forms.CharField(label=_("Code of six digits, or a recovery code"), max_length=12, widget=CODE)

    def clean_code(self) -> str:
        """The library counts the attempts and checks the code."""
        code = str(super().clean_code())
        use_up(self.user, code)
        return code


class CodeAgainForm(ReauthenticateForm):  # type: ignore[misc]
    """A code before a sensitive act."""

    code = forms.CharField(label=_("Code of six digits, or a recovery code"), max_length=12, widget=CODE)

    def clean_code(self) -> str:
        """As at the log-in."""
        code = str(super().clean_code())
        use_up(self.user, code)
        return code


class FirstCodeForm(ActivateTOTPForm):  # type: ignore[misc]
    """The code that shows that the app was set up."""

    code = forms.CharField(label=_("Code that the app shows now"), max_length=12, widget=CODE)

    def clean_code(self) -> str:
        """It cannot be used again to log in."""
        code = str(super().clean_code())
        use_up(self.user, code)
        return code


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey or security key."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("For example “Telephone” or “Key on my key ring”.")
    )
    passwordless = forms.BooleanField(
        label=_("Log in with it alone, without password"),
        required=False,
        initial=True,
        help_text=_("The device then asks for your fingerprint, face or PIN."),
    )
    field_order = ("name", "passwordless", "credential")
