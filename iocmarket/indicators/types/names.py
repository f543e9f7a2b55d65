"""DNS names.

One type for every name (MISP's `hostname` too); whether sub-names are meant is the `subtree` flag. The public suffix
list says what a registrable name is; the copy is the one of the installed package, so nothing is fetched. Letters
outside ASCII become A-labels by UTS 46 (through ada, as in URLs): a look-alike stays distinct from what it imitates.
"""

from __future__ import annotations

import re
from typing import ClassVar

import ada_url
from django.utils.translation import gettext_lazy as _

from iocmarket.indicators.types.base import (
    AFTER_USUAL,
    DOTTED,
    DOTTED_SIGN,
    NO_HYPHEN_BEFORE,
    Canonical,
    IocType,
    Sign,
    Trait,
    cleaned,
    ioc_types,
    quoted,
)
from iocmarket.indicators.types.suffixes import is_top, registered_under_top, suffix_list
from iocmarket.kernel.decision import Refusal

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_RESERVED_TLDS = frozenset({"example", "test", "invalid", "localhost", "local"})  # RFC 2606, RFC 6761, RFC 6762
_DOCUMENTATION = ("example.com", "example.net", "example.org")  # RFC 2606 section 3

# Roots beside the one of ICANN, of Namecoin, EmerDNS and Ethereum: malware resolves them, a firewall sees them.
_OTHER_ROOTS = frozenset({"bit", "coin", "emc", "lib", "bazar", "eth", "crypto", "zil"})

# In free text these suffixes are file extensions unless something says otherwise.
_FILE_SUFFIXES = frozenset({"py", "sh", "zip", "md", "rs", "mov", "so", "ps"})
_PROGRAMS = frozenset({"setup.com", "command.com", "install.com", "format.com", "more.com", "mode.com", "tree.com"})
_CODE = frozenset({"self", "this", "document", "window", "console", "node", "event"})


def registrable_domain(name: str) -> str | None:
    """The part of a name that somebody registered (`evil.co.uk` of `www.evil.co.uk`); None for a public suffix."""
    found = suffix_list().privatesuffix(name)
    return str(found) if found else None


def ascii_name(text: str) -> str:
    """A name in lower case and A-labels, without its final dot.

    Raises Refusal: `bad_label`, `bad_a_label`, `too_long`.
    """
    name = text.removesuffix(".")
    name = name.lower() if name.isascii() else ada_url.idna_to_ascii(name).decode("ascii")
    if not name:
        raise Refusal("bad_label", "The name contains characters that no DNS name has.")
    if len(name) > 253:
        raise Refusal("too_long", "A DNS name has at most 253 characters (RFC 1035 section 2.3.4).")
    for label in name.split("."):
        if _LABEL.fullmatch(label) is None:
            raise Refusal("bad_label", f"“{label[:63]}” is not a label of a DNS name.")
        if label.startswith("xn--"):
            _refuse_bad_a_label(label)
    return name


def _refuse_bad_a_label(label: str) -> None:
    try:
        decoded = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError) as error:
        raise Refusal("bad_a_label", f"“{label}” is not the encoding of any name (RFC 3492).") from error
    if decoded.isascii():
        raise Refusal("bad_a_label", f"“{label}” is not the encoding of any name (RFC 3492).")


def judge_name(name: str) -> tuple[bool, tuple[str, ...]]:
    """Whether sub-names are meant by default, and the warnings, of a name in ASCII.

    Raises Refusal: `single_label`, `reserved_name`, `onion_service`, `unknown_tld`, `public_suffix`.
    """
    top = name.rpartition(".")[2]
    if top in _RESERVED_TLDS:
        raise Refusal("reserved_name", f"Names under .{top} are reserved (RFC 6761): they exist in no public DNS.")
    if "." not in name:
        raise Refusal("single_label", "A DNS name has at least two labels, such as evil.org.")
    if top == "onion":
        raise Refusal(
            "onion_service", "An onion service is in no DNS: send its name of 56 characters as onion, or a URL with it."
        )
    known = is_top(top) or top.startswith("xn--")
    suffix = suffix_list().publicsuffix(name) if known else None
    if suffix is None and top in _OTHER_ROOTS:
        return name.count(".") == 1, ("other_root",)
    if suffix is None:
        raise Refusal("unknown_tld", f"There is no top-level domain .{top}.")
    warnings = tuple("documentation_name" for known in _DOCUMENTATION if name == known or name.endswith("." + known))
    if suffix != name:
        return name.count(".") == suffix.count(".") + 1, warnings
    if suffix_list(only_icann=True).publicsuffix(name) == name:
        raise Refusal("public_suffix", f"Everybody registers names under {name}: it is a public suffix.")
    return False, (*warnings, "private_suffix")


PLAIN_NAME = r"(?:(?!xn--)[a-z0-9_]++(?:-++[a-z0-9_]++)*+\.)++[a-z]{2,63}+"
"""A name in lower case without A-labels; each of its labels is as long as it is written."""
_USUAL = re.compile(PLAIN_NAME)
_LONGEST_LABEL = 63
_UNUSUAL = {*_RESERVED_TLDS, "onion"}


def usual_name(text: str) -> str | None:
    """What somebody registered of a name that `ascii_name` leaves as it is and `judge_name` has nothing to say of.

    None for every other text.
    """
    return registered_of(text) if _USUAL.fullmatch(text) is not None else None


