"""The least that an authenticated answer costs here: the same middleware, token and permission, and no content.

Beside it one that is nothing but a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.http import FileResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView

FILE = "feed"
"""The name of the file, in DATA_DIR."""


class Nothing(ScopedView):
    """Says that the token is good."""

    scopes: ClassVar = {"GET": Scope.INDICATORS_READ}

    def get(self, request: Request) -> Response:
        """An empty object."""
        del request
        return Response({})


class File(ScopedView):
    """A file, once the token is good."""

    scopes: ClassVar = {"GET": Scope.FEEDS_READ}

    def get(self, request: Request) -> FileResponse:
        """As Django sends files: the server hands it to the kernel."""
        del request
        return FileResponse((Path(settings.DATA_DIR) / FILE).open("rb"))


urlpatterns = [path("nothing", Nothing.as_view()), path("file", File.as_view())]
