"""The components of the design system as template tags: `{% load ioc %}`. Their markup is in templates/components/."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect, Select
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from iocmarket.indicators.threats import ThreatType
from iocmarket.kernel import clock
from iocmarket.kernel.marking import PAP, TLP
from iocmarket.web import charts, defanged, moments
from iocmarket.web.countries import country_name
from iocmarket.web.navigation import links

register = template.Library()

# The bounds of the scale that STIX 2.1 (appendix A) and Elastic give to words.
CONFIDENCE_MEDIUM, CONFIDENCE_HIGH = 30, 70
STATE_ICONS = {"ok": "check", "warn": "warn", "bad": "cross", "known": "again", "idle": "clock", "out": "bin"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """One drawing of static/img/icons.svg. It says nothing to a screen reader: a word stands beside it."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("img/icons.svg"), name)


@register.inclusion_tag("components/marking.html")
def marking(tlp: int | None = None, pap: int | None = None, *, large: bool = False) -> dict[str, object]:
    """TLP and PAP as FIRST draws them: coloured text on black, never colour alone. Either may be left out."""
    chips: list[tuple[str, str]] = []
    if tlp is not None:
        chips.append((TLP(tlp).slug, f"TLP:{TLP(tlp).label}"))
    if pap is not None:
        chips.append((PAP(pap).slug, f"PAP:{PAP(pap).label}"))
    return {"chips": chips, "large": large}


@register.inclusion_tag("components/marking_choice.html")
def marking_choice(
    kind: str, chosen: int | str | None = None, *, name: str = "", top: int | None = None
) -> dict[str, Any]:
    """The choice of a TLP or PAP (`kind`), each level with the sentence that says its consequence.

    `name` is the form field (default: the kind); `top` leaves out the levels above it. The value of a level is its
    slug, which TLP.parse and PAP.parse read.
    """
    levels: type[TLP] | type[PAP] = TLP if kind == "tlp" else PAP
    current = chosen if isinstance(chosen, str) else (levels(chosen).slug if chosen is not None else "")
    offered = [level for level in levels if top is None or level <= top]
    return {"kind": kind, "name": name or kind, "levels": offered, "chosen": current.lower().replace("+", "-")}


@register.inclusion_tag("components/value.html")
def value_chip(
    type_name: str,
    value: str,
    public_id: object = None,
    *,
    label: bool = True,
    short: bool | None = None,
    hero: bool = False,
    heading: str = "",
) -> dict[str, object]:
    """A value: its type, defanged text, a link to its own page only, and a button that copies the real value.

    `short` (default: for hashes) shows two ends; `hero` is the head of the value's own page, `heading` its tag (`h1`).
    """
    shown = defanged.defang(type_name, value)
    if short if short is not None else (_is_one_word(shown) and not hero):
        shown = defanged.shortened(shown)
    return {
        "type_label": defanged.label_of(type_name) if label and not hero else "",
        "text": defanged.as_html(shown),
        "url": links.to("indicator", public_id) if public_id and not hero else None,
        "value": value,
        "modifier": "value--hero" if hero else "value--short" if "…" in shown else "",
        "heading": heading,
    }


def _is_one_word(shown: str) -> bool:
    return shown.isalnum()


@register.inclusion_tag("components/state.html")
def state(kind: str, text: object, icon: str = "") -> dict[str, object]:
    """A state, always as icon, word and colour. Kinds: ok, warn, bad, known, idle, out (KeyError for any other)."""
    return {"kind": kind, "text": text, "icon": icon or STATE_ICONS[kind]}


@register.simple_tag
def moment(when: datetime | None, now: datetime | None = None) -> SafeString | str:
    """A moment in the reader's words, with UTC as its title; nothing for None."""
    if when is None:
        return ""
    text = moments.relative(when, now or clock.now())
    html = '<time datetime="{}" title="{}">{}</time>'
    return format_html(html, moments.machine(when), moments.in_utc(when), text)


