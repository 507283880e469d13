"""A diagnosis in plain words, for the terminal."""

import os
from collections.abc import Iterator, Sequence

from trainer.diagnosis.comparison import Comparison
from trainer.diagnosis.doctor import Diagnosis, Named
from trainer.diagnosis.treatment import Treatment


def terminal(
    diagnosis: Diagnosis, page: str | None, told: Sequence[str] = ()
) -> str:
    """Formats the verdict, the causes with evidence and cure, and the page.

    Args:
      diagnosis: what to tell.
      page: path of what was written; None for nothing.
      told: lines about a treatment.
    """
    parts = [diagnosis.headline]
    for number, named in enumerate(diagnosis.named, start=1):
        parts += ["", *_cause(number, named)]
    if diagnosis.missing:
        parts += [
            "",
            f"It cannot tell without: {'; '.join(diagnosis.missing)}.",
        ]
    if told:
        parts += ["", *told]
    if page:
        place = page if "://" in page else os.path.abspath(page)
        parts += ["", f"Page: {place}"]
    return "\n".join(parts)


def _cause(number: int, named: Named) -> Iterator[str]:
    opinion, cause = named.opinion, named.cause
    dose = f", {opinion.dose}" if opinion.dose else ""
    strength = f"strength {named.strength:.0%}{dose}"
    yield f"{number}. {cause.slug} ({strength}): {cause.meaning}"
    if named.follows:
        yield f"   follows from {named.follows}"
    for text in opinion.speaks_for:
        yield f"   for:      {text}"
    for text in opinion.speaks_against:
        yield f"   against:  {text}"
    yield f"   refuted if {cause.refute}"
    for line in opinion.lines:
        yield f"   do:       {line}"


def cured(treatment: Treatment, compared: Comparison | None) -> list[str]:
    """Formats what a treatment changed, or why there was none.

    Args:
      treatment: what was to be done.
      compared: its outcome; None if nothing of it could be done.
    """
    left = [f"   left to you: {line}" for line in treatment.left]
    if not compared:
        why = "what is advised needs your hands" if left else "nothing to cure"
        return [f"Not treated: {why}.", *left]
    width = max(len(label) for label, _, _ in compared.rows)
    return [
        f"Treated, in {compared.run_dir}:",
        *(f"   done:        {line}" for line in compared.done),
        *left,
        *(
            f"   {label:<{width}}  {before} -> {after}"
            for label, before, after in compared.rows
        ),
        f"   After it: {compared.after.headline}",
        f"   Its page is in {compared.run_dir}",
    ]
