"""Moments as a person reads them: near ones by distance, others by date, in the time zone of the community."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Within this distance a number of hours says more than a clock time.
NEAR = 6 * HOUR


def relative(moment: datetime, now: datetime) -> str:
    """`6 min ago`, `yesterday, 22:40`, `12 Nov., 09:26`, `in 5 h`: the shortest form that leaves no doubt."""
    distance = abs(now - moment)
    if distance < NEAR:
        return _near(distance, past=moment <= now)
    here, today = timezone.localtime(moment), timezone.localtime(now)
    clock = date_format(here, "H:i")
    days = (here.date() - today.date()).days
    named = {-1: _("yesterday, %(clock)s"), 0: _("today, %(clock)s"), 1: _("tomorrow, %(clock)s")}
    if days in named:
        return named[days] % {"clock": clock}
    if here.year == today.year:
        return _("%(date)s, %(clock)s") % {"date": date_format(here, "j N"), "clock": clock}
    return date_format(here, "j N Y")


def _near(distance: timedelta, *, past: bool) -> str:
    if distance < MINUTE:
        return _("just now") if past else _("in a moment")
    if distance < HOUR:
        count, ago, ahead = distance // MINUTE, _("%(count)d min ago"), _("in %(count)d min")
    else:
        count, ago, ahead = distance // HOUR, _("%(count)d h ago"), _("in %(count)d h")
    return (ago if past else ahead) % {"count": count}


def machine(moment: datetime) -> str:
    """The moment for the `datetime` attribute: RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_utc(moment: datetime) -> str:
    """The moment for the title: what a log on a server would say."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(length: timedelta) -> str:
    """A duration in its largest unit: `45 s`, `38 min`, `5 h`, `3 days`."""
    if length < MINUTE:
        return _("%(count)d s") % {"count": length.seconds}
    if length < HOUR:
        return _("%(count)d min") % {"count": length // MINUTE}
    if length < DAY:
        return _("%(count)d h") % {"count": length // HOUR}
    return ngettext("%(count)d day", "%(count)d days", length // DAY) % {"count": length // DAY}
