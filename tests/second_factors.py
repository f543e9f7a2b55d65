"""An authenticator app for tests: what a telephone computes."""

from __future__ import annotations

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from iocmarket.accounts.models import Member

STEP = 30


def give_app(member: Member) -> str:
    """The member has an app from now on; its secret."""
    secret = str(generate_totp_secret())
    TOTP.activate(member, secret)
    return secret


def give_codes(member: Member) -> list[str]:
    """The member has recovery codes from now on."""
    return list(RecoveryCodes.activate(member).generate_codes())


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the app shows now, or some steps of thirty seconds later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // STEP + steps)))


def wrong(code: str) -> str:
    """A code of the same length that is another one."""
    return f"{(int(code) + 1) % 10**6:06}"