def registered_of(name: str) -> str | None:
    """The same of a name that is known to be a `PLAIN_NAME`."""
    if name[name.rfind(".") + 1 :] in _UNUSUAL or (len(name) > _LONGEST_LABEL and not _is_short(name)):
        return None
    registered = registered_under_top(name)
    return None if registered in _DOCUMENTATION else registered


def _is_short(name: str) -> bool:
    return len(name) <= 253 and max(map(len, name.split("."))) <= _LONGEST_LABEL


def defanged_name(name: str) -> str:
    """`cdn.evil[.]org`: the last dot in brackets."""
    return "[.]".join(name.rsplit(".", 1))


_SHAPE = re.compile(r"(?P<wild>(?:\*?\.)?)(?P<name>[^\s/:@*]+?)/?(?P<port>(?::\d{1,5})?)/?")


class Domain(IocType):
    """A DNS name; `.evil.org` and `*.evil.org` mean the name and everything under it."""

    name: ClassVar[str] = "domain"
    misp_type: ClassVar[str] = "domain"
    aliases = frozenset({"hostname"})
    label = _("Domain")
    traits = frozenset({Trait.NAME})
    lifetime_days: ClassVar[int] = 90
    precedence: ClassVar[int] = 60
    examples: ClassVar[tuple[tuple[str, str], ...]] = (
        ("EVIL-CAS[.]FR", "evil-cas.fr"),
        ("évil-accent.fr", "xn--vil-accent-96a.fr"),
        ("*.evil-cas.fr", "evil-cas.fr"),
    )
    opens: ClassVar[str] = DOTTED
    signs: ClassVar[tuple[Sign, ...]] = (DOTTED_SIGN,)
    finds: ClassVar[re.Pattern[str] | None] = re.compile(
        rf"(?<![\w.@\\$]){NO_HYPHEN_BEFORE}"
        r"(?<![^/]/)(?:\*\.|\.)?(?:\w[\w-]{0,62}+\.(?=\w)){1,40}+"
        r"(?!onion(?!\w))(?:xn--[\w-]{1,59}+|[^\W\d_]{2,63}+)(?::\d{1,5}(?!\w))?(?![\w@]|-\w|\.\w)",
        re.IGNORECASE,
    )

    plain: ClassVar[str | None] = rf"(?!\d{{1,4}}\.\d{{1,4}}\.\d{{1,4}}\.\d){PLAIN_NAME}{AFTER_USUAL}"

    def normalise(self, raw: str, *, explicit: bool = False) -> Canonical:
        """Raises Refusal: `not_a_name`, `is_url`, those of `ascii_name` and `judge_name`; in free text also those of
        `refuse_accidents`.
        """
        text = cleaned(raw)
        if "://" in text:
            raise Refusal("is_url", "This is a URL: send it as url.")
        shape = _SHAPE.fullmatch(text)
        if shape is None:
            raise Refusal("not_a_name", "This is not a DNS name.")
        name = ascii_name(shape["name"])
        if name.replace(".", "").isdigit():
            raise Refusal("not_a_name", "This is an address, not a DNS name.")
        subtree, warnings = judge_name(name)
        if not explicit and text == raw.strip() and not name.startswith("www."):
            refuse_accidents(shape["name"], name)
        if shape["port"]:
            warnings += ("port_dropped",)
        return Canonical(name, subtree=subtree or bool(shape["wild"]), warnings=warnings)

    def usual(self, raw: str) -> Canonical | None:
        """A name in lower case, directly under a top-level domain or below, that resembles nothing else."""
        return self._known(raw, usual_name(raw))

    def known(self, text: str, start: int, end: int) -> Canonical | None:
        """The same of a name of which the shape is known."""
        name = text[start:end]
        return self._known(name, registered_of(name)) if end - start <= _LONGEST_LABEL else None

    @staticmethod
    def _known(raw: str, registered: str | None) -> Canonical | None:
        if registered is None or raw[raw.rfind(".") + 1 :] in _FILE_SUFFIXES or raw in _PROGRAMS:
            return None
        return None if raw[: raw.find(".")] in _CODE else Canonical(raw, subtree=registered == raw)

    def match_key(self, value: str) -> str:
        """What somebody registered of it."""
        return registrable_domain(value) or value

    def settle(self, text: str, start: int, end: int) -> int | None:
        """Not a call (`System.out(`) nor a key (`smtp.from=`)."""
        del start
        return None if text[end : end + 1] in {"(", "="} else end

    def pattern(self, value: str, *, subtree: bool = False) -> str:
        """`[domain-name:value = '…']`, with or without sub-names: STIX has no simple comparison for a suffix."""
        del subtree
        return f"[domain-name:value = {quoted(value)}]"

    def defang(self, value: str) -> str:
        """`evil[.]org`."""
        return defanged_name(value)

    def dns_name(self, value: str) -> str | None:
        """The name itself."""
        return value


def refuse_accidents(typed: str, name: str) -> None:
    """Refuse what only looks like a name in running text: nobody defanged it and no scheme stands before it.

    Raises Refusal: `file_name`, `sentence`, `code`.
    """
    labels = name.split(".")
    top = typed.rpartition(".")[2]
    if labels[-1] in _FILE_SUFFIXES or labels[-1] in _OTHER_ROOTS or name in _PROGRAMS:
        raise Refusal("file_name", f"“{typed[:63]}” looks like a file name; name the type “domain” if it is one.")
    if top != top.lower() and typed != typed.upper():
        raise Refusal("sentence", f"“{typed[:63]}” looks like the end of a sentence or a program's identifier.")
    if labels[0] in _CODE:
        raise Refusal("code", f"“{typed[:63]}” looks like program code.")


ioc_types.register(Domain())
