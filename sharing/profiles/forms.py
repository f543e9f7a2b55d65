"""What a person fills in: a saved feed, how it is reached, and the figures of the feed policy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from iocmarket.accounts.models import Token
from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel.marking import FULL, TLP
from sharing.feeds.formats.base import Format, LineFormat
from sharing.feeds.policy import AGE_MAX, CAP_MAX, Policy
from sharing.profiles.services import NOTE_MAX
from sharing.profiles.wording import label_of, value_of

_OWN = "own_"
AGES = [
    ("", _("any age")),
    ("24h", _("one day")),
    ("7d", _("a week")),
    ("30d", _("thirty days")),
    ("90d", _("ninety days")),
]
_LEVELS = [(level.label, f"TLP:{level.label}") for level in TLP if level <= FULL.tlp]
_SLUG = RegexValidator(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z", _("Lower-case letters, digits and hyphens only."))


class ProfileForm(forms.Form):
    """The options of a saved feed; its fields follow from the format."""

    name = forms.CharField(
        label=_("Name"), max_length=50,
        help_text=_("It stands in the address, which never changes: lower-case letters, digits, hyphens."),
        validators=[_SLUG],
    )  # fmt: skip
    note = forms.CharField(
        label=_("Note"), max_length=NOTE_MAX, required=False, help_text=_("For your colleagues: which machine, where.")
    )
    type = forms.MultipleChoiceField(label=_("Only these types"), required=False, widget=forms.CheckboxSelectMultiple)
    threat_type = forms.MultipleChoiceField(
        label=_("Only these threats"), required=False, choices=ThreatType.choices, widget=forms.CheckboxSelectMultiple
    )
    score_min = forms.IntegerField(label=_("Least score"), required=False, min_value=0, max_value=100)
    age = forms.ChoiceField(label=_("Seen within"), required=False, choices=AGES)
    limit = forms.IntegerField(
        label=_("At most so many values"), required=False, min_value=1, max_value=CAP_MAX,
        help_text=_("The highest scores. Some firewalls load only so many."),
    )  # fmt: skip
    tlp_max = forms.ChoiceField(
        label=_("Up to"), required=False,
        choices=[("", _("what the token may read")), *_LEVELS],
    )  # fmt: skip
    BASIC = ("name", "note")

    def __init__(self, *args: Any, fmt: Format, fixed: bool = False, **kwargs: Any) -> None:
        """`fixed`: the name stays as it is."""
        super().__init__(*args, **kwargs)
        self._fmt = fmt
        if fixed:
            del self.fields["name"]
        own = fmt.options if isinstance(fmt, LineFormat) else {}
        types = sorted(fmt.types(), key=lambda kind: str(kind.label).casefold())
        kinds = self.fields["type"]
        if "type" in own or len(types) < 2:
            del self.fields["type"]
        elif isinstance(kinds, forms.MultipleChoiceField):
            kinds.choices = [(kind.name, kind.label) for kind in types]
        for name, permitted in own.items():
            choices = [(value, value_of(value)) for value in permitted]
            self.fields[f"{_OWN}{name}"] = forms.ChoiceField(label=label_of(name), choices=choices, required=False)
        self._keep_age()

    def _keep_age(self) -> None:
        """An age that the API set and no choice offers stays."""
        ages, given = self.fields["age"], str(self.initial.get("age", ""))
        if isinstance(ages, forms.ChoiceField) and given not in {value for value, _label in AGES}:
            ages.choices = [*AGES, (given, given)]

    def basic(self) -> list[forms.BoundField]:
        """What everybody looks at: the name and the format's own options."""
        return [self[name] for name in self.fields if name in self.BASIC or name.startswith(_OWN)]

    def narrowing(self) -> list[forms.BoundField]:
        """What narrows the feed."""
        return [self[name] for name in self.fields if name not in self.BASIC and not name.startswith(_OWN)]

    def is_narrowed(self) -> bool:
        """Whether one of these says something, or is wrong."""
        return any(field.value() or field.errors for field in self.narrowing())

    def options(self) -> dict[str, str]:
        """As services.create_profile takes them: what is the format's default is not said."""
        given, found = self.cleaned_data, {}
        for name in self.fields:
            if name in self.BASIC:
                continue
            value = given.get(name)
            if isinstance(value, list):
                value = ",".join(sorted(value))
            if name.startswith(_OWN) and value == self._fmt.options[name.removeprefix(_OWN)][0]:
                continue
            if value not in {None, ""}:
                found[name.removeprefix(_OWN)] = str(value)
        return found

    @staticmethod
    def initial_of(options: dict[str, str], fmt: Format) -> dict[str, Any]:
        """The inverse."""
        found: dict[str, Any] = {}
        for name, value in options.items():
            if name in fmt.options:
                found[f"{_OWN}{name}"] = value
            elif name in {"type", "threat_type"}:
                found[name] = value.split(",")
            else:
                found[name] = value
        return found


class ReaderForm(forms.Form):
    """With whose eyes a feed is tried."""

    reader = forms.ChoiceField(label=_("As"), required=False)

    def __init__(self, *args: Any, readers: list[Token], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._readers = {str(token.public_id): token for token in readers}
        field = self.fields["reader"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                ("", _("a token with every right")),
                *((key, f"{token.name} (TLP:{token.ceiling.tlp.label})") for key, token in self._readers.items()),
            ]

    def chosen(self) -> Token | None:
        """The chosen token."""
        return self._readers.get(self.cleaned_data.get("reader", ""))


class PolicyForm(forms.Form):
    """The feed policy beside its matrix."""

    score_min = forms.IntegerField(
        label=_("Least score"), required=False, min_value=0, max_value=100,
        help_text=_("In every feed; those that block keep the community’s threshold besides."),
    )  # fmt: skip
    age_days = forms.IntegerField(label=_("Seen within so many days"), required=False, min_value=1, max_value=AGE_MAX)
    cap = forms.IntegerField(
        label=_("At most so many values in a feed"), required=False, min_value=1, max_value=CAP_MAX,
        help_text=_("The highest scores."),
    )  # fmt: skip
    tags = forms.CharField(
        label=_("Leave out what bears one of these tags"), required=False, max_length=6000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}), help_text=_("One a line."),
    )  # fmt: skip

    def closed(self) -> PolicyForm:
        """The same to read only."""
        for field in self.fields.values():
            field.disabled = True
        return self

    @staticmethod
    def initial_of(policy: Policy) -> dict[str, Any]:
        """What stands there now."""
        told = policy.document()
        return {**told, "tags": "\n".join(policy.tags)}

    def document(self) -> dict[str, Any]:
        """As Policy.read takes it, without the matrix."""
        given = self.cleaned_data
        told = {name: given[name] for name in ("score_min", "age_days", "cap")}
        return {**told, "tags": [line.strip() for line in given["tags"].splitlines() if line.strip()]}
