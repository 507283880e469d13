"""A page of drawn photographs and made-up attention."""

import io

import numpy as np
from PIL import Image

from pipeline.scoring import bleu, cider
from trainer.decoding import caption as caption_lib
from trainer.evaluation import baselines
from trainer.report import curves, gallery, glossary, page, scorecard

GLOSSARY = glossary.Glossary([cider.CiderDMetric(), bleu.BleuMetric()])
WORDS = ("a", "striped", "cat", "on", "a", "mat")


def photo(width: int = 64, height: int = 48) -> bytes:
    across = np.linspace(0, 255, width)[None, :, None]
    pixels = np.broadcast_to(across, (height, width, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def example(
    words: tuple[str, ...] = WORDS, *, locations: int = 49, seed: int = 0
) -> gallery.PageExample:
    weights = np.random.default_rng(seed).dirichlet(
        np.full(locations, 0.1), len(words)
    )
    caption = caption_lib.Caption(
        " ".join(words), words, weights.astype(np.float32), -3.0
    )
    shown = caption_lib.CaptionedExample(
        f"image-{seed}", photo(), ["a cat on a mat", "a cat"], caption
    )
    return gallery.PageExample(shown, (("all 2 statements true", True),))


def metrics_rows() -> list[dict[str, float]]:
    train: list[dict[str, float]] = [
        {"step": step, "train/loss": 1 + 40 / step}
        for step in range(20, 401, 20)
    ]
    scores = zip((100, 200, 300, 400), (0.2, 0.9, 0.7, 0.8), strict=True)
    return train + [
        {
            "step": step,
            "validation/loss": 2 - cider_d,
            "validation/cider_d": cider_d,
            "validation/bleu_4": cider_d / 3,
        }
        for step, cider_d in scores
    ]


LEVELS = {
    "loss": {"uniform": 4.2, "unigram": 2.9, "bigram": 1.9, "trigram": 1.8},
    "cider_d": {"shuffled": 0.035, "constant": 0.12, "nearest": 0.18},
}


def learning_curves() -> curves.Curves:
    return curves.Curves(metrics_rows(), glossary=GLOSSARY, levels=LEVELS)


def full_page(examples: int = 3) -> page.Page:
    return page.Page(
        "scenes-1",
        "It looks at the image: swapping images raises the loss.",
        looks=True,
        glossary=GLOSSARY,
        facts=[("Split", "test"), ("Images", "300")],
        scores={"cider_d": baselines.Score(1.62, 0.34, 0.21)},
        habits={"mode_share": scorecard.Habit(0.02, 0.03, 0.05)},
        curves=learning_curves(),
        examples=[example(seed=seed) for seed in range(examples)],
        files=[("metrics.jsonl", "the curves")],
    )
