"""What `manage.py check --deploy` says of an operator's choices, beside Django's own checks."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

SHORTEST_KEY = 32
"""Characters: 16 random bytes in hexadecimal."""
FEWEST_SIGNS = 8
WORDS = ("change", "default", "example", "insecure", "only-for-tests", "password", "secret", "test")


def check_deployment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Weak keys, an address without HTTPS, hosts and proxies that are everybody."""
    del app_configs, kwargs
    return [*_keys(), *_addresses(), *_proxies()]


def is_weak(key: str) -> bool:
    """Too short, too even, or made of words that people leave in examples."""
    return len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_SIGNS or any(word in key.lower() for word in WORDS)


def _keys() -> Iterator[Error]:
    for number, name in enumerate(("SECRET_KEY", "INDICATOR_ID_KEY"), start=1):
        if is_weak(getattr(settings, name)):
            yield Error(f"{name} is weak.", hint="Draw one: openssl rand -hex 40", id=f"iocmarket.E00{number}")
    if settings.SECRET_KEY == settings.INDICATOR_ID_KEY:
        yield Error("SECRET_KEY and INDICATOR_ID_KEY are the same.", hint="Draw two.", id="iocmarket.E003")


def _addresses() -> Iterator[Error]:
    public = urlsplit(settings.PUBLIC_URL)
    if public.scheme != "https":
        yield Error("PUBLIC_URL is not https.", hint="Links in mails are made from it.", id="iocmarket.E004")
    if public.hostname not in settings.ALLOWED_HOSTS:
        yield Error("The host of PUBLIC_URL is not in ALLOWED_HOSTS.", id="iocmarket.E005")
    if any(host.startswith(("*", ".")) for host in settings.ALLOWED_HOSTS):
        yield Error("ALLOWED_HOSTS has a wildcard.", hint="Name every host.", id="iocmarket.E006")


def _proxies() -> Iterator[Error]:
    for name in settings.TRUSTED_PROXIES:
        if name != "unix" and ipaddress.ip_network(name, strict=False).prefixlen == 0:
            yield Error(
                f"TRUSTED_PROXIES believes everybody ({name}).",
                hint="Everybody could then choose the address they are counted by.",
                id="iocmarket.E007",
            )


def register_checks() -> None:
    """Called once, when the app is ready."""
    register(check_deployment, Tags.security, deploy=True)
