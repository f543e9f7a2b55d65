"""Why an act is refused, as people read it: one sentence for each code, whoever refuses and wherever it is shown.

Services refuse with a code and an English sentence for programs; each app tells the sentences of its codes when it is
ready. What two sentences would be needed for is two codes.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise

from iocmarket.kernel.decision import Refusal

_SENTENCES: dict[str, Promise] = {}


def tell(sentences: Mapping[str, Promise]) -> None:
    """Add an app's sentences. Raises ValueError for a code that has another one already."""
    for code, sentence in sentences.items():
        if _SENTENCES.setdefault(code, sentence) is not sentence:
            raise ValueError(f"the code {code!r} has a sentence already: it means one thing, or is two codes")


def sentence_of(refusal: Refusal) -> str:
    """The sentence in the reader's language; the service's own English one where nobody has told any."""
    return str(_SENTENCES.get(refusal.code, refusal.detail))
