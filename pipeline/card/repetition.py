"""How captions repeat, computed from how many captions occur n times.

These counts are enough to compute it. They are few for any number of captions,
and counts of several workers add up exactly.
"""

import math
from collections.abc import Mapping, Sequence

from pipeline.card.facts import CaptionFacts, FrequentCaption


def judge_repeats(
    times: Mapping[int, int],
    *,
    distinct_exact: int,
    shared: int,
    repeated_within: int,
    frequent: Sequence[tuple[int, str]],
) -> CaptionFacts:
    """Computes the facts of one split.

    Args:
      times: n -> number of different captions that occur n times.
      distinct_exact: see `CaptionFacts`.
      shared: see `CaptionFacts`.
      repeated_within: see `CaptionFacts`.
      frequent: (count, text) of captions, in any order.
    """
    captions = sum(n * many for n, many in times.items())
    pairs = captions * (captions - 1)
    equal = sum(n * (n - 1) * many for n, many in times.items())
    entropy = math.fsum(
        many * n / captions * math.log(captions / n)
        for n, many in sorted(times.items())
    )
    return CaptionFacts(
        distinct_exact=distinct_exact,
        distinct=sum(times.values()),
        shared=shared,
        mode_share=max(times, default=0) / max(captions, 1),
        collision=equal / pairs if pairs else None,
        entropy=entropy,
        repeated_within=repeated_within,
        frequent=tuple(
            FrequentCaption(text, count)
            for count, text in sorted(frequent, key=lambda e: (-e[0], e[1]))
        ),
    )
