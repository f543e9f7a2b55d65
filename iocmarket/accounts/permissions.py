"""Scopes on API views: each view names the scope of each method; a view that names none is closed."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from iocmarket.accounts.viewer import Viewer


class HasScope(BasePermission):
    """Reads `scopes` on the view: method → scope. Fails closed."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the viewer holds the scope that this method asks for."""
        viewer = request.auth
        if not isinstance(viewer, Viewer):
            return False
        wanted = getattr(view, "scopes", {}).get(request.method or "")
        if request.method == "OPTIONS":
            return True
        self.message = f"this needs the scope {wanted}"
        return wanted in viewer.scopes
