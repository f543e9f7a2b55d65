"""What an administrator fills in about warning lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from iocmarket.listed.models import OFF, SEVERITIES
from iocmarket.listed.services import REASON_MAX


class ListForm(forms.Form):
    """A list of the community's own."""

    label = forms.CharField(
        label=_("Name of the list"), max_length=200, required=False, help_text=_("Left empty: the name in the file.")
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "A warning list of MISP (JSON), or one value a line; a name that begins with a dot means all names below."
        ),
    )
    severity = forms.ChoiceField(label=_("A hit means"), choices=SEVERITIES, initial="confirm")


class ChoiceForm(forms.Form):
    """What a hit on a list means."""

    list = forms.ChoiceField(label=_("List"))
    severity = forms.ChoiceField(label=_("A hit means"), choices=[*SEVERITIES, (OFF, _("Switched off"))])

    def __init__(self, *arguments: Any, names: Iterable[str], **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.fields["list"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class ExemptionForm(forms.Form):
    """A value for which a list does not count."""

    value = forms.CharField(label=_("Value"), max_length=400)
    list = forms.ChoiceField(label=_("List"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=REASON_MAX, help_text=_("Other administrators read it."))

    def __init__(self, *arguments: Any, names: Iterable[str], **more: Any) -> None:
        super().__init__(*arguments, **more)
        choices = [("", _("Every list")), *((name, name) for name in names)]
        self.fields["list"].choices = choices  # type: ignore[attr-defined]
