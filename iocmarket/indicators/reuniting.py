"""Where two institutions that become one said the same: which statement stands, and under which report (merging.py)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from iocmarket.accounts.models import Institution
from iocmarket.indicators.models import Audience, Contribution, Report, Settlement
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


def reunite(
    source: Institution, target: Institution, rows: Iterable[Contribution], *, settlement: Settlement, moment: datetime
) -> list[Contribution]:
    """Settle each value that both speak of in the same place, so that one statement of theirs is left there.

    `rows` are the source's that are about to become the target's. Returns the target's that they met. In a report they
    meet where the target has joined the source's report already. What is told in TLP:RED is one person's: it does not
    meet.
    """
    theirs = {_place(said): said for said in _standing(source, [row.indicator_id for row in rows])}
    ours = {_place(said): said for said in _standing(target, [said.indicator_id for said in theirs.values()])}
    renewed: list[tuple[Contribution, Contribution]] = []
    apart: list[Contribution] = []
    for place in sorted(theirs.keys() & ours.keys(), key=str):
        pair = (theirs[place], ours[place])
        older, fresher = sorted(pair, key=lambda said: (said.refreshed_at, said.institution_id == target.pk))
        if _address(pair[0], source, target) == _address(pair[1], source, target):
            renewed.append((fresher, older))
        else:
            older.report_id = _apart(source, target, place[1], settlement)
            apart.append(older)
    _renew(renewed, moment)
    Contribution.unscoped.bulk_update(apart, ["report"], batch_size=500)
    for name, count in (("renewed", len(renewed)), ("kept_apart", len(apart))):
        settlement.counts[name] = settlement.counts.get(name, 0) + count
    return [ours[place] for place in theirs.keys() & ours.keys()]


def _standing(institution: Institution, indicator_ids: Iterable[int]) -> QuerySet[Contribution]:
    return Contribution.unscoped.filter(
        institution=institution, indicator__in=set(indicator_ids), withdrawn_at__isnull=True, tlp__lt=TLP.RED
    )


def _place(said: Contribution) -> tuple[int, int | None]:
    return said.indicator_id, said.report_id


def _renew(pairs: list[tuple[Contribution, Contribution]], moment: datetime) -> None:
    """The fresher ones stand, over the time of both."""
    for fresher, older in pairs:
        fresher.first_seen = min(fresher.first_seen, older.first_seen)
        fresher.last_seen = max(fresher.last_seen, older.last_seen)
    standing = [fresher for fresher, _older in pairs]
    Contribution.unscoped.bulk_update(standing, ["first_seen", "last_seen"], batch_size=500)
    Contribution.unscoped.filter(pk__in=[older.pk for _fresher, older in pairs]).update(withdrawn_at=moment)


def _address(said: Contribution, source: Institution, target: Institution) -> tuple[object, ...]:
    """To whom it is told once the two are one."""
    to = frozenset(target.pk if pk == source.pk else pk for pk in said.recipients)
    return (*(getattr(said, name) for name in ADDRESS), to - {target.pk})


def _apart(source: Institution, target: Institution, report_id: int | None, settlement: Settlement) -> int:
    """The report that holds what was said twice to different readers: for the institution itself alone.

    One for each report in which they met: a value is in it once.
    """
    key = str(report_id or "")
    if key not in settlement.apart:
        taken = set(Report.objects.filter(institution__in=[source, target]).values_list("title", flat=True))
        title = f"{source.name}"[:TITLE_MAX]
        settlement.apart[key] = Report.objects.create(
            institution=target,
            title=_free(title, taken) if title in taken else title,
            tlp=FULL.tlp,
            pap=FULL.pap,
            audience=Audience.OWN,
        ).pk
    return int(settlement.apart[key])


def _free(title: str, taken: set[str]) -> str:
    number = 2
    while (found := f"{title[: TITLE_MAX - 6]} ({number})") in taken:
        number += 1
    return found
