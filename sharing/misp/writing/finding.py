"""What of the own institution a client names: by what it called it itself, else by the names that views gave.

Whatever else bears a name, another institution's or none, is absent: the same answer, found by the same statements.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404

from iocmarket.accounts.viewer import Viewer
from iocmarket.indicators.models import Contribution, Report
from iocmarket.kernel.marking import TLP
from iocmarket.publication.access import views_of
from sharing.misp.models import NUMBER_MAX, Attribute, Event
from sharing.misp.writing.changing import OwnAttribute
from sharing.misp.writing.events import Own
from sharing.misp.writing.models import WrittenAttribute, WrittenEvent

_NUMBER = re.compile(r"\d{1,10}", re.ASCII)


def own_event(key: object, viewer: Viewer) -> Own:
    """An event of the own institution that is a report. Raises Http404."""
    named = _named(key)
    written = WrittenEvent.objects.filter(named, institution_id=viewer.institution_id)
    found = written.select_related("report__circle").first()
    told = Event.objects.filter(named, view__in=views_of(viewer), report__institution_id=viewer.institution_id)
    event = told.select_related("report__circle").first()
    if found is not None:
        return _seen(Own(found.report, found), viewer)
    if event is None or event.report is None:
        raise Http404
    name = WrittenEvent.objects.filter(institution_id=viewer.institution_id, report=event.report).first()
    return _seen(Own(event.report, name), viewer)


def own_attribute(key: object, viewer: Viewer) -> tuple[Own, OwnAttribute]:
    """An attribute of the own institution with its event. Raises Http404, also for one that stands in no report."""
    named = _named(key)
    own = WrittenAttribute.objects.filter(institution_id=viewer.institution_id)
    written = own.filter(named).first()
    told = Attribute.objects.filter(
        named, view__in=views_of(viewer), contribution__institution_id=viewer.institution_id
    ).values_list("contribution_id", flat=True)
    told_as = told.first()
    if written is not None and written.uuid == written.sent:
        pks = list(own.filter(sent=written.sent).order_by("pk").values_list("contribution_id", flat=True))
        return _attribute(pks, written.sent, viewer)
    if written is not None:
        return _attribute([written.contribution_id], None, viewer)
    if told_as is None:
        raise Http404
    return _attribute([told_as], None, viewer)


def own_object(key: object, viewer: Viewer) -> tuple[Own, list[OwnAttribute]]:
    """The attributes of an object that the own institution wrote. Raises Http404."""
    try:
        number = UUID(str(key))
    except ValueError as error:
        raise Http404 from error
    rows = WrittenAttribute.objects.filter(institution_id=viewer.institution_id, object_uuid=number)
    uuids = list(dict.fromkeys(rows.order_by("pk").values_list("sent", flat=True)))
    found = [own_attribute(uuid, viewer) for uuid in uuids]
    if not found:
        raise Http404
    return found[0][0], [attribute for _own, attribute in found]


def is_object(key: object) -> bool:
    """Whether something may be the uuid of an object, which has no number here."""
    return not _NUMBER.fullmatch(str(key))


def _attribute(pks: list[int], uuid: UUID | None, viewer: Viewer) -> tuple[Own, OwnAttribute]:
    rows = Contribution.objects.own_of(viewer).filter(pk__in=pks, report__isnull=False)
    held = {row.pk: row for row in rows.select_related("indicator", "circle", "report__circle")}
    statements = tuple(held[pk] for pk in pks if pk in held)
    if not statements or statements[0].report is None:
        raise Http404
    report = statements[0].report
    name = WrittenEvent.objects.filter(institution_id=viewer.institution_id, report=report).first()
    return Own(report, name), OwnAttribute(statements, uuid)


def _seen(own: Own, viewer: Viewer) -> Own:
    """What the exit in use may not carry is absent, though it is the own institution's."""
    report: Report = own.report
    if report.tlp == TLP.RED or report.tlp > viewer.ceiling.tlp or report.pap > viewer.ceiling.pap:
        raise Http404
    return own


def _named(key: object) -> Q:
    """Rows of that number or uuid. Raises Http404 for what is neither."""
    text: Any = str(key).strip()
    if _NUMBER.fullmatch(text):
        if int(text) > NUMBER_MAX:
            raise Http404
        return Q(number=int(text))
    try:
        return Q(uuid=UUID(text))
    except ValueError as error:
        raise Http404 from error
