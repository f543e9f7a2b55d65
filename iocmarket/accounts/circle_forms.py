"""What people type on the pages of circles."""

from __future__ import annotations

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.circles import NAME_MAX
from iocmarket.accounts.models import Circle, CircleInvitation, Institution


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
