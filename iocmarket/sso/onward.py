"""Where a person goes once the log-in is done."""

from __future__ import annotations

from django.http import QueryDict
from django.utils.http import url_has_allowed_host_and_scheme


def next_path(said: QueryDict) -> str:
    """A path of ours, or nothing."""
    wanted = said.get("next", "")[:500]
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if safe else ""
