"""A person's browser: Django's client for our pages, real HTTP for the provider's."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from django.test import Client

from iocmarket.accounts.models import Member

GO_ON = re.compile(r'http-equiv="refresh" content="0;url=([^"]+)"')
FIELDS = re.compile(r'<input name="([^"]+)" value="([^"]*)">')


@dataclass
class Browser:
    """One browser. What it says of hosts is ours: the provider sends it to the address that the operator gave."""

    client: Client = field(default_factory=Client)

    def leave(self, slug: str, **said: str) -> str:
        """Press a provider's button; the address that the page goes on to."""
        page = self.client.post(f"/accounts/sso/to/{slug}", said)
        assert page.status_code == 200, page.status_code
        found = GO_ON.search(page.content.decode())
        assert found, page.content.decode()
        return html.unescape(found[1])

    def at_oidc(self, where: str, sub: str, **said: str) -> str:
        """Log in at the provider; the path with which it sends back."""
        answer = requests.post(where, {"sub": sub, **said}, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"

    def through_oidc(self, slug: str, sub: str, **said: str) -> Any:
        """The whole way; the answer to the last request."""
        return self.client.get(self.at_oidc(self.leave(slug, **said), sub))

    def at_saml(self, where: str) -> dict[str, str]:
        """Log in at the provider; the form with which it sends back."""
        page = requests.get(where, timeout=10)
        assert page.status_code == 200
        return {name: html.unescape(text) for name, text in FIELDS.findall(page.text)}

    def bring(self, answer: dict[str, str]) -> Any:
        """Send a provider's form to us, without our cookies as browsers do, and follow with them."""
        posted = Client(enforce_csrf_checks=True).post("/accounts/sso/saml/acs", answer)
        return self.client.get(posted["Location"]) if posted.status_code == 302 else posted

    def through_saml(self, slug: str, **said: str) -> Any:
        """The whole way; the answer to the last request."""
        return self.bring(self.at_saml(self.leave(slug, **said)))

    @property
    def member(self) -> Member:
        """The person who is logged in."""
        return Member.objects.get(pk=self.client.session["_auth_user_id"])

    @property
    def member_id(self) -> int | None:
        """Who is logged in."""
        found = self.client.session.get("_auth_user_id")
        return None if found is None else int(found)
