"""The shapes of the API of circles, for the OpenAPI document, and the documents that have these shapes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from iocmarket.accounts import circle_invitations as invitations
from iocmarket.accounts import circles
from iocmarket.accounts.models import Circle, CircleInvitation, CircleMembership, Institution
from iocmarket.api.shapes import Shape
from iocmarket.kernel.clock import stamp


class PartySchema(serializers.Serializer[None]):
    """An institution, by id and name."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class CircleMemberSchema(PartySchema):
    """An institution of a circle."""

    since = serializers.DateTimeField()
    manages = serializers.BooleanField(help_text="Whether it invites and removes others.")


class CircleAskedSchema(serializers.Serializer[None]):
    """An institution that has not answered yet."""

    id = serializers.UUIDField(help_text="Of the invitation.")
    institution = PartySchema()
    invited = serializers.DateTimeField()
    expires = serializers.DateTimeField()


class CircleSchema(serializers.Serializer[None]):
    """A circle that your institution is in."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    manages = serializers.BooleanField(help_text="Whether your institution manages it.")
    members = CircleMemberSchema(many=True)
    invitations = CircleAskedSchema(many=True)


class CircleInvitationSchema(serializers.Serializer[None]):
    """A circle that your institution is asked into."""

    id = serializers.UUIDField(help_text="Of the invitation.")
    circle = serializers.CharField(help_text="Name of the circle.")
    invited_by = PartySchema()
    members = PartySchema(many=True)
    invited = serializers.DateTimeField()
    expires = serializers.DateTimeField()


class CirclesSchema(serializers.Serializer[None]):
    """The own circles, and the questions that wait for an answer."""

    circles = CircleSchema(many=True)
    invitations = CircleInvitationSchema(many=True)


class CircleBody(Shape):
    """A name."""

    name = serializers.CharField(max_length=circles.NAME_MAX)


class InviteBody(Shape):
    """Whom to ask."""

    institution = serializers.CharField(help_text="Name or id of an approved member institution.")


class AnswerBody(Shape):
    """Yes or no."""

    accept = serializers.BooleanField()


class ManagesBody(Shape):
    """Whether it manages the circle."""

    manages = serializers.BooleanField()


class TakenBackSchema(serializers.Serializer[None]):
    """What became of statements."""

    taken_back = serializers.IntegerField(help_text="Statements that were made in the circle and stand no longer.")


def circle_document(circle: Circle, own: Institution) -> dict[str, Any]:
    """A circle as one of its institutions reads it."""
    members = circles.members_of(circle)
    managing = circles.managing_among(members)
    return {
        "id": str(circle.public_id),
        "name": circle.name,
        "manages": own.pk in managing,
        "members": [_member(each, manages=each.institution_id in managing) for each in members],
        "invitations": [_asked(each) for each in invitations.invitations_into(circle)],
    }


def invitation_document(asked: CircleInvitation) -> dict[str, Any]:
    """An invitation as the one who is invited reads it."""
    return {
        "id": str(asked.public_id),
        "circle": asked.circle.name,
        "invited_by": _party(asked.invited_by),
        "members": [_party(each.institution) for each in circles.members_of(asked.circle)],
        "invited": stamp(asked.created_at),
        "expires": stamp(asked.expires_at),
    }


def _member(each: CircleMembership, *, manages: bool) -> dict[str, Any]:
    return {**_party(each.institution), "since": stamp(each.joined_at), "manages": manages}


def _asked(each: CircleInvitation) -> dict[str, Any]:
    return {
        "id": str(each.public_id),
        "institution": _party(each.institution),
        "invited": stamp(each.created_at),
        "expires": stamp(each.expires_at),
    }


def _party(institution: Institution) -> dict[str, str]:
    return {"id": str(institution.public_id), "name": institution.name}
