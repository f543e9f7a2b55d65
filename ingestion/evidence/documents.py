"""What the API says of cases and archives, and the shapes of what it is sent."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ingestion.evidence.hits import Shown
from ingestion.evidence.models import Archive, Case, CustodyEntry, Guest
from iocmarket.api.shapes import Shape
from iocmarket.kernel import clock
from iocmarket.kernel.marking import TLP

TLPS = [level.label for level in sorted(TLP) if level < TLP.RED]
ARTEFACTS = 1000
"""Artefacts that an answer lists."""


class CaseRequestSchema(Shape):
    """A new case."""

    title = serializers.CharField(max_length=200)
    tlp = serializers.ChoiceField(TLPS, required=False)


class GuestRequestSchema(Shape):
    """Who may read a case."""

    member = serializers.CharField(max_length=254, help_text="The address of a member of another institution.")


class GuestSchema(serializers.Serializer[None]):
    """A guest."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    institution = serializers.CharField()
    invited_at = serializers.DateTimeField()


class CustodySchema(serializers.Serializer[None]):
    """A line of the chain of custody."""

    position = serializers.IntegerField()
    at = serializers.DateTimeField()
    act = serializers.ChoiceField(CustodyEntry.Act.values)
    archive = serializers.UUIDField(allow_null=True)
    sha256 = serializers.CharField()
    details = serializers.DictField()
    digest = serializers.CharField(help_text="SHA-256 over this line and the digest before it.")


class ArtefactSchema(serializers.Serializer[None]):
    """What became of one artefact."""

    path = serializers.CharField()
    size = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField()
    parser = serializers.CharField()
    state = serializers.CharField()
    records = serializers.IntegerField()
    errors = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]
    error_count = serializers.IntegerField()


class ArchiveSchema(serializers.Serializer[None]):
    """An archive, without its artefacts."""

    id = serializers.UUIDField()
    case = serializers.UUIDField()
    filename = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField(allow_null=True, help_text="null until an upload in pieces was put together.")
    received_at = serializers.DateTimeField()
    stored_as_received = serializers.BooleanField(allow_null=True, help_text="null until the original is stored.")
    state = serializers.ChoiceField(Archive.State.values)
    failure = serializers.CharField()
    host = serializers.CharField()
    os = serializers.CharField()
    layout = serializers.CharField()
    collected_at = serializers.DateTimeField(allow_null=True)
    records = serializers.IntegerField()


class OneArchiveSchema(ArchiveSchema):
    """An archive with what became of each artefact: the first thousand, those with errors first."""

    artefacts = ArtefactSchema(many=True)
    artefact_count = serializers.IntegerField()


class PlaceSchema(serializers.Serializer[None]):
    """A record that holds an indicator."""

    dataset = serializers.CharField()
    id = serializers.CharField(help_text="event.id of the record.")
    at = serializers.CharField(help_text="Its instant; empty for a record without one.")
    field = serializers.CharField()
    path = serializers.CharField(help_text="The artefact.")
    record = serializers.CharField(help_text="Where in it the record lies.")


class HitSchema(serializers.Serializer[None]):
    """An indicator that the records of an archive hold."""

    indicator = serializers.UUIDField()
    type = serializers.CharField()
    value = serializers.CharField()
    tlp = serializers.CharField()
    pap = serializers.CharField()
    count = serializers.IntegerField(help_text="Records that hold it, all of them.")
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    late = serializers.BooleanField(help_text="It became known after the archive had been processed.")
    found_at = serializers.DateTimeField()
    places = PlaceSchema(many=True)


class HitsSchema(serializers.Serializer[None]):
    """Hits, the newest first: those of indicators that you may see yourself."""

    hits = HitSchema(many=True)
    analysed_at = serializers.DateTimeField(allow_null=True, help_text="null until the records were looked through.")


