"""The base of our API views: each method names its scope, and the viewer is at hand."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.views import APIView

from iocmarket.accounts.viewer import Viewer


class ScopedView(APIView):
    """An API view whose methods name their scopes; a method that names none is closed (permissions.HasScope)."""

    scopes: ClassVar[dict[str, str]] = {}
    open_when_read_only: ClassVar[bool] = False
    """Whether it also writes for an institution that may only read: acts that make it safer, or confirm it."""

    polled: ClassVar[bool] = False
    """Whether machines ask it again and again: it does without what pages need (web/middleware/machines.py)."""

    def viewer(self, request: Request) -> Viewer:
        """The viewer, which HasScope has made sure of."""
        viewer = request.auth
        if not isinstance(viewer, Viewer):
            raise PermissionError("no viewer: the view is not protected by HasScope")
        return viewer
