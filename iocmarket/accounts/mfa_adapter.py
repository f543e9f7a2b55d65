"""Where django-allauth's second factors meet our settings."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from iocmarket.accounts.models import Member
from iocmarket.encrypted import cipher

_PURPOSE = "second-factor"


class MemberMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of apps and recovery codes are stored encrypted: a copy of the database makes no code."""

    def encrypt(self, text: str) -> str:
        """Under a key of its own, made from SECRET_KEY."""
        return cipher(_PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Also what was written under a key of SECRET_KEY_FALLBACKS. Raises InvalidToken for any other."""
        return cipher(_PURPOSE).decrypt(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> SafeString:
        """The picture that telephones read: paths that the library computed, no text of anybody."""
        svg = str(super().build_totp_svg(url))
        return mark_safe(svg[svg.index("<svg") :])  # noqa: S308

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """What a device shows beside the passkey."""
        return {**super().get_public_key_credential_rp_entity(), "name": settings.COMMUNITY_NAME}

    def get_public_key_credential_user_entity(self, user: Member) -> dict[str, object]:
        """The name that the device shows; nothing of the institution."""
        return {**super().get_public_key_credential_user_entity(user), "display_name": str(user)}
