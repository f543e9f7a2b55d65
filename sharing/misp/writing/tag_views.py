"""`tags/attachTagToObject` and `tags/removeTagFromObject`, on an event or an attribute of the own institution."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404, HttpResponse
from rest_framework.request import Request

from iocmarket.accounts.viewer import Viewer
from sharing.misp.frame import NotSaved, answer, saved
from sharing.misp.paths import asked_of
from sharing.misp.reading import is_true
from sharing.misp.writing import tagging
from sharing.misp.writing.changing import OwnAttribute
from sharing.misp.writing.events import Own
from sharing.misp.writing.finding import own_attribute, own_event
from sharing.misp.writing.refusals import told_as
from sharing.misp.writing.views import WritingView


class AttachTag(WritingView):
    """`tags/attachTagToObject`."""

    def post(self, request: Request, name: str = "", tag: str = "") -> HttpResponse:
        """A marking takes the place of the one before; a local tag is refused. Raises Http404, NotSaved."""
        viewer, name, tags, local = self._asked(request, name, tag)
        thing = _tagged(name, viewer)
        if local:
            reason = "Tags are shared with the value: a local one would be lost. Send it with local false."
            raise NotSaved("Tag could not be attached.", {"local": [reason]})
        with told_as("Tag could not be attached."), transaction.atomic():
            for each in tags:
                if isinstance(thing, Own):
                    tagging.attach_to_event(thing, each, viewer=viewer)
                else:
                    tagging.attach(thing.statements, each, viewer=viewer)
                thing = _tagged(name, viewer)
        kind = "Event" if isinstance(thing, Own) else "Attribute"
        told = f"Global tag {', '.join(tags)} successfully attached to {kind}({name})."
        return answer(saved(told, asked_of(request).url))

    def _asked(self, request: Request, name: str, tag: str) -> tuple[Viewer, str, list[str], bool]:
        params = self.params(request)
        given = params.get("tag", tag)
        tags = [str(each) for each in (given if isinstance(given, list) else [given]) if str(each or "").strip()]
        if not tags:
            raise NotSaved("Tag could not be changed.", {"tag": ["Name the tag."]})
        return self.viewer(request), str(params.get("uuid") or name), tags, is_true(params.get("local"))


class RemoveTag(AttachTag):
    """`tags/removeTagFromObject`."""

    def post(self, request: Request, name: str = "", tag: str = "") -> HttpResponse:
        """A marking stays until another one takes its place. Raises Http404, NotSaved."""
        viewer, name, tags, _local = self._asked(request, name, tag)
        thing = _tagged(name, viewer)
        gone = False
        with told_as("Tag could not be removed."), transaction.atomic():
            for each in tags:
                if isinstance(thing, Own):
                    gone = tagging.detach_from_event(thing, each, viewer=viewer) or gone
                else:
                    gone = tagging.detach(thing.statements, each, viewer=viewer) or gone
        if not gone:
            raise NotSaved("Tag could not be removed.", {"tag": ["It is not attached."]})
        return answer(saved(f"Tag {', '.join(tags)} successfully removed.", asked_of(request).url))


def _tagged(name: str, viewer: Viewer) -> Own | OwnAttribute:
    """The event or the attribute of that uuid. Raises Http404."""
    try:
        return own_event(name, viewer)
    except Http404:
        return own_attribute(name, viewer)[1]
