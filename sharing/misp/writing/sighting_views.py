"""`sightings/add` and `sightings/delete`: what was met of values that the viewer reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Indicator, Sighting
from iocmarket.indicators.sightings import may_retract, retract
from sharing.misp.extras import met_of
from sharing.misp.finding import attribute_named
from sharing.misp.frame import MispView, NotSaved, answer, saved
from sharing.misp.numbers import number_of
from sharing.misp.paths import asked_of
from sharing.misp.reach import Reach, reach_of
from sharing.misp.shapes import Json, Met, Statement, sighting
from sharing.misp.telling import org_of, statements_of
from sharing.misp.writing.refusals import told_as
from sharing.misp.writing.sighted import UNKNOWN, report_indicators, report_values, values_in

FAILED = "Could not add Sighting"


class SightingAdd(MispView):
    """`sightings/add`, with the attribute in the path or the value in the body."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.SIGHTINGS_WRITE.value}

    def post(self, request: Request, name: str = "") -> HttpResponse:
        """The sighting as it stands; of several values the last, and how many. Raises NotSaved."""
        viewer, params = self.viewer(request), self.params(request)
        inner = params.get("Sighting")
        fields: Mapping[str, Any] = inner if isinstance(inner, dict) else params
        name = name or str(fields.get("uuid") or fields.get("id") or "")
        values = values_in(fields)
        with told_as(FAILED):
            if values:
                return self._of_values(values, fields, viewer)
            if not name:
                raise NotSaved(FAILED, {"value": ["Name a value, or the id or uuid of an attribute."]})
            return self._of_attribute(name, fields, viewer)

    def _of_values(self, values: list[str], fields: Mapping[str, Any], viewer: Viewer) -> HttpResponse:
        reach = reach_of(viewer)
        results = report_values(values, fields, viewer=viewer)
        refused = {
            value: [UNKNOWN if told.reason == "unknown" else told.reason] for value, told in results if told.reason
        }
        stored = [(told.indicator, told.sighting) for _value, told in results if told.sighting and told.indicator]
        if not stored:
            raise NotSaved(FAILED, refused)
        indicator, number = stored[-1]
        document: Json = {"Sighting": _told(reach, indicator, number, viewer)}
        if len(values) > 1:
            document["message"] = f"{len(stored)} sightings successfully added."
        return answer({**document, **({"errors": refused} if refused else {})})

    def _of_attribute(self, name: str, fields: Mapping[str, Any], viewer: Viewer) -> HttpResponse:
        reach = reach_of(viewer)
        said = attribute_named(reach, name)
        if said is None or said.gone:
            raise NotSaved(FAILED, {"id": [UNKNOWN]})
        indicator = Indicator.objects.visible_to(viewer).get(pk=said.indicator_id)
        (result,) = report_indicators([indicator.public_id], fields, viewer=viewer)
        if result.sighting is None:
            raise NotSaved(FAILED, {"id": [UNKNOWN]})
        return answer({"Sighting": _told(reach, indicator, result.sighting, viewer, said)})


class SightingDelete(MispView):
    """`sightings/delete`."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.SIGHTINGS_WRITE.value}

    def post(self, request: Request, name: str) -> HttpResponse:
        """By uuid: numbers of sightings are not stored. Raises Http404."""
        viewer = self.viewer(request)
        try:
            number = UUID(name)
        except ValueError as error:
            raise Http404 from error
        found = Sighting.objects.visible_to(viewer).filter(public_id=number).first()
        if found is None or not may_retract(found, viewer):
            raise Http404
        retract(found, viewer=viewer)
        return answer(saved("Sighting successfully deleted.", asked_of(request).url))


def _told(reach: Reach, indicator: Indicator, number: UUID, viewer: Viewer, said: Statement | None = None) -> Json:
    row = Sighting.objects.visible_to(viewer).select_related("institution").get(public_id=number)
    if said is None:
        said = next((one for one in statements_of(reach, [indicator.pk]) if not one.gone), None)
    if said is not None:
        return sighting(met_of(row, said, reach))
    # The value was shared a moment ago and is not published yet.
    return sighting(
        Met(
            number=number_of(row.public_id),
            uuid=row.public_id,
            attribute_number=0,
            event_number=0,
            seen_at=row.seen_at,
            kind=row.kind,
            source=row.source,
            org=org_of(row.institution),
        )
    )
