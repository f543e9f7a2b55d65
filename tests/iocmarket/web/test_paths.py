"""Paths are found by their first word, and are the same that Django would find by comparing all."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import Resolver404, URLPattern, get_resolver, include, path, re_path, resolve

from iocmarket.urls import by_first_word
from iocmarket.web.views import page_not_found


def _patterns_met(asked: str) -> int:
    try:
        resolve(asked)
    except Resolver404 as error:
        return sum(len(tried) for tried in error.args[0]["tried"])
    raise AssertionError("the path was to lead nowhere")


def test_a_path_is_compared_with_those_that_begin_like_it() -> None:
    every = sum(1 for _name in get_resolver().reverse_dict)
    assert every > 200
    assert _patterns_met("/feeds/one/too/many") < 40


def test_patterns_of_one_word_keep_their_order() -> None:
    first, other, second = (path(route, page_not_found) for route in ("a/<str:x>", "b", "a/b"))
    assert by_first_word([first, other, second]) == {"a": [first, second], "b": [other]}


def test_the_first_word_of_an_expression_counts_too() -> None:
    each = re_path("^a/.+/$", page_not_found)
    assert by_first_word([each]) == {"a": [each]}


@pytest.mark.parametrize(
    "open_to_all", [path("<str:x>", page_not_found), re_path("^a./b", page_not_found), path("", include([]))]
)
def test_a_path_that_may_begin_with_any_word_is_a_mistake(open_to_all: URLPattern) -> None:
    with pytest.raises(ImproperlyConfigured):
        by_first_word([path("a", page_not_found), open_to_all])
