"""The score of an entry as an expression of the database: filters and orders over many entries need it there.

The same closed form as `iocmarket.indicators.scoring.score_at`; a test holds the two equal.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, DateTimeField, DurationField, ExpressionWrapper, F, FloatField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Extract, Greatest, Least

from iocmarket.indicators.types import ioc_types

_DAY = 86400.0


def score_at(moment: datetime) -> Combinable:
    """0–100 on Entry, with its indicator's type in reach; NULL where the entry says nothing (withdrawn, static)."""
    lifetime = Case(
        *(When(indicator__type=kind.name, then=Value(kind.lifetime_days * _DAY)) for kind in ioc_types),
        default=Value(_DAY),
        output_field=FloatField(),
    )
    since = ExpressionWrapper(
        Value(moment, output_field=DateTimeField()) - F("last_seen"), output_field=DurationField()
    )
    age = ExpressionWrapper(Extract(since, "epoch") / lifetime, output_field=FloatField())
    share = Least(Value(1.0), Greatest(Value(0.0), age))
    return ExpressionWrapper(F("base_score") * (Value(1.0) - share * share), output_field=FloatField())
