"""Who may use the protocol at all. What a collection allows is decided where it is found (collections.py)."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from iocmarket.accounts.viewer import Viewer
from sharing.taxii.depots import may_read, may_write


class ReadsOrWrites(BasePermission):
    """A token with one of the two scopes of indicators. Fails closed."""

    message = "this needs the scope indicators:read or indicators:write"

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the viewer may read or write indicators."""
        if not isinstance(request.auth, Viewer):
            return False
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method == "OPTIONS" or not hasattr(view, method.lower()):
            return True  # nothing runs: the view answers with what it allows, or with 405
        return may_read(request.auth) or may_write(request.auth)
