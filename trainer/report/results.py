"""Writes an evaluation to disk, and says in the terminal what matters most."""

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from pipeline.scenes import judge
from pipeline.scenes import truth as truth_lib
from trainer import config
from trainer.decoding import caption
from trainer.evaluation import decoder_comparison, evaluation
from trainer.report import curves as curves_lib
from trainer.report import (
    decoder_table,
    gallery,
    glossary,
    page,
    score_table,
    scorecard,
)
from trainer.run import directory, metrics_file

CAPTIONS_FILE = "captions.jsonl"
SCORES_FILE = "scores.json"
PAGE_FILE = "page.html"
DECODERS_FILE = "decoders.json"

# The largest values of nine published COCO captioners, from the outputs of van
# Miltenburg et al. 2018.
_HEALTHY = {"mode_share": 0.02, "collision_probability": 3e-3}
_FILES = (
    (CAPTIONS_FILE, "every image's caption beside its references"),
    (SCORES_FILE, "scores, floors and verdict, for programs"),
    (f"../{metrics_file.METRICS_FILE}", "what the curves are drawn from"),
    (f"../{config.CONFIG_FILE}", "the configuration that ran"),
    (f"../{curves_lib.FILE}", "the curves on a page of their own"),
    ("../tensorboard", "the curves, for TensorBoard"),
    ("../checkpoints and ../best", "the newest weights, and the best"),
)


def write(
    run_dir: str,
    result: evaluation.Evaluation,
    *,
    facts: Sequence[tuple[str, str]],
    curves: curves_lib.Curves,
    truth: Mapping[str, truth_lib.Scene] | None,
    page_images: int,
    compared: decoder_comparison.Comparison | None = None,
) -> str:
    """Writes captions, scores and page to `run_dir/<split>/`.

    Args:
      run_dir: the captioner's directory.
      result: the evaluation of one split.
      facts: (label, value) pairs under the page's title.
      curves: the learning curves of the training.
      truth: image id -> scene, to say which statements are true, or None.
      page_images: number of examples on the page, the first of the split.
      compared: decoders beside each other, or None.

    Returns:
      The text for the terminal: decoders beside each other, scores beside
      floors, three captions, the verdict, and the page's path.
    """
    folder = os.path.join(run_dir, result.split)
    words = glossary.Glossary(result.metrics)
    tf.io.gfile.makedirs(folder)
    lines = [json.dumps(_row(example)) + "\n" for example in result.examples]
    _write(folder, CAPTIONS_FILE, "".join(lines))
    _write(folder, SCORES_FILE, json.dumps(_scores(result), indent=1))
    rendered = page.Page(
        title=f"Captions of {len(result.examples)} {result.split} images",
        verdict=result.verdict,
        looks=result.looks,
        glossary=words,
        facts=list(facts),
        scores=result.scores,
        habits={
            name: scorecard.Habit(
                value,
                result.reference_repetition[name],
                max(_HEALTHY[name], result.reference_repetition[name]),
            )
            for name, value in result.repetition.items()
        },
        curves=curves,
        examples=[
            gallery.PageExample(example, _marks(example, truth))
            for example in result.examples[:page_images]
        ],
        files=_FILES,
    ).render()
    path = _write(folder, PAGE_FILE, rendered)
    place = path if "://" in path else os.path.abspath(path)
    said = _text(result, words, place)
    if compared is None:
        return said
    _write(folder, DECODERS_FILE, decoder_table.to_json(compared))
    return f"{decoder_table.text(compared, words)}\n\n{said}"


def _write(folder: str, name: str, text: str) -> str:
    path = os.path.join(folder, name)
    directory.write_text(path, text)
    return path


def _row(example: caption.CaptionedExample) -> dict[str, Any]:
    gain, n_best = example.caption.image_gain, example.caption.n_best
    several = {"n_best": [each.to_json() for each in n_best]}
    return {
        "id": example.image_id,
        "caption": example.caption.text,
        "log_prob": round(example.caption.log_prob, 4),
        **({} if gain is None else {"image_gain": round(gain, 4)}),
        **(several if len(n_best) > 1 else {}),
        "references": example.references,
    }


def _scores(result: evaluation.Evaluation) -> dict[str, Any]:
    return {
        "split": result.split,
        "images": len(result.examples),
        "looks_at_the_image": result.looks,
        "verdict": result.verdict,
        "loss": result.loss,
        "swap_gap": dataclasses.asdict(result.swap_gap),
        "scores": {
            name: dataclasses.asdict(score)
            for name, score in result.scores.items()
        },
        "repetition": result.repetition,
        "reference_repetition": result.reference_repetition,
        "constant_caption": result.constant,
        "signature": result.signature,
    }


def _marks(
    example: caption.CaptionedExample,
    truth: Mapping[str, truth_lib.Scene] | None,
) -> tuple[tuple[str, bool], ...]:
    """What the image adds, and how many statements are true of the scene."""
    gain = example.caption.image_gain
    marks: tuple[tuple[str, bool], ...] = ()
    if gain is not None:
        text = f"image gain {gain:.2f} nats a token"
        marks = ((text, not caption.owes_nothing(gain)),)
    if truth is None:
        return marks
    verdict = judge.judge(example.caption.text, truth[example.image_id])
    false = verdict.stated - verdict.true
    if false:
        told = f"{false} of {verdict.stated} statements false"
    else:
        told = f"all {verdict.stated} statements true"
    return (*marks, (told, not false))


def _text(
    result: evaluation.Evaluation, words: glossary.Glossary, path: str
) -> str:
    rows = [
        score_table.table(result.scores, words),
        "",
        f"{'':<22}{'captioner':>10}{'references':>12}",
        *(
            f"{words.label(name):<22}{value:>10.4f}"
            f"{result.reference_repetition[name]:>12.4f}"
            for name, value in result.repetition.items()
        ),
    ]
    shown = [
        f"  {row.image_id}: {row.caption.text}" for row in result.examples[:3]
    ]
    ends = [f"Signature: {result.signature}", result.verdict, f"Page: {path}"]
    return "\n".join([*rows, "", *shown, "", *ends])
