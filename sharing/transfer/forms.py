"""What a manager fills in for a name server that takes the zone by transfer."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.networks import split_words
from iocmarket.kernel.marking import TLP
from sharing.feeds.formats.base import formats

_TLP = [(str(level.value), f"TLP:{level.label}") for level in sorted(TLP) if level < TLP.RED]
_ACTIONS = {
    "nxdomain": _("the name does not exist (NXDOMAIN)"),
    "nodata": _("the name has no such record (NODATA)"),
    "drop": _("no answer"),
    "tcp-only": _("ask again by TCP"),
    "passthru": _("answer as ever, and log"),
    "walled-garden": _("lead to a machine of yours"),
}


class TransferForm(forms.Form):
    """A new subscriber."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("For example “resolvers of the campus”."))
    action = forms.ChoiceField(label=_("What the resolver answers"), required=False)
    target = forms.CharField(
        label=_("Machine to lead to"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Only for “lead to a machine of yours”: its full name, or its addresses."),
    )
    notify = forms.CharField(
        label=_("Addresses of the name servers"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Those are told of every change at once (NOTIFY); without any they ask every five minutes."),
    )
    tlp_ceiling = forms.TypedChoiceField(
        label=_("Up to which TLP"), choices=_TLP, coerce=int, initial=str(TLP.AMBER_STRICT.value)
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        """The actions are those of the format."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choice = self.fields["action"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(name, _ACTIONS[name]) for name in formats["rpz"].options["action"]]

    def clean_notify(self) -> list[str]:
        """Addresses, separated as people separate them."""
        return split_words(self.cleaned_data["notify"])
