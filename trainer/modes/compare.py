"""Says of two evaluated runs whether their scores truly differ."""

import dataclasses
import json
import os
from collections.abc import Sequence

import tensorflow as tf

from pipeline.scoring.metric import References, Scorer, SummedScorer
from pipeline.scoring.ptb_tokens import ptb_tokens
from trainer.diagnosis import caption_results
from trainer.evaluation import bootstrap, scorers
from trainer.report import difference_table, glossary
from trainer.report.results import CAPTIONS_FILE
from trainer.run import directory

FILE = "comparison.json"


def compare(
    run_dirs: Sequence[str],
    split: str | None = None,
    output: str | None = None,
) -> str:
    """Says of each score of two runs whether the difference is real.

    Images are drawn for both runs together (paired bootstrap), from the
    captions that the runs' evaluations wrote.

    Args:
      run_dirs: the two runs.
      split: the split that both were evaluated on; None for the only one.
      output: JSON file to write; None for one beside the second run's captions.

    Returns:
      A line for each score, and the path of the JSON file.

    Raises:
      RunError: there are not two runs, or they were not evaluated on the same
        images with the same references.
      ResultsError: what an evaluation wrote is damaged.
    """
    if len(run_dirs) != 2 or len(set(run_dirs)) != 2:
        raise directory.RunError(
            "--mode=compare needs two runs, --run_dir=A --run_dir=B, got "
            f"{len(set(run_dirs))}"
        )
    split = _split(run_dirs, split)
    first, second = (_read(run_dir, split) for run_dir in run_dirs)
    _check_same(run_dirs, first, second)
    rows = _compared(first, second)
    output = output or os.path.join(run_dirs[1], split, FILE)
    document = {
        "runs": list(run_dirs),
        "split": split,
        "images": len(first.sets),
        "draws": bootstrap.DRAWS,
        "scores": {name: dataclasses.asdict(row) for name, row in rows.items()},
    }
    directory.write_text(output, json.dumps(document, indent=1))
    return "\n".join(
        [
            f"A: {run_dirs[0]}",
            f"B: {run_dirs[1]}",
            f"{len(first.sets)} images of {split}",
            difference_table.table(rows, glossary.Glossary(scorers.USUAL)),
            f"JSON: {output}",
        ]
    )


def _split(run_dirs: Sequence[str], asked: str | None) -> str:
    """The split that both runs were evaluated on."""
    evaluated = [_evaluated(run_dir) for run_dir in run_dirs]
    for run_dir, splits in zip(run_dirs, evaluated, strict=True):
        if not splits or (asked and asked not in splits):
            of = f" on {asked!r}" if asked else ""
            known = f"; it was on {', '.join(splits)}" if splits else ""
            raise directory.RunError(
                f"{run_dir} was not evaluated{of}{known} (--mode=evaluate)"
            )
    both = [split for split in evaluated[0] if split in evaluated[1]]
    if not both:
        raise directory.RunError(
            f"{run_dirs[0]} was evaluated on {', '.join(evaluated[0])}, "
            f"{run_dirs[1]} on {', '.join(evaluated[1])}: no split in common"
        )
    if len(both) > 1 and not asked:
        raise directory.RunError(
            f"both runs were evaluated on {', '.join(both)}: name one, such as "
            f"--split={both[0]}"
        )
    return asked or both[0]


def _evaluated(run_dir: str) -> list[str]:
    files = tf.io.gfile.glob(os.path.join(run_dir, "*", CAPTIONS_FILE))
    return sorted(os.path.basename(os.path.dirname(file)) for file in files)


def _read(run_dir: str, split: str) -> caption_results.Results:
    path = os.path.join(run_dir, split, CAPTIONS_FILE)
    return caption_results.read(path, path)


def _check_same(
    run_dirs: Sequence[str],
    first: caption_results.Results,
    second: caption_results.Results,
) -> None:
    """Checks that both runs captioned the same images in the same order.

    Raises:
      RunError: images or references differ.
    """
    for own, mine, other in (
        (first, run_dirs[0], second),
        (second, run_dirs[1], first),
    ):
        alone = set(own.image_ids) - set(other.image_ids)
        if alone:
            raise directory.RunError(
                f"{' and '.join(run_dirs)} captioned other images: {len(alone)}"
                f" of {len(own.image_ids)} are in {mine} alone, such as "
                f"{min(alone)!r}"
            )
    theirs = dict(zip(second.image_ids, second.references, strict=True))
    for name, row in zip(first.image_ids, first.references, strict=True):
        if list(row) != list(theirs[name]):
            raise directory.RunError(
                f"{' and '.join(run_dirs)} have other references of image "
                f"{name!r}: score both on one record set"
            )


def _compared(
    first: caption_results.Results, second: caption_results.Results
) -> dict[str, difference_table.Row]:
    references = References(first.image_ids, first.references)
    captions = [
        [ptb_tokens(text) for text in texts]
        for texts in (first.captions, _ordered(second, first.image_ids))
    ]
    bound: dict[str, Scorer] = {
        each.name: each.against(references) for each in scorers.USUAL
    }
    summed = {
        name: each
        for name, each in bound.items()
        if isinstance(each, SummedScorer)
    }
    counted = [
        {name: each.statistics(said) for name, each in summed.items()}
        for said in captions
    ]
    found = bootstrap.differences(summed, *counted, seed=0)
    return {
        name: difference_table.Row(
            a=each.corpus(captions[0]),
            b=each.corpus(captions[1]),
            difference=found.get(name),
        )
        for name, each in bound.items()
    }


def _ordered(
    results: caption_results.Results, names: Sequence[str]
) -> list[str]:
    """The captions of some images, in their order."""
    said = dict(zip(results.image_ids, results.captions, strict=True))
    return [said[name] for name in names]
