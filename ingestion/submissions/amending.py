"""`/api/v1/contributions/<id>`: change one own statement, or take it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion.submissions.addressees import resolve
from ingestion.submissions.choices import Choices, read_choices
from iocmarket.accounts.models import Institution, Member
from iocmarket.accounts.roles import Scope
from iocmarket.accounts.scoped import ScopedView
from iocmarket.accounts.viewer import Viewer
from iocmarket.api.problems import Problem
from iocmarket.indicators.models import Contribution
from iocmarket.indicators.services import CONTENT, amend, withdraw
from iocmarket.kernel.decision import Refusal
from iocmarket.kernel.marking import PAP, TLP

_ADDRESS = frozenset({"tlp", "audience", "circle", "recipients"})


class ContributionDetail(ScopedView):
    """One statement of the own institution."""

    scopes: ClassVar = {"DELETE": Scope.INDICATORS_WRITE, "PATCH": Scope.INDICATORS_WRITE}

    @extend_schema(
        operation_id="contributions_amend", request=OpenApiTypes.OBJECT, responses={200: OpenApiTypes.OBJECT}
    )
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change what it says or to whom: the fields of `defaults` that are given. Here a marking may be loosened."""
        viewer = self.viewer(request)
        row = _own(public_id, viewer)
        try:
            row = amend(row, viewer=viewer, changes=changes_to(row, request.data, viewer=viewer))
        except Refusal as refusal:
            raise Problem.of(refusal, status=422) from refusal
        told = {"tlp": row.marking.tlp.label, "pap": row.marking.pap.label, "audience": row.audience}
        return Response({"id": str(row.public_id), "indicator": str(row.indicator.public_id), **told})

    @extend_schema(operation_id="contributions_withdraw", responses={204: None})
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Take it back: published as a withdrawal. 404 for another institution's, as for none."""
        viewer = self.viewer(request)
        withdraw(_own(public_id, viewer), viewer=viewer)
        return Response(status=204)


def changes_to(row: Contribution, data: Any, *, viewer: Viewer) -> dict[str, Any]:
    """What a body of named choices changes in a statement, as fields of the model.

    Raises Refusal with a JSON Pointer: those of `read_choices` and `addressees.resolve`, `not_an_object`.
    """
    if not isinstance(data, Mapping):
        raise Refusal("not_an_object", "the body is an object with the fields to change", where="/")
    found = read_choices(data, base=_as_choices(row), where="", own=True)
    changes: dict[str, Any] = {name: _stored(name, found) for name in found.explicit & (CONTENT | {"pap", "anonymous"})}
    if "valid_until" in data and data["valid_until"] is None:
        changes["valid_until"] = None
    if found.explicit & _ADDRESS:
        to = resolve([("", found)], viewer=viewer)
        changes |= {
            "tlp": found.tlp,
            "audience": found.audience,
            "circle_id": to.circle(found),
            "recipients": to.recipients(found),
            "named_members": to.named_members(found),
        }
    return changes


def _stored(name: str, choices: Choices) -> Any:
    value = getattr(choices, name)
    return list(value) if isinstance(value, tuple) else value


def _as_choices(row: Contribution) -> Choices:
    """The address of a statement under the names by which a sender would give it."""
    names = Institution.objects.filter(pk__in=row.recipients).order_by("name").values_list("name", flat=True)
    addresses = Member.objects.filter(pk__in=row.named_members).order_by("email").values_list("email", flat=True)
    return Choices(
        tlp=TLP(row.tlp),
        pap=PAP(row.pap),
        audience=row.audience,
        circle=str(row.circle.public_id) if row.circle else "",
        recipients=tuple(addresses if row.tlp == TLP.RED else names),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )


def _own(public_id: UUID, viewer: Viewer) -> Contribution:
    """Raises Http404 for another institution's statement, as for none."""
    own = Contribution.objects.own_of(viewer).filter(public_id=public_id)
    found = own.select_related("indicator", "circle").first()
    if found is None:
        raise Http404
    return found
