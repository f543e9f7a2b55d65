"""What an applicant says the institution owns: domains and networks, one a line or with commas, made canonical.

Pure. They are the assets of the institution once it is in, so they are read as assets are (accounts/asset_values.py).
"""

from __future__ import annotations

from iocmarket.accounts.asset_values import normalised
from iocmarket.accounts.models import Asset
from iocmarket.accounts.networks import split_words
from iocmarket.kernel.decision import Refusal

MOST = 50
"""Lines of each kind: an institution with more adds them once it is in."""
WORD_SHOWN = 80


def domains_in(text: str) -> list[str]:
    """Each once, in order. Raises Refusal: `too_many`, those of domains in
    `asset_values.normalised`, each with the word that it is about as `where`."""
    return _each(text, Asset.Kind.DOMAIN)


def networks_in(text: str) -> list[str]:
    """Each once, in order; an address is a network of one. Raises Refusal: `too_many`, those of networks likewise."""
    return _each(text, Asset.Kind.NETWORK)


def domain_of(address: str) -> str:
    """The domain of an e-mail address, in lower case."""
    return address.rpartition("@")[2].strip().lower().rstrip(".")


def lies_under(name: str, domains: list[str]) -> bool:
    """Whether the name is one of the domains or a name below one."""
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)


def _each(text: str, kind: str) -> list[str]:
    words = split_words(text)
    if len(words) > MOST:
        raise Refusal("too_many", f"at most {MOST}; you can add more once you are in")
    return list(dict.fromkeys(_one(kind, word) for word in words))


def _one(kind: str, word: str) -> str:
    """As assets are read; a refusal says of which word it is."""
    try:
        return normalised(kind, word)
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.detail, where=word[:WORD_SHOWN]) from refusal
