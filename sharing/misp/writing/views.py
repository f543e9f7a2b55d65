"""The routes that write events, attributes and objects. Thin: events.py, changing.py and texts.py decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from rest_framework.request import Request

from iocmarket.accounts.roles import Scope
from iocmarket.accounts.viewer import Viewer
from sharing.misp.frame import MispView, NotSaved, answer, read_body, saved
from sharing.misp.paths import asked_of
from sharing.misp.shapes import Json
from sharing.misp.writing import events, texts
from sharing.misp.writing.answers import attribute_as_it_stands, event_as_it_stands, object_as_it_stands
from sharing.misp.writing.changing import OwnAttribute, delete_attribute, edit_attribute
from sharing.misp.writing.editing import edit_event
from sharing.misp.writing.events import Own
from sharing.misp.writing.finding import own_attribute, own_event, own_object
from sharing.misp.writing.incoming import (
    Piece,
    attributes_in,
    event_in,
    object_in,
    piece_of,
    pieces_of_object,
)
from sharing.misp.writing.refusals import told_as
from sharing.misp.writing.taking import Taken, errors_of

BODY_MAX = 64 * 1024 * 1024
SKIPPED = "iocmarket_skipped"
"""Beside what was stored: attributes that are no indicators, by their place. Clients pass over unknown names."""


class WritingView(MispView):
    """A route that writes what the institution shares."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.INDICATORS_WRITE.value}
    body_max = BODY_MAX

    def document(self, request: Request) -> Any:
        """The body. Raises Problem: 400, 413."""
        found = read_body(request, self.body_max)
        return found["request"] if isinstance(found, dict) and isinstance(found.get("request"), (dict, list)) else found


class EventAdd(WritingView):
    """`events/add`."""

    def post(self, request: Request) -> HttpResponse:
        """The event as it stands; what of it was refused, in `errors`."""
        viewer, document = self.viewer(request), self.document(request)
        with told_as("Could not add Event"):
            own, taken = events.add_event(event_in(document), viewer=viewer)
        return answer(_event(own, taken, viewer, whole="metadata" not in asked_of(request).named))


class EventEdit(WritingView):
    """`events/edit`."""

    def post(self, request: Request, name: str) -> HttpResponse:
        """Change what is given; attributes that are not named stay. Raises Http404."""
        viewer, document = self.viewer(request), self.document(request)
        own = own_event(name, viewer)
        with told_as("Could not edit Event"):
            own, taken = edit_event(own, event_in(document), viewer=viewer)
        return answer(_event(own, taken, viewer, whole="metadata" not in asked_of(request).named))


class EventDelete(WritingView):
    """`events/delete`."""

    def post(self, request: Request, name: str) -> HttpResponse:
        """Take back all that it says. Raises Http404."""
        viewer = self.viewer(request)
        own = own_event(name, viewer)
        with told_as("Could not delete Event"):
            events.delete_event(own, viewer=viewer)
        return answer(saved("Event deleted.", asked_of(request).url, number=name))


class EventPublish(WritingView):
    """`events/publish` and `events/alert`: what is added is shared at once, so nothing is left to do."""

    def post(self, request: Request, name: str) -> HttpResponse:
        """Raises Http404."""
        own = own_event(name, self.viewer(request))
        number = own.written.number if own.written else name
        return answer(saved("Event published", asked_of(request).url, number=number))


class EventUnpublish(WritingView):
    """`events/unpublish`: what was shared is taken back by deleting it."""

    def post(self, request: Request, name: str) -> HttpResponse:
        """Raises Http404, NotSaved."""
        own_event(name, self.viewer(request))
        reason = "What is shared is read within seconds: delete the event, or the attributes, to take it back."
        raise NotSaved("Could not unpublish Event", {"published": [reason]})


class FreeText(WritingView):
    """`events/freeTextImport`."""

    def post(self, request: Request, name: str) -> HttpResponse:
        """The attributes that the text became; or, with `returnMetaAttributes`, what could become of it."""
        viewer, params = self.viewer(request), self.params(request)
        own = own_event(name, viewer)
        with told_as("Could not import the text"):
            wish = texts.wish_in(params)
            if wish.only_look:
                return answer(texts.candidates(own, wish))
            taken = texts.import_text(own, wish, viewer=viewer)
        return answer([one for said in taken.said for one in _attributes(own, taken, said, viewer)])


class AttributeAdd(WritingView):
    """`attributes/add`."""

    def post(self, request: Request, name: str) -> HttpResponse:
        """One attribute or several. Raises Http404, NotSaved when nothing is stored."""
        viewer, document = self.viewer(request), self.document(request)
        own = own_event(name, viewer)
        once = asked_of(request).named.get("breakOnDuplicate", "1") not in {"0", "false"}
        with told_as("Could not add Attribute"):
            fields, several = attributes_in(document)
            pieces = [piece_of(each, str(place)) for place, each in enumerate(fields)]
            taken = events.add_attributes(own, pieces, viewer=viewer, once=once and not several)
        return answer(_added(own, pieces, taken, viewer, several=several))


