"""The head of the chain, kept outside of the database: in Redis, which whoever owns the database does not own.

A chain whose end was cut off, or that was written anew, holds in itself; it only does not go through its old head any
more. So the sealer notes its head after each batch, and lets an old one stand that is not in the chain: it is what
shows that something was removed. Losing Redis loses this memory and nothing else (docs/operations.md).
"""

from __future__ import annotations

from django.core.cache import cache

from iocmarket.audit.models import Seal
from iocmarket.audit.verifying import read_anchor

KEY = "audit:head"


def remember_head() -> bool:
    """Note the head of the chain. False: the one noted before is not in the chain, and stays noted.

    Raises redis.RedisError.
    """
    if (kept := remembered_head()) and not _is_in_the_chain(kept):
        return False
    last = Seal.objects.order_by("-position").first()
    if last is not None:
        cache.set(KEY, f"{last.position}:{bytes(last.hash).hex()}", timeout=None)
    return True


def remembered_head() -> str:
    """The head that the sealer noted, as an anchor; empty when there is none. Raises redis.RedisError."""
    return str(cache.get(KEY) or "")


def forget_head() -> None:
    """For whoever has put an older database back, and knows why it ends sooner. Raises redis.RedisError."""
    cache.delete(KEY)


def _is_in_the_chain(anchor: str) -> bool:
    position, digest = read_anchor(anchor)
    return Seal.objects.filter(position=position, hash=digest).exists()
