"""The only writers of feed profiles: made, changed, deleted with the keys that open them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.http import QueryDict

from iocmarket.accounts.models import Institution, Token
from iocmarket.accounts.services import revoke_token
from iocmarket.audit.services import Actor, record
from iocmarket.kernel import clock
from iocmarket.kernel.decision import Refusal
from sharing.feeds.formats.base import FolderFormat, Format, format_named
from sharing.feeds.options import COMMON, Options, read_options
from sharing.profiles.models import FeedProfile

MOST = 100
"""Profiles of one institution."""
NOTE_MAX, VALUE_MAX = 500, 500
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
KEYED = "p/"
"""What stands before the name of a profile where feed keys name what they open."""


def format_of(name: str) -> Format:
    """The format of that name. Raises Refusal(`unknown_format`)."""
    found = format_named(name)
    if found is None:
        raise Refusal("unknown_format", f"there is no format {name[:40]!r}", where="/format")
    return found


def options_of(profile: FeedProfile) -> Options:
    """What the profile asks for. Raises Refusal when its format no longer knows it."""
    return read_options(query_of(profile.options), format_of(profile.format))


def query_of(options: Mapping[str, str]) -> QueryDict:
    """The same as a query."""
    return QueryDict(urlencode(options))


def address_of(profile: FeedProfile) -> str:
    """Where it is pulled, with a token; of a folder the folder."""
    return f"{settings.PUBLIC_URL}/feeds/p/{file_of(profile)}"


def file_of(profile: FeedProfile) -> str:
    """Its file name; the extension follows the format. A folder bears the name alone."""
    fmt = format_named(profile.format)
    if isinstance(fmt, FolderFormat):
        return profile.name
    return f"{profile.name}.{fmt.extension if fmt else 'txt'}"


def explanation_at(profile: FeedProfile) -> str:
    """The path that tells what it leaves out, and why."""
    fmt = format_named(profile.format)
    first = f"/{fmt.first}" if isinstance(fmt, FolderFormat) else ""
    return f"/feeds/p/{file_of(profile)}{first}?explain=1"


def keys_of(profile: FeedProfile) -> Any:
    """The feed keys that open it now."""
    held = Token.objects.filter(institution_id=profile.institution_id, feed=f"{KEYED}{profile.name}")
    return held.filter(revoked_at__isnull=True)


@transaction.atomic
def create_profile(
    institution: Institution,
    *,
    name: str,
    format: str,  # noqa: A002 (the contract's word)
    options: Mapping[str, str] | None = None,
    tool: str = "",
    note: str = "",
    actor: Actor,
) -> FeedProfile:
    """Save a feed under a name.

    Raises Refusal: `bad_profile_name`, `profile_exists`, `too_many_profiles`, `unknown_format`, `unknown_option`,
    `bad_option`, `bad_note`.
    """
    if _NAME.fullmatch(name) is None:
        raise Refusal("bad_profile_name", "a name has 1 to 50 lower-case letters, digits and hyphens", where="/name")
    fmt = format_of(format)
    kept = _checked(options or {}, fmt)
    Institution.objects.select_for_update().get(pk=institution.pk)
    held = FeedProfile.objects.filter(institution=institution)
    if held.filter(name=name).exists():
        raise Refusal("profile_exists", f"there is a profile {name!r} already", where="/name")
    if held.count() >= MOST:
        raise Refusal("too_many_profiles", f"an institution has at most {MOST} feed profiles")
    profile = FeedProfile.objects.create(
        institution=institution, name=name, format=fmt.name, options=kept, tool=_tool(tool, fmt), note=_note(note)
    )
    _record("feeds.profile_made", profile, actor)
    return profile


@transaction.atomic
def change_profile(
    profile: FeedProfile, *, options: Mapping[str, str] | None = None, note: str | None = None, actor: Actor
) -> bool:
    """Ask for something else under the same name; whether that changed anything. Raises Refusal as `create_profile`."""
    held = FeedProfile.objects.select_for_update().get(pk=profile.pk)
    wanted = held.options if options is None else _checked(options, format_of(held.format))
    words = held.note if note is None else _note(note)
    if (wanted, words) == (held.options, held.note):
        return False
    held.options, held.note, held.changed_at = wanted, words, clock.now()
    held.save(update_fields=["options", "note", "changed_at"])
    profile.options, profile.note, profile.changed_at = held.options, held.note, held.changed_at
    _record("feeds.profile_changed", held, actor)
    return True


@transaction.atomic
def delete_profile(profile: FeedProfile, *, actor: Actor) -> None:
    """Take it away, and with it the keys that open nothing else: another profile of that name is another one."""
    for token in keys_of(profile):
        revoke_token(token, actor=actor)
    _record("feeds.profile_deleted", profile, actor)
    FeedProfile.objects.filter(pk=profile.pk).delete()


def _checked(options: Mapping[str, str], fmt: Format) -> dict[str, str]:
    """Those that say something, in one order. Raises Refusal as `read_options`."""
    kept = {name: str(options[name]).strip() for name in sorted(options) if str(options[name]).strip()}
    permitted = {*COMMON, *fmt.options}
    for name, value in kept.items():
        if name not in permitted:
            detail = f"there is no option {name[:40]!r}; the options are {', '.join(sorted(permitted))}"
            raise Refusal("unknown_option", detail, where=f"/options/{name[:40]}")
        if len(value) > VALUE_MAX:
            raise Refusal("bad_option", f"{name} is longer than {VALUE_MAX} characters", where=f"/options/{name}")
    try:
        read_options(query_of(kept), fmt)
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.detail, where=f"/options/{refusal.where}") from refusal
    return kept


def _tool(tool: str, fmt: Format) -> str:
    named = [recipe.tool for recipe in fmt.recipes]
    return tool if tool in named else named[0]


def _note(note: str) -> str:
    words = " ".join(note.split())
    if len(words) > NOTE_MAX:
        raise Refusal("bad_note", f"a note has at most {NOTE_MAX} characters", where="/note")
    return words


def _record(action: str, profile: FeedProfile, actor: Actor) -> None:
    record(
        action, actor=actor, subject_type="feed-profile", subject_id=profile.public_id,
        details={"name": profile.name, "format": profile.format},
    )  # fmt: skip
