r"""Captioners, or losses, beside each other: each trained and scored alike.

  python -m benchmarks.variants captioners --gin_file=gin/run_flickr8k.gin \
    --records=data/flickr8k/records --split=dev --output=runs/captioners
  python -m benchmarks.variants losses --gin_file=gin/run_scenes.gin \
    --records=data/scenes/records --split=composition --output=runs/losses

Prints a row for each as Markdown, with 95 % intervals over the images. What has
been trained is not trained again, so that rows can be added; `--only` names
some, and `--gin_param` changes all alike.
"""

import argparse
import json
import pathlib
import subprocess
import sys
from typing import Any

import tensorflow as tf

# What is asked for -> name of a row -> the flags that make it another one.
VARIANTS: dict[str, dict[str, list[str]]] = {
    "captioners": {
        "soft attention": [],
        "hard attention": ["--gin_file=gin/model_hard_attention.gin"],
        "adaptive attention": ["--gin_file=gin/model_adaptive_attention.gin"],
        "up-down": ["--gin_file=gin/model_up_down.gin"],
        "Transformer": ["--gin_file=gin/model_transformer.gin"],
        "Show and Tell": ["--gin_file=gin/model_show_tell.gin"],
        "Merge": ["--gin_file=gin/model_merge.gin"],
        "blind": ["--gin_file=gin/model_blind.gin"],
    },
    "losses": {
        "cross entropy": [],
        "label smoothing 0.1": [
            "--gin_param=CaptionLoss.label_smoothing = 0.1"
        ],
        "word dropout 0.2": ["--gin_param=ShowAttendTell.word_dropout = 0.2"],
        "hidden captions 0.2": ["--gin_param=Grounding.hidden_captions = 0.2"],
        "hidden images 0.1": ["--gin_param=Grounding.hidden_images = 0.1"],
        "own words 0.2": ["--gin_param=Grounding.own_words = 0.2"],
        "contrast 0.5": ["--gin_param=Grounding.contrast = 0.5"],
        "divergence 0.1": ["--gin_param=Grounding.divergence = 0.1"],
        "repeats count once": ["--gin_param=CaptionLoss.repeat_power = 1.0"],
        "doubly stochastic 0.1": [
            "--gin_param=CaptionLoss.coverage_weight = 0.1"
        ],
    },
}
SCORES = (
    ("cider_d", "CIDEr-D", 100),
    ("bleu_4", "BLEU-4", 100),
    ("attribute_precision", "precision", 1),
    ("attribute_recall", "recall", 1),
)


def trained(run: pathlib.Path, flags: list[str], split: str) -> dict[str, Any]:
    """Trains a run and scores a split of it, unless both are there."""
    scores = run / split / "scores.json"
    if not scores.exists():
        call(run, "--mode=train", *flags)
        call(run, "--mode=evaluate", f"--gin_param=evaluate.split = '{split}'")
    found: dict[str, Any] = json.loads(scores.read_text())
    return found


def call(run: pathlib.Path, *flags: str) -> None:
    """Runs the trainer, and logs what it says beside the run."""
    run.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "trainer.main", f"--run_dir={run}", *flags]
    with open(run.parent / f"{run.name}.log", "a") as log:
        subprocess.run(command, stdout=log, stderr=log, check=True)


def parameters(run: pathlib.Path) -> int:
    """Number of the captioner's weights, of the best checkpoint."""
    saved = tf.train.list_variables(str(run / "best"))
    return sum(
        tf.TensorShape(shape).num_elements()
        for name, shape in saved
        if name.startswith("captioner/")
    )


def row(name: str, run: pathlib.Path, found: dict[str, Any]) -> str:
    """A line of the table; what the data do not allow is left empty."""
    cells = [name]
    for key, _, factor in SCORES:
        score = found["scores"].get(key)
        cells.append(_with_interval(score, factor) if score else "")
    gap, error = found["swap_gap"]["mean"], found["swap_gap"]["error"]
    share = found["repetition"]["mode_share"]
    millions = parameters(run) / 1e6
    cells += [f"{gap:.2f} ± {1.96 * error:.2f}"]
    cells += [f"{share:.1%}", f"{millions:.1f} M"]
    return f"| {' | '.join(cells)} |"


def _with_interval(score: dict[str, Any], factor: int) -> str:
    digits = 1 if factor == 100 else 3
    text = f"{score['model'] * factor:.{digits}f}"
    if score["interval"] is None:
        return text
    low, high = (end * factor for end in score["interval"])
    return f"{text} ({low:.{digits}f} to {high:.{digits}f})"


def main() -> None:
    """Trains what is missing, and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=VARIANTS)
    parser.add_argument("--gin_file", required=True)
    parser.add_argument("--records", required=True)
    parser.add_argument("--split", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--gin_param", action="append", default=[])
    parser.add_argument("--only", action="append", default=[])
    asked = parser.parse_args()
    common = [
        f"--gin_param={each}"
        for each in (f"RECORDS = '{asked.records}'", *asked.gin_param)
    ]
    heads = [label for _, label, _ in SCORES]
    heads += ["swap gap, nats", "mode share", "parameters"]
    print(
        f"| | {' | '.join(heads)} |", f"|{'---|' * (len(heads) + 1)}", sep="\n"
    )
    for name, own in VARIANTS[asked.what].items():
        if asked.only and name not in asked.only:
            continue
        run = asked.output / name.replace(" ", "-")
        flags = [f"--gin_file={asked.gin_file}", *own, *common]
        print(row(name, run, trained(run, flags, asked.split)), flush=True)


if __name__ == "__main__":
    main()
