"""The secrets of hooks: kept encrypted, read when something is sent."""

from __future__ import annotations

import base64
from datetime import datetime

from cryptography.fernet import InvalidToken

from iocmarket.encrypted import cipher
from sharing.push.models import Hook
from sharing.push.outcomes import DeliveryError

_PURPOSE = "push"


def sealed(secret: str) -> str:
    """A secret as it is stored."""
    return cipher(_PURPOSE).encrypt(secret.encode()).decode() if secret else ""


def signing_secrets(hook: Hook, moment: datetime) -> list[str]:
    """The present one, and the one before while both sign. Raises DeliveryError when a key of the server is gone."""
    found = [_opened(hook.secret)]
    if hook.previous_secret and hook.previous_until is not None and moment < hook.previous_until:
        found.append(_opened(hook.previous_secret))
    return found


def authorization(hook: Hook) -> dict[str, str]:
    """The header that opens a `_bulk` target; none when it asks for none. Raises DeliveryError as above.

    An API key may be given as Elasticsearch shows it (`encoded`) or as `id:key`.
    """
    if hook.auth == Hook.Auth.NONE:
        return {}
    secret = _opened(hook.secret)
    if hook.auth == Hook.Auth.API_KEY:
        return {"Authorization": f"ApiKey {_packed(secret) if ':' in secret else secret}"}
    return {"Authorization": f"Basic {_packed(f'{hook.login}:{secret}')}"}


def _packed(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


def _opened(secret: str) -> str:
    try:
        return cipher(_PURPOSE).decrypt(secret.encode()).decode()
    except InvalidToken as error:
        raise DeliveryError("credential_lost", stops=True) from error
