"""Where two institutions that become one said the same: which statement stands, and under which report (merging.py)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Audience, Contribution, Report
from iocmarket.kernel.marking import FULL, TLP

TITLE_MAX = 200
ADDRESS = ("audience", "tlp", "pap", "anonymous", "circle_id")


def settle_titles(source: Institution, target: Institution) -> None:
    """A title is one institution's once: the source's reports get a number where both have one of the same title.

    A number and not a name, which would tell who wrote what was said anonymously.
    """
    taken = set(Report.objects.filter(institution=target, tlp__lt=TLP.RED).values_list("title", flat=True))
    for report in Report.objects.filter(institution=source, tlp__lt=TLP.RED).order_by("pk"):
        if report.title in taken:
            report.title = _free(report.title, taken)
            report.save(update_fields=["title"])
        taken.add(report.title)


def reunite(source: Institution, target: Institution, moment: datetime) -> dict[str, int]:
    """Settle each value that both speak of outside of reports, so that one statement of theirs is left there.

    In reports and in TLP:RED they cannot meet: a report is one institution's, a statement in TLP:RED one person's.
    """
    spoken_of = _alone(source).values("indicator_id")
    by_value = {said.indicator_id: said for said in _alone(target).filter(indicator_id__in=spoken_of)}
    apart: Report | None = None
    done = {"renewed": 0, "kept_apart": 0}
    for theirs in _alone(source).filter(indicator_id__in=by_value).order_by("pk"):
        ours = by_value[theirs.indicator_id]
        older, fresher = sorted((theirs, ours), key=lambda said: (said.refreshed_at, said.institution_id == target.pk))
        if _address(theirs, source, target) == _address(ours, source, target):
            _renew(fresher, older, moment)
            done["renewed"] += 1
        else:
            apart = apart or _apart(source, target)
            older.report = apart
            older.save(update_fields=["report"])
            done["kept_apart"] += 1
    return done


def _alone(institution: Institution) -> QuerySet[Contribution]:
    return Contribution.unscoped.filter(
        institution=institution, report__isnull=True, withdrawn_at__isnull=True, tlp__lt=TLP.RED
    )


def _renew(fresher: Contribution, older: Contribution, moment: datetime) -> None:
    """The fresher one stands, over the time of both."""
    fresher.first_seen = min(fresher.first_seen, older.first_seen)
    fresher.last_seen = max(fresher.last_seen, older.last_seen)
    fresher.save(update_fields=["first_seen", "last_seen"])
    older.withdrawn_at = moment
    older.save(update_fields=["withdrawn_at"])


def _address(said: Contribution, source: Institution, target: Institution) -> tuple[object, ...]:
    """To whom it is told once the two are one."""
    to = frozenset(target.pk if pk == source.pk else pk for pk in said.recipients)
    return (*(getattr(said, name) for name in ADDRESS), to - {target.pk})


def _apart(source: Institution, target: Institution) -> Report:
    """The report that holds what was said twice to different readers: for the institution itself alone."""
    taken = set(Report.objects.filter(institution__in=[source, target]).values_list("title", flat=True))
    title = f"{source.name}"[:TITLE_MAX]
    return Report.objects.create(
        institution=target,
        title=_free(title, taken) if title in taken else title,
        tlp=FULL.tlp,
        pap=FULL.pap,
        audience=Audience.OWN,
    )


def _free(title: str, taken: set[str]) -> str:
    number = 2
    while (found := f"{title[: TITLE_MAX - 6]} ({number})") in taken:
        number += 1
    return found
