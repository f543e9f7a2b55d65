"""Scopes on API views: each view names the scope of each method; a view that names none is closed."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from iocmarket.accounts.viewer import Viewer


class HasScope(BasePermission):
    """Reads `scopes` on the view: method → scope. Fails closed."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the viewer holds the scope that this method asks for."""
        viewer = request.auth
        if not isinstance(viewer, Viewer):
            return False
        wanted = getattr(view, "scopes", {}).get(request.method or "")
        if request.method == "OPTIONS":
            return True
        self.message = f"this needs the scope {wanted}"
        return wanted in viewer.scopes


class ScopedView(APIView):
    """An API view whose methods name their scopes."""

    scopes: ClassVar[dict[str, str]] = {}

    def viewer(self, request: Request) -> Viewer:
        """The viewer, which HasScope has made sure of."""
        viewer = request.auth
        if not isinstance(viewer, Viewer):
            raise PermissionError("no viewer: the view is not protected by HasScope")
        return viewer
