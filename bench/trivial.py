"""The least that an authenticated answer costs here: the same middleware, token and permission, and no content."""

from __future__ import annotations

from typing import ClassVar

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView


class Nothing(ScopedView):
    """Says that the token is good."""

    scopes: ClassVar = {"GET": Scope.INDICATORS_READ}

    def get(self, request: Request) -> Response:
        """An empty object."""
        del request
        return Response({})


urlpatterns = [path("nothing", Nothing.as_view())]