class CaseSchema(serializers.Serializer[None]):
    """A case."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    tlp = serializers.ChoiceField(TLPS)
    institution = serializers.CharField()
    created_at = serializers.DateTimeField()


class CasesSchema(serializers.Serializer[None]):
    """Cases, the newest first."""

    cases = CaseSchema(many=True)


class OneCaseSchema(CaseSchema):
    """A case with all of it."""

    archives = ArchiveSchema(many=True)
    guests = GuestSchema(many=True)
    custody = CustodySchema(many=True)


class UploadSchema(serializers.Serializer[None]):
    """How far an upload came."""

    id = serializers.UUIDField()
    case = serializers.UUIDField()
    filename = serializers.CharField()
    size = serializers.IntegerField(allow_null=True)
    offset = serializers.IntegerField()
    expires_at = serializers.DateTimeField()
    archive = serializers.UUIDField(allow_null=True)


def case_document(case: Case) -> dict[str, Any]:
    """As CaseSchema says."""
    return {
        "id": str(case.public_id),
        "title": case.title,
        "tlp": TLP(case.tlp).label,
        "institution": case.institution.name,
        "created_at": clock.stamp(case.created_at),
    }


def one_case_document(case: Case) -> dict[str, Any]:
    """As OneCaseSchema says."""
    guests = case.guests.select_related("member__institution").order_by("pk")
    return {
        **case_document(case),
        "archives": [archive_document(each) for each in case.archives.select_related("case").order_by("-pk")],
        "guests": [guest_document(each) for each in guests],
        "custody": [custody_document(each) for each in case.custody.select_related("archive").order_by("position")],
    }


def guest_document(guest: Guest) -> dict[str, Any]:
    """As GuestSchema says."""
    home = guest.member.institution
    return {
        "id": str(guest.public_id),
        "name": str(guest.member),
        "institution": home.name if home else "",
        "invited_at": clock.stamp(guest.invited_at),
    }


def custody_document(line: CustodyEntry) -> dict[str, Any]:
    """As CustodySchema says. Who it was stands in the record of acts, for whoever may read that."""
    return {
        "position": line.position,
        "at": clock.stamp(line.at),
        "act": line.act,
        "archive": str(line.archive.public_id) if line.archive else None,
        "sha256": line.sha256,
        "details": {name: said for name, said in line.details.items() if name != "guest"},
        "digest": line.digest,
    }


def archive_document(archive: Archive) -> dict[str, Any]:
    """As ArchiveSchema says."""
    return {
        "id": str(archive.public_id),
        "case": str(archive.case.public_id),
        "filename": archive.filename,
        "size": archive.size,
        "sha256": archive.sha256 or None,
        "received_at": clock.stamp(archive.received_at),
        "stored_as_received": not archive.wrapped if archive.sealed_at else None,
        "state": archive.state,
        "failure": archive.failure,
        "host": archive.host,
        "os": archive.os,
        "layout": archive.layout,
        "collected_at": clock.stamp(archive.collected_at) if archive.collected_at else None,
        "records": archive.records,
    }


def one_archive_document(archive: Archive) -> dict[str, Any]:
    """As OneArchiveSchema says."""
    columns = ("path", "size", "sha256", "parser", "state", "records", "errors", "error_count")
    found = archive.artefacts.order_by("-error_count", "number").values(*columns)
    return {
        **archive_document(archive),
        "artefacts": list(found[:ARTEFACTS]),
        "artefact_count": archive.artefacts.count(),
    }


def hits_document(archive: Archive, hits: list[Shown]) -> dict[str, Any]:
    """As HitsSchema says."""
    return {
        "hits": [_hit(each) for each in hits],
        "analysed_at": clock.stamp(archive.analysed_at) if archive.analysed_at else None,
    }


def _hit(shown: Shown) -> dict[str, Any]:
    hit = shown.hit
    return {
        "indicator": str(hit.indicator.public_id),
        "type": hit.indicator.type,
        "value": hit.indicator.value,
        "tlp": shown.marking.tlp.label,
        "pap": shown.marking.pap.label,
        "count": hit.count,
        "first_at": clock.stamp(hit.first_at) if hit.first_at else None,
        "last_at": clock.stamp(hit.last_at) if hit.last_at else None,
        "late": hit.late,
        "found_at": clock.stamp(hit.found_at),
        "places": hit.places,
    }
