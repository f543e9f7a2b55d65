"""How often each sender may do a thing: one table, one counter in Redis, one answer (429 with Retry-After).

The counter is a leaky bucket (the "generic cell rate algorithm"): one key holds the moment at which the bucket will
be empty again. A burst of the whole allowance is let through at once, after that one request per `seconds / count`.

Redis away: a limit that protects a secret from guessing (`guard`) closes its act, since the guess must not become free
by breaking the counter; every other limit opens, since it only protects our comfort, and reading must go on.
"""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from iocmarket.accounts.viewer import Viewer
from iocmarket.web.client import client_address

View = Callable[..., HttpResponseBase]
logger = logging.getLogger(__name__)
CLOSED_WAIT = 30
"""Seconds after which to try again what is closed because Redis is away."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many acts in so many seconds. `guard`: it protects a secret from being guessed, so it fails closed."""

    name: str
    count: int
    seconds: int
    guard: bool = False

    def current(self) -> tuple[int, int]:
        """Count and seconds as the operator set them (`LIMIT_<NAME>=count/seconds`); a count of 0 means no limit.

        `*` stands for every limit that is not named; the environment cannot say it, the suite does.
        """
        text = settings.LIMITS.get(f"LIMIT_{self.name.upper()}", settings.LIMITS.get("*"))
        return (self.count, self.seconds) if text is None else read_limit(text)

    def wait(self, who: str, *, weight: int = 1) -> float:
        """Count one act of that sender. 0.0 lets it through; else the seconds until the next one would be.

        `weight`: as how many it counts. It is let through while there is room for one, and the next ones wait longer.
        """
        count, seconds = self.current()
        if count == 0:
            return 0.0
        try:
            found = _bucket()(keys=[f"limit:{self.name}:{who}"], args=[count, seconds * 1000, weight])
        except (redis.RedisError, OSError):
            logger.warning("the counter of the limit %s does not answer: %s", self.name, self._without_counter())
            return CLOSED_WAIT if self.guard else 0.0
        return int(found) / 1000

    def _without_counter(self) -> str:
        return "closed" if self.guard else "open"


LIMITS = {
    limit.name: limit
    for limit in (
        Limit("token", 1200, 60),
        Limit("session", 600, 60),
        Limit("anonymous", 120, 60),
        Limit("public_feed", 60, 60),
        Limit("feed_key", 60, 60),
        Limit("bad_token", 60, 60, guard=True),
        Limit("application", 10, 3600, guard=True),
        Limit("invitation", 30, 3600, guard=True),
        Limit("proof", 20, 3600),
        Limit("mail", 10, 3600, guard=True),
        Limit("export", 10, 3600),
        Limit("mailbox", 60, 3600),
        Limit("sender_values", 300_000, 3600),
        Limit("institution_values", 1_000_000, 86_400),
    )
}
"""Every limit, with what holds when the operator says nothing (docs/operations.md repeats it, a test compares)."""

# KEYS[1] bucket, ARGV[1] count, ARGV[2] milliseconds, ARGV[3] weight. The moment is Redis' own, so that
# two machines agree.
_SCRIPT = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local step = ARGV[2] / ARGV[1]
local empty = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local early = empty + step - now - ARGV[2]
if early > 0 then return math.ceil(early) end
local full = empty + step * ARGV[3]
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.max(1, math.ceil(full - now)))
return 0
"""


class TooManyError(Exception):
    """A page was asked for too often; `wait` is the number of seconds after which to try again."""

    def __init__(self, wait: float) -> None:
        super().__init__("too many requests")
        self.wait = max(1, math.ceil(wait))


def read_limit(text: str) -> tuple[int, int]:
    """`count/seconds`, or `0` for no limit. Raises ImproperlyConfigured."""
    count, _, seconds = text.partition("/")
    if count == "0":
        return 0, 1
    if not (count.isdecimal() and seconds.isdecimal() and int(seconds)):
        raise ImproperlyConfigured(f"a limit is written count/seconds, or 0 for none, not {text!r}")
    return int(count), int(seconds)


def hold(name: str, who: str) -> None:
    """Count one act of that sender. Raises TooManyError, which becomes a 429 page or problem (middleware/limits.py)."""
    if wait := LIMITS[name].wait(who):
        raise TooManyError(wait)


def limited(name: str, *, methods: tuple[str, ...] = ("POST",)) -> Callable[[View], View]:
    """A page whose acts are counted by the client's address."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in methods:
                hold(name, client_address(request))
            return view(request, *args, **kwargs)

        return counted

    return decorate


class Counted(BaseThrottle):
    """What REST framework asks before a view runs. A kind of it says by which limit, and who is counted as one."""

    def __init__(self) -> None:
        self._wait = 0.0

    def counted(self, request: Request) -> tuple[str, str]:
        """The name of the limit, and the sender."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request; remember how long to wait."""
        del view
        name, who = self.counted(request)
        self._wait = LIMITS[name].wait(who)
        return not self._wait

    def wait(self) -> float:
        """Seconds until the next one, at least one: the header knows no smaller unit."""
        return max(1, math.ceil(self._wait))


class BySender(Counted):
    """Tokens by themselves, sessions by member, everybody else by address."""

    def counted(self, request: Request) -> tuple[str, str]:
        """By whoever authentication found."""
        viewer = request.auth
        if not isinstance(viewer, Viewer):
            return "anonymous", client_address(request._request)  # noqa: SLF001 (REST framework's documented attribute)
        if viewer.token_id is not None:
            return "token", str(viewer.token_id)
        return "session", str(viewer.member_id)


@functools.cache
def _bucket() -> Any:
    """The script, bound to a client with short patience: a limit must cost less than what it protects."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)
    return client.register_script(_SCRIPT)
