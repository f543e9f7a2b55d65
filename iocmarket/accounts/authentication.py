"""Who sends this request: a token in one of the contract's five spellings, or a member's session.

Bearer T, Token T, raw T (MISP), X-MISP-AUTH: T, HTTP Basic with any user name and the token as password. Never in a
URL, where feed keys stand and no token is taken; a feed key is taken nowhere else. Suspending the institution closes
its tokens at their next request, since its state is read here each time.
"""

from __future__ import annotations

import base64
import math
from datetime import timedelta
from functools import cache

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from iocmarket.accounts import second_factor, secrets
from iocmarket.accounts.feed_keys import are_on
from iocmarket.accounts.models import Institution, Member, Token
from iocmarket.accounts.networks import admits
from iocmarket.accounts.viewer import Viewer, viewer_of_member, viewer_of_token
from iocmarket.api.problems import Problem
from iocmarket.kernel import clock
from iocmarket.prepared import planned_rows
from iocmarket.web.client import client_address, client_name
from iocmarket.web.throttles import LIMITS

CHALLENGE = 'Basic realm="iocmarket", charset="UTF-8", Bearer realm="iocmarket"'
# `last_used_at` is for people: writing it at every pull would only make dead rows.
USE_GRAIN = timedelta(minutes=1)


def secret_in(request: HttpRequest) -> str | None:
    """The token secret that the request carries, whichever way; None when it carries none."""
    if misp := request.headers.get("X-MISP-AUTH"):
        return misp.strip()
    header = request.headers.get("Authorization", "").strip()
    if not header:
        return None
    scheme, _, rest = header.partition(" ")
    if scheme.lower() in {"bearer", "token"}:
        return rest.strip()
    if scheme.lower() == "basic":
        return _basic_password(rest)
    return header


def _basic_password(encoded: str) -> str:
    try:
        # The user name may be in any encoding; the token is ASCII in all of them.
        pair = base64.b64decode(encoded.strip(), validate=True).decode("latin-1")
    except ValueError:
        return ""
    return pair.partition(":")[2]


def token_for(secret: str, address: str) -> Token | None:
    """The token with that secret, if it opens anything from that address now; else None: why is nobody's business."""
    token = _usable(secret, address)
    return None if token is None or token.feed else token


def feed_key_for(secret: str, feed: str, address: str) -> Token | None:
    """The key of that feed, on the same terms, while the community lets feed keys open anything."""
    token = _usable(secret, address)
    if token is None or not token.institution.is_bound(clock.now()):
        return None
    return token if token.feed and token.feed == feed and are_on() else None


def _usable(secret: str, address: str) -> Token | None:
    if not secrets.is_well_formed(secret):
        return None
    token, moment = _held(secrets.digest_of(secret)), clock.now()
    if token is None or not token.is_usable(moment) or not token.institution.opens_to_tokens(moment):
        return None
    return token if admits(token.networks, address) else None


def _held(digest: bytes) -> Token | None:
    """The token with its institution, in one statement that Django writes once: every request of a machine asks it."""
    rows = planned_rows(_statement(), [digest])
    if not rows:
        return None
    [row] = rows
    token = Token.from_db(connection.alias, _names(Token), row[: len(_names(Token))])
    token.institution = Institution.from_db(connection.alias, _names(Institution), row[len(_names(Token)) :])
    return token


@cache
def _statement() -> str:
    return str(Token.objects.select_related("institution").filter(digest=b"").query.sql_with_params()[0])


@cache
def _names(model: type[Token] | type[Institution]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]  # noqa: SLF001 (Django's documented _meta API)


def note_use(token: Token, address: str, client: str) -> None:
    """Note when, from where and by which client a token was used last."""
    moment = clock.now()
    if token.last_used_at is None or moment - token.last_used_at > USE_GRAIN:
        Token.objects.filter(pk=token.pk).update(
            last_used_at=moment, last_used_address=address or None, last_used_client=client
        )


def refuse_guess(address: str) -> None:
    """Count a secret that opens nothing. Raises Throttled when there were too many from that address.

    Whoever has a token that opens is not held up by others behind the same address who have none.
    """
    if wait := LIMITS["bad_token"].wait(address):
        raise exceptions.Throttled(wait=math.ceil(wait))


class TokenAuthentication(BaseAuthentication):
    """`request.auth` becomes the Viewer of the token."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Viewer] | None:
        """None without a token in the request. Raises AuthenticationFailed for one that opens nothing."""
        secret = secret_in(request)
        if secret is None:
            return None
        address = client_address(request)
        token = token_for(secret, address)
        if token is None:
            refuse_guess(address)
            raise exceptions.AuthenticationFailed("the token is unknown, expired, revoked or suspended")
        if not token.institution.is_bound(clock.now()):
            raise Problem(403, "charter_not_accepted", "a manager of the institution has to accept the charter first")
        note_use(token, address, client_name(request))
        return AnonymousUser(), viewer_of_token(token)

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        del request
        return CHALLENGE


class MemberSessionAuthentication(SessionAuthentication):
    """A member's session, with CSRF protection; `request.auth` becomes the Viewer of the member."""

    def enforce_csrf(self, request: Request) -> None:
        """The token comes in the header: REST framework's own request would look for it by parsing the body first."""
        super().enforce_csrf(request._request)  # type: ignore[arg-type]  # noqa: SLF001 (Django's check wants Django's)

    def authenticate(self, request: Request) -> tuple[Member, Viewer] | None:
        """None without an approved member behind the session."""
        found = super().authenticate(request)
        if found is None:
            return None
        member = found[0]
        if (
            not isinstance(member, Member)
            or not member.is_approved
            or second_factor.is_missing(member, request.session)
        ):
            return None
        return member, viewer_of_member(member)
