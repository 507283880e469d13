"""Evidence of a sound run, as it was measured on scenes, to be changed."""

import dataclasses
from typing import Any

from pipeline.card.facts import PairFacts
from pipeline.scoring import wilson
from trainer.diagnosis.evidence import (
    Data,
    Evidence,
    Learning,
    Looks,
    Trial,
)
from trainer.diagnosis.said import Said
from trainer.diagnosis.stored_grids import StoredGrids
from trainer.evaluation.estimate import Estimate

RISES = {
    "image": (1.87, 0.05),
    "memory": (1.67, 0.05),
    "state": (0.18, 0.02),
    "uniform": (0.31, 0.015),
    "blank": (1.46, 0.03),
    "words": (2.58, 0.03),
}
RULES = {
    "padding": (5.8, 0.2),
    "end": (0.04, 0.005),
    "unshifted": (5.2, 0.04),
    "no-context": (1.0, 0.02),
    "no-state": (0.65, 0.04),
    "blank": (1.46, 0.03),
    "grid / 100": (1.2, 0.03),
}
SETTINGS: dict[str, Any] = {
    "encoder": {"weights": "sha256:1"},
    "precision": "float32",
    "captioner": {
        "units": 128,
        "embedding_units": 64,
        "dropout_rate": 0.1,
        "word_dropout": 0.0,
        "uses_image": True,
    },
    "optimizer": {
        "learning_rate": 3e-3,
        "warmup_steps": 40,
        "clip_norm": 1.0,
        "weight_decay": 0.1,
    },
    "loss": {"coverage_weight": 0.0, "label_smoothing": 0.0},
    "batching": {
        "batch_images": 32,
        "captions_per_image": 5,
        "max_length": 22,
    },
}


def looks(**changes: Any) -> Looks:
    """128 images; `rises` and `rules` are changed name by name."""
    rises, rules = (
        {name: Estimate(*pair) for name, pair in (old | new).items()}
        for old, new in (
            (RISES, changes.pop("rises", {})),
            (RULES, changes.pop("rules", {})),
        )
    )
    found = Looks(
        images=128,
        attends=True,
        loss=Estimate(0.9, 0.02),
        rises=rises,
        rules=rules,
    )
    return dataclasses.replace(found, **changes)


def said(**changes: Any) -> Said:
    """200 captions."""
    found = Said(
        images=200,
        cider_d=3.26,
        shuffled=0.35,
        mode_share=0.005,
        collision=0.0,
        reference_mode_share=0.005,
        cut=0.0,
        empty=0.0,
        words=11.0,
        reference_words=10.9,
        unknown=0.0,
        common="a red house",
    )
    return dataclasses.replace(found, **changes)


def data(**changes: Any) -> Data:
    """1,200 images to train on."""
    found = Data(
        images=1200,
        sampled=1200,
        captions=6000,
        pairing_z=92.0,
        lag=2,
        lag_z=2.0,
        dispersion=0.2,
        untrained=False,
        deviation=0.78,
        alike=0.0,
        unknown={"train": 0.0, "validation": 0.0},
        own_words=0.01,
        mode_share=0.001,
        collision=0.0,
        mode="a white star",
        mode_images=0.002,
        cut=0.001,
        drawn=5.0,
        tokens=12.2,
        ladder={"uniform": 4.25, "unigram": 3.58, "trigram": 1.65},
        human=3.2,
        grids=StoredGrids(64, 0.0, "7", 0.0),
        pairs=PairFacts(1200, 0.0, 0.0, 0.006),
    )
    return dataclasses.replace(found, **changes)


def wrong_pairs(share: float) -> Data:
    """Data of which a share of the pairs is wrong, by 1,200 images."""
    low, high = (2 * each for each in wilson.interval(share / 2, 1200))
    return data(pairs=PairFacts(1200, share, low, high))


def learning(**changes: Any) -> Learning:
    """300 updates."""
    found = Learning(
        step=300,
        first_loss=3.5,
        last_loss=0.85,
        logged_loss=0.957,
        logged_cider_d=3.3,
        logged_gap=1.85,
        best_loss=0.957,
        end_loss=0.957,
        rate=1e-3,
        skipped=0.0,
        tokens=1958.0,
        passes=8.0,
    )
    return dataclasses.replace(found, **changes)


def settings(**changes: dict[str, Any]) -> dict[str, Any]:
    """An identity, changed part by part."""
    return SETTINGS | {
        part: SETTINGS[part] | values for part, values in changes.items()
    }


def trial(gap: float, *change: str) -> Trial:
    """A short training with that swap gap."""
    return Trial(change, 2.0, Estimate(gap, 0.02))


def evidence(**changes: Any) -> Evidence:
    """A sound run."""
    found = Evidence(
        run_dir="runs/a",
        records="records",
        captioner="ShowAttendTell",
        decoder="Search",
        strange={},
        own={},
        settings=SETTINGS,
        step=300,
        learning=learning(),
        validation=looks(),
        train=looks(loss=Estimate(0.78, 0.02)),
        said=said(),
        disordered=0.0,
        data=data(),
        replayed=0.957,
    )
    return dataclasses.replace(found, **changes)


UNSEEN = {name: (0.0, 0.001) for name in RISES}
POOR = said(cider_d=0.3, shuffled=0.3, mode_share=0.4)
# Captions that owe nothing to their images.
FLAT: dict[str, Any] = {"validation": looks(rises=UNSEEN), "said": POOR}


def changed(part: str, **values: Any) -> dict[str, Any]:
    """Evidence with other settings of a part."""
    return {"settings": settings(**{part: values})}


def tried(slug: str, own: float, better: float) -> dict[str, Any]:
    """Evidence with two trials, and their swap gaps."""
    return {"trials": {"own": trial(own), slug: trial(better, "A.b = 1")}}