@register.inclusion_tag("components/score.html")
def score(number: int, threshold: int | None = None, *, large: bool = False) -> dict[str, object]:
    """A score of 0–100 as number and bar, with the threshold under which nothing is blocked."""
    return {
        "number": number,
        "below": threshold is not None and number < threshold,
        "threshold": threshold,
        "mark": f"{max(threshold - 1, 0)}" if threshold is not None else None,
        "large": large,
    }


@register.inclusion_tag("components/spark.html")
def spark(counts: Sequence[int], label: object) -> dict[str, object]:
    """A sparkline of counts per day; `label` says in words what it shows. Nothing is drawn for fewer than two."""
    return {"points": charts.spark_line(counts) if len(counts) > 1 else "", "label": label}


@register.inclusion_tag("components/account.html")
def line_account(accepted: int, known: int, warned: int, refused: int, left_out: int = 0) -> dict[str, object]:
    """What became of every line: a sum that adds up by construction, and its bar."""
    parts = [("ok", accepted), ("known", known), ("warn", warned), ("bad", refused), ("out", left_out)]
    return {
        "total": sum(count for _state, count in parts),
        "accepted": accepted,
        "known": known,
        "warned": warned,
        "refused": refused,
        "left_out": left_out,
        "segments": charts.bar(parts),
    }


@register.inclusion_tag("components/empty.html")
def empty(title: object, text: object = "", *, sample: str = "", url: str = "", action: object = "") -> dict[str, Any]:
    """An empty state that teaches: what would be here, a sample to paste, and the one thing to do."""
    return {"title": title, "text": text, "sample": sample, "url": url, "action": action}


@register.simple_block_tag
def panel(content: str, title: object, *, id: str, note: object = "", flush: bool = False) -> SafeString:  # noqa: A002
    """A panel with its heading: `{% panel title id="feeds" %} … {% endpanel %}`; `flush` for a table inside."""
    context = {"content": content, "title": title, "id": id, "note": note, "flush": flush}
    return render_to_string("components/panel.html", context)


@register.filter
def initials(person: object) -> str:
    """Two letters for a person: of the first and last word of the name, or of the address before its at sign."""
    words = str(person).split("@", maxsplit=1)[0].replace(".", " ").replace("-", " ").split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@register.filter
def control(field: BoundField) -> SafeString:
    """The widget of a field with the class that our style sheet draws."""
    widget = field.field.widget
    if isinstance(widget, (CheckboxInput, RadioSelect, CheckboxSelectMultiple)):
        name = "choice-native"
    elif isinstance(widget, Select):
        name = ""
    else:
        name = "form-control"
    given = widget.attrs.get("class", "")
    return field.as_widget(attrs={"class": f"{name} {given}".strip()} if name else {})


@register.filter
def widget_kind(field: BoundField) -> str:
    """`tick`, `list`, `select`, `file` or `text`: how the field component lays a field out."""
    widget = field.field.widget
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (CheckboxInput, "tick"),
        ((RadioSelect, CheckboxSelectMultiple), "list"),
        (Select, "select"),
        (FileInput, "file"),
    )
    return next((kind for classes, kind in kinds if isinstance(widget, classes)), "text")


@register.filter
def threat(code: str) -> str:
    """A threat type in the reader's language; the code itself when it is none."""
    return str(ThreatType(code).label) if code in ThreatType.values else code


@register.filter
def country(code: str) -> str:
    """The country of an ISO 3166-1 code, in the reader's language."""
    return country_name(str(code))


@register.filter
def confidence_word(number: int) -> str:
    """A confidence of 0–100 as people say it."""
    if number >= CONFIDENCE_HIGH:
        return gettext("high confidence")
    return gettext("medium confidence") if number >= CONFIDENCE_MEDIUM else gettext("low confidence")


@register.filter
def codes(text: str) -> SafeString:
    """A text of the API's description: what stands between backticks is code."""
    pieces = text.split("`")
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", piece) if index % 2 else piece,) for index, piece in enumerate(pieces)),
    )
