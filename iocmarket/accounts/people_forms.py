"""What is typed on the pages of people and institutions."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Institution, Invitation, Member
from iocmarket.accounts.people import roles_given_by
from iocmarket.accounts.roles import Role

REASON_MAX = 2000


class InviteForm(forms.Form):
    """Whom to invite. The roles on offer never lie above the inviter's own."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"))
    language = forms.ChoiceField(label=_("Language of the letter"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(role.value, role.label) for role in roles_given_by(by)]
        field.initial = Role.CONTRIBUTOR.value


class AcceptForm(forms.Form):
    """Name and password of the invited person; the password passes the same rules as everywhere."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=100)
    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label=_("Password again"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._invitation = invitation

    def clean(self) -> dict[str, Any]:
        """Raises nothing: what is wrong stands at its field."""
        told = super().clean() or self.cleaned_data
        password = told.get("password")
        if password and told.get("again") and password != told["again"]:
            self.add_error("again", _("The two passwords are not the same."))
        elif password:
            person = Member(
                email=self._invitation.email, name=told.get("name", ""), institution=self._invitation.institution
            )
            try:
                get_adapter().clean_password(password, user=person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return told


class ConfirmForm(forms.Form):
    """The yearly confirmation."""

    contact_email = forms.EmailField(
        label=_("Contact address of the institution"),
        max_length=254,
        help_text=_("An address of a team rather than of a person: members and administrators write to it."),
    )
    right = forms.BooleanField(label=_("The people, the contact address and the assets on this page are right."))


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=REASON_MAX, widget=forms.Textarea(attrs={"rows": 2}))


WITHDRAW = "withdraw"


class DepartureForm(forms.Form):
    """Leaving the community, and what becomes of what was said. The name is typed: nobody leaves by accident."""

    statements = forms.ChoiceField(
        label=_("What the institution has shared"),
        choices=[
            ("keep", _("stays: the members who read it go on reading it")),
            (WITHDRAW, _("is withdrawn: every reader is told that it no longer stands")),
        ],
        initial="keep",
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=REASON_MAX, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    name = forms.CharField(label=_("Name of the institution, typed to confirm"), max_length=200)

    def __init__(self, *args: Any, institution: Institution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._institution = institution

    def clean_name(self) -> str:
        """Raises ValidationError for another name."""
        typed = " ".join(str(self.cleaned_data["name"]).split())
        if typed.casefold() != self._institution.name.casefold():
            raise forms.ValidationError(_("This is not the name of the institution."), code="name")
        return typed


class MergeForm(forms.Form):
    """Into which institution."""

    target = forms.ModelChoiceField(
        label=_("Merge into"), queryset=Institution.objects.none(), to_field_name="public_id", empty_label=_("Choose…")
    )
    name = forms.CharField(label=_("Name of the institution that ends, typed to confirm"), max_length=200)

    def __init__(self, *args: Any, institution: Institution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._institution = institution
        field = self.fields["target"]
        if isinstance(field, forms.ModelChoiceField):
            open_ones = Institution.objects.filter(state=Institution.State.APPROVED, kind=Institution.Kind.MEMBER)
            field.queryset = open_ones.exclude(pk=institution.pk).order_by("name")

    clean_name = DepartureForm.clean_name
