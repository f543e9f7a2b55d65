"""Scopes on API views: each view names the scope of each method; a view that names none is closed."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from iocmarket.accounts.models import Member
from iocmarket.accounts.reauthentication import is_fresh
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer


class HasScope(BasePermission):
    """Reads `scopes` on the view: method → scope. Fails closed."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the viewer holds the scope that this method asks for."""
        viewer = request.auth
        if not isinstance(viewer, Viewer):
            return False
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method == "OPTIONS" or not hasattr(view, method.lower()):
            return True  # nothing runs: the view answers with what it allows, or with 405
        wanted = getattr(view, "scopes", {}).get(method)
        if viewer.read_only and not _only_reads(wanted, method) and not getattr(view, "open_when_read_only", False):
            self.message = "the institution may only read until it confirms its contacts and assets"
            self.code = "institution_read_only"
            return False
        if wanted == Scope.INSTITUTION_ADMIN and method != "GET" and _is_stale(request):
            self.message = "a session does this only soon after a log-in: log in again, or use a token"
            self.code = "fresh_login_required"
            return False
        self.message = f"this needs the scope {wanted}"
        return wanted in viewer.scopes


def _is_stale(request: Request) -> bool:
    """Whether a person asks whose last proof of identity is too old for sensitive acts."""
    return isinstance(request.user, Member) and not is_fresh(request._request)  # noqa: SLF001 (REST framework's own)


def _only_reads(wanted: str | None, method: str) -> bool:
    """Whether the exit writes nothing: it is asked with GET, or its scope is one of reading values (look-up)."""
    reads = {Scope.INDICATORS_READ, Scope.FEEDS_READ, Scope.EVIDENCE_READ}
    return wanted in reads or (method == "GET" and wanted == Scope.INSTITUTION_ADMIN)
