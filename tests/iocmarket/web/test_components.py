"""The components: what each says, and that none of them can be made to say more."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django import forms
from django.template import Context, Template
from django.utils import translation

from iocmarket.kernel.marking import PAP, TLP
from iocmarket.web import charts
from iocmarket.web.navigation import links
from iocmarket.web.templatetags.ioc import initials

PUBLIC_ID = UUID("11111111-1111-8111-8111-111111111111")


def draw(source: str, **context: object) -> str:
    with translation.override("en"):
        return Template("{% load ioc %}" + source).render(Context(context))


def test_a_marking_is_text_on_black_for_every_level() -> None:
    html = draw("{% for x in tlps %}{% marking x %}{% endfor %}{% for x in paps %}{% marking pap=x %}{% endfor %}",
                tlps=list(TLP), paps=list(PAP))  # fmt: skip
    assert 'data-level="amber-strict">TLP:AMBER+STRICT<' in html
    assert html.count("TLP:") == len(TLP)
    assert html.count("PAP:") == len(PAP)


def test_a_marking_given_as_stored_integer_is_the_same() -> None:
    assert draw("{% marking 2 1 %}") == draw("{% marking t p %}", t=TLP.AMBER, p=PAP.GREEN)


def test_the_choice_of_a_marking_says_each_consequence_and_stops_at_its_top() -> None:
    html = draw('{% marking_choice "tlp" 2 top=3 %}')
    assert 'value="amber" checked' in html
    assert 'value="red"' not in html
    assert html.count("checked") == 1
    assert html.count("data-consequence") == len(TLP) - 1


@pytest.mark.parametrize("level", list(TLP))
def test_each_chosen_level_can_be_read_back(level: TLP) -> None:
    assert f'value="{level.slug}" checked' in draw('{% marking_choice "tlp" chosen %}', chosen=level.label)
    assert TLP.parse(level.slug) is level


def test_a_value_is_defanged_copied_and_linked_to_its_own_page_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(links._names, "indicator", "application-decide")
    html = draw("{% value_chip 'gone' value public_id %}", value="http://evil.top/x", public_id=PUBLIC_ID)
    assert f'href="/members/applications/{PUBLIC_ID}"' in html
    assert html.count("href=") == html.count(f"{PUBLIC_ID}") + html.count("icons.svg#")
    assert 'data-copy="http://evil.top/x"' in html
    assert ">http://" not in html


def test_a_hostile_value_stays_inside_its_attribute() -> None:
    html = draw("{% value_chip 'gone' value %}", value='"><script>alert(1)</script>')
    assert "<script" not in html
    assert 'data-copy="&quot;&gt;&lt;script&gt;' in html


def test_the_hero_is_the_heading_of_its_page_and_no_link() -> None:
    html = draw("{% value_chip 'gone' 'x' public_id hero=True heading='h1' %}", public_id=PUBLIC_ID)
    assert "<h1" in html
    assert "<a " not in html


def test_a_moment_has_utc_as_its_title() -> None:
    when = datetime(2026, 11, 19, 11, 0, tzinfo=UTC)
    html = draw("{% moment when when %}", when=when)
    assert html == '<time datetime="2026-11-19T11:00:00Z" title="2026-11-19 11:00:00 UTC">just now</time>'
    assert draw("{% moment when %}", when=None) == ""


def test_a_state_is_icon_word_and_colour() -> None:
    html = draw('{% state "bad" "Refused" %}')
    assert 'data-state="bad"' in html
    assert "#cross" in html
    assert "Refused" in html
    with pytest.raises(KeyError):
        draw('{% state "pink" "x" %}')


def test_a_score_under_the_threshold_is_marked() -> None:
    assert "data-below" in draw("{% score 52 60 %}")
    assert "data-below" not in draw("{% score 60 60 %}")


def test_the_sum_of_lines_adds_up() -> None:
    html = draw("{% line_account accepted=6 known=2 warned=2 refused=4 %}")
    assert "14 lines read" in html
    assert html.count("<rect") == 4
    assert "style" not in html


def test_empty_parts_of_a_bar_are_left_out() -> None:
    assert [part.state for part in charts.bar([("ok", 3), ("warn", 0), ("bad", 1)])] == ["ok", "bad"]
    assert charts.bar([("ok", 0)]) == []


def test_a_sparkline_needs_two_counts() -> None:
    assert "<svg" in draw('{% spark counts "x" %}', counts=[0, 0, 3])
    assert draw('{% spark counts "x" %}', counts=[1]).strip() == ""
    with pytest.raises(ValueError, match="two counts"):
        charts.spark_line([1])


def test_a_panel_is_named_by_its_heading() -> None:
    html = draw('{% panel "Feeds" id="feeds" %}<p>{{ text }}</p>{% endpanel %}', text="<b>")
    assert 'aria-labelledby="feeds-title"' in html
    assert 'id="feeds-title">Feeds<' in html
    assert "<p>&lt;b&gt;</p>" in html


def test_an_empty_state_teaches() -> None:
    html = draw('{% empty "No token" "Machines need one." sample="curl" url="/x" action="Make one" %}')
    assert all(part in html for part in ("No token", "Machines need one.", "curl", 'href="/x"', "Make one"))


@pytest.mark.parametrize(
    ("person", "letters"),
    [
        ("Claire Aubrac", "CA"),
        ("claire.aubrac@univ.fr", "CA"),
        ("Jean Marie Le Goff", "JG"),
        ("rssi@u.fr", "R"),
        ("", ""),
    ],
)
def test_initials(person: str, letters: str) -> None:
    assert initials(person) == letters


class _Form(forms.Form):
    name = forms.CharField(help_text="As others see it.")
    kind = forms.ChoiceField(choices=[("a", "A")])
    agreed = forms.BooleanField()
    parts = forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple)


def test_fields_tie_label_help_and_error_to_their_control() -> None:
    with translation.override("en"):
        html = str(_Form({}))
    assert '<label class="field-label" for="id_name">' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_error"' in html
    assert html.count("<fieldset") == 1
    assert html.count("This field is required.") == 4


def test_backticks_become_code_and_nothing_else_does() -> None:
    html = draw("{% load ioc %}{{ text|codes }}", text="`<b>` or <i>, `open")
    assert html == "<code>&lt;b&gt;</code> or &lt;i&gt;, <code>open</code>"


def test_a_confidence_is_a_word() -> None:
    words = [draw("{% load ioc %}{{ n|confidence_word }}", n=number) for number in (0, 29, 30, 69, 70, 100)]
    assert words == [*["low confidence"] * 2, *["medium confidence"] * 2, *["high confidence"] * 2]
