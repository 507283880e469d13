"""A diagnosis in plain words, for the terminal."""

import os
from collections.abc import Iterator

from trainer.diagnosis.doctor import Diagnosis, Named


def terminal(diagnosis: Diagnosis, page: str | None) -> str:
    """Formats the verdict, the causes with evidence and cure, and the page.

    Args:
      diagnosis: what to tell.
      page: path of what was written; None for nothing.
    """
    parts = [diagnosis.headline]
    for number, named in enumerate(diagnosis.named, start=1):
        parts += ["", *_cause(number, named)]
    if diagnosis.missing:
        parts += [
            "",
            f"It cannot tell without: {'; '.join(diagnosis.missing)}.",
        ]
    if page:
        place = page if "://" in page else os.path.abspath(page)
        parts += ["", f"Page: {place}"]
    return "\n".join(parts)


def _cause(number: int, named: Named) -> Iterator[str]:
    opinion, cause = named.opinion, named.cause
    dose = f", {opinion.dose}" if opinion.dose else ""
    strength = f"{named.strength:.0%}{dose}"
    yield f"{number}. {cause.slug} ({strength}): {cause.meaning}"
    if named.follows:
        yield f"   follows from {named.follows}"
    for text in opinion.speaks_for:
        yield f"   for:      {text}"
    for text in opinion.speaks_against:
        yield f"   against:  {text}"
    yield f"   refuted if {cause.refute}"
    for line in opinion.cure:
        yield f"   do:       {line}"
