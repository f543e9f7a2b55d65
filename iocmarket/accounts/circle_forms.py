"""What people type on the pages of circles, and why an act is refused, as they read it."""

from __future__ import annotations

from django import forms
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.circles import NAME_MAX
from iocmarket.accounts.models import Circle, CircleInvitation, Institution

REASONS: dict[str, Promise] = {
    "circle_exists": _("Your institution is already in a circle with this name."),
    "circle_name": _("A circle has a readable name of at most 120 characters."),
    "circle_not_alone": _("A circle is renamed only while nobody else is in it or invited."),
    "in_circle_already": _("This institution is already in the circle."),
    "institution_read_only": _("Your institution may only read until it confirms its contacts and assets."),
    "invitation_over": _("The invitation was withdrawn or has expired."),
    "last_manager": _("Nobody else manages the circle: appoint another institution first."),
    "manages_too": _("This institution manages the circle too: only it can leave by itself."),
    "not_approved": _("Your institution is no approved member of the community."),
    "not_circle_manager": _("Another institution manages this circle."),
    "not_in_circle": _("This institution is not in the circle."),
    "unknown_recipient": _("This is not a member institution."),
}


class CircleForm(forms.Form):
    """The name of a circle, new or another one."""

    name = forms.CharField(
        label=_("Name of the circle"),
        max_length=NAME_MAX,
        help_text=_("Those whom you invite read it; nobody else does."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class InviteForm(forms.Form):
    """Which institution is asked."""

    institution = forms.ModelChoiceField(
        label=_("Institution"), queryset=Institution.objects.none(), to_field_name="public_id", empty_label=_("Choose…")
    )

    def __init__(self, *args: object, circle: Circle, **kwargs: object) -> None:
        """Every approved member that is neither in the circle nor asked already."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["institution"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = invitable(circle)


def invitable(circle: Circle) -> QuerySet[Institution]:
    """The institutions that may be asked into a circle, by name."""
    members = Institution.objects.filter(state=Institution.State.APPROVED, kind=Institution.Kind.MEMBER)
    asked = CircleInvitation.objects.filter(circle=circle).values("institution")
    return members.exclude(circles=circle).exclude(pk__in=asked).order_by("name")
