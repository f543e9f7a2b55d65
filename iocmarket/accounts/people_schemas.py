"""The shapes of the API of people: bodies are read with them, and the OpenAPI document is made of them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from iocmarket.accounts.models import Institution, Invitation, Member
from iocmarket.accounts.roles import Role
from iocmarket.api.shapes import Shape

LANGUAGES = ["fr", "en"]


class PersonSchema(serializers.Serializer[Member]):
    """Somebody of the own institution."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(Role.choices)
    administrator = serializers.BooleanField(source="is_administrator")
    since = serializers.DateTimeField(source="date_joined")


class PeopleSchema(serializers.Serializer[Any]):
    """Who is in, managers first."""

    members = PersonSchema(many=True)


class InvitationSchema(serializers.Serializer[Invitation]):
    """One open invitation. Its link is in the letter and nowhere else."""

    id = serializers.UUIDField(source="public_id")
    email = serializers.EmailField()
    role = serializers.ChoiceField(Role.choices)
    created = serializers.DateTimeField(source="created_at")
    expires = serializers.DateTimeField(source="expires_at")


class InvitationsSchema(serializers.Serializer[Any]):
    """The newest first."""

    invitations = InvitationSchema(many=True)


class OwnInstitutionSchema(serializers.Serializer[Institution]):
    """The own institution, and what it has to confirm until when."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    state = serializers.CharField()
    contact_email = serializers.EmailField(allow_blank=True)
    confirmed = serializers.DateTimeField(source="confirmed_at", allow_null=True)
    confirm_by = serializers.DateTimeField(allow_null=True)
    read_only_since = serializers.DateTimeField(allow_null=True)
    suspended_by = serializers.DateTimeField(allow_null=True)


class ListedInstitutionSchema(serializers.Serializer[Institution]):
    """An institution as every member sees it."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    members = serializers.IntegerField(source="heads")
    contact_email = serializers.EmailField(allow_blank=True)
    since = serializers.DateTimeField(source="approved_at", allow_null=True)


class InstitutionsSchema(serializers.Serializer[Any]):
    """By name."""

    institutions = ListedInstitutionSchema(many=True)


class RoleBody(Shape):
    """A role to give."""

    role = serializers.ChoiceField(Role.choices)


class InvitationBody(Shape):
    """Whom to invite."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(Role.choices)
    language = serializers.ChoiceField(LANGUAGES, required=False, help_text="Of the letter; French by default.")


class ConfirmationBody(Shape):
    """The contact address that is right from now on."""

    contact_email = serializers.EmailField(max_length=254)