class AttributeEdit(WritingView):
    """`attributes/edit`."""

    def post(self, request: Request, name: str) -> HttpResponse:
        """Change what is given. Raises Http404, NotSaved."""
        viewer, document = self.viewer(request), self.document(request)
        own, attribute = own_attribute(name, viewer)
        with told_as("Could not edit Attribute"), transaction.atomic():
            fields = attributes_in(document)[0][0]
            changed = edit_attribute(own, attribute, fields, viewer=viewer)
            if changed.replaced:
                piece = replaced(attribute, fields)
                taken = events.add_attributes(own, [piece], viewer=viewer)
                return answer(_added(own, [piece], taken, viewer, several=False))
        listed = attribute_as_it_stands(own, attribute, viewer)
        return answer({"Attribute": listed[0]} if listed else {"message": "Attribute deleted."})


class AttributeDelete(WritingView):
    """`attributes/delete`."""

    def post(self, request: Request, name: str) -> HttpResponse:
        """Take it back. Raises Http404."""
        viewer = self.viewer(request)
        _own, attribute = own_attribute(name, viewer)
        with told_as("Could not delete Attribute"):
            delete_attribute(attribute, viewer=viewer)
        return answer({"message": "Attribute deleted."})


class ObjectAdd(WritingView):
    """`objects/add`."""

    def post(self, request: Request, name: str, template: str = "") -> HttpResponse:
        """An object is taken apart into its attributes. Raises Http404, NotSaved when none of them is an indicator."""
        del template
        viewer, document = self.viewer(request), self.document(request)
        own = own_event(name, viewer)
        once = asked_of(request).named.get("breakOnDuplicate", "0") in {"1", "true"}
        with told_as("Could not add Object"):
            fields = object_in(document)
            pieces = pieces_of_object(fields)
            taken = events.add_attributes(own, pieces, viewer=viewer, once=once)
        return answer(_object(own, fields, pieces, taken, viewer))


class ObjectEdit(WritingView):
    """`objects/edit`."""

    def post(self, request: Request, name: str) -> HttpResponse:
        """Change its attributes, and add those that are new. Raises Http404, NotSaved."""
        viewer, document = self.viewer(request), self.document(request)
        own, _attributes_held = own_object(name, viewer)
        with told_as("Could not edit Object"):
            fields = {**object_in(document), "uuid": name}
            pieces = pieces_of_object(fields)
            _own, taken = edit_event(own, {"Object": [fields]}, viewer=viewer)
        return answer(_object(own, fields, pieces, taken, viewer))


class ObjectDelete(WritingView):
    """`objects/delete`."""

    def post(self, request: Request, name: str) -> HttpResponse:
        """Take its attributes back. Raises Http404."""
        viewer = self.viewer(request)
        _own, attributes = own_object(name, viewer)
        with told_as("Could not delete Object"), transaction.atomic():
            for attribute in attributes:
                delete_attribute(attribute, viewer=viewer)
        return answer(saved("Object deleted", asked_of(request).url))


class Proposal(WritingView):
    """`shadowAttributes/…`: nobody changes what others said, and there are no proposals to."""

    def post(self, request: Request, act: str, name: str = "") -> HttpResponse:
        """Raises NotSaved."""
        del request, act, name
        reason = "There are no proposals here: share your own statement, or report a sighting (1 = false positive)."
        raise NotSaved("Could not add Proposal", {"event_id": [reason]})


def replaced(attribute: OwnAttribute, fields: Mapping[str, Any]) -> Piece:
    """The attribute that says another value from now on, under the name that it has."""
    return piece_of({**fields, "uuid": str(attribute.uuid)} if attribute.uuid else fields)


def _event(own: Own, taken: Taken, viewer: Viewer, *, whole: bool) -> Json:
    found = event_as_it_stands(own, viewer, whole=whole)
    if taken.skipped:
        found[SKIPPED] = taken.skipped
    return {"Event": found, **({"errors": {"Attribute": taken.refused}} if taken.refused else {})}


def _attributes(own: Own, taken: Taken, uuid: UUID, viewer: Viewer) -> list[Json]:
    return attribute_as_it_stands(own, OwnAttribute(tuple(taken.said[uuid]), uuid), viewer)


def _added(own: Own, pieces: Sequence[Piece], taken: Taken, viewer: Viewer, *, several: bool) -> Json:
    """MISP's answer: an attribute, or a list of them. Raises NotSaved when none was stored."""
    if not taken.said:
        raise NotSaved("Could not add Attribute", errors_of(taken, single=not several))
    listed = [_attributes(own, taken, piece.uuid, viewer)[:1] for piece in pieces if piece.uuid in taken.said]
    shown = [one for each in listed for one in each]
    found: Json = {"Attribute": shown if len(pieces) > 1 or not shown else shown[0]}
    if several and taken.refused:
        found["errors"] = taken.refused
    return {**found, **({SKIPPED: taken.skipped} if taken.skipped else {})}


def _object(own: Own, fields: Mapping[str, Any], pieces: Sequence[Piece], taken: Taken, viewer: Viewer) -> Json:
    if not taken.said:
        skipped = {"Attribute": list(dict.fromkeys(taken.skipped.values()))}
        refused = {place: [text for said in told.values() for text in said] for place, told in taken.refused.items()}
        raise NotSaved("Could not add Object", refused or skipped)
    kept = [piece.uuid for piece in pieces if piece.uuid in taken.said]
    listed = [one for uuid in kept for one in _attributes(own, taken, uuid, viewer)]
    found: Json = {"Object": object_as_it_stands(own, fields, listed)}
    if taken.refused:
        found["errors"] = {"Attribute": taken.refused}
    return {**found, **({SKIPPED: taken.skipped} if taken.skipped else {})}
