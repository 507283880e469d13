"""Faults that no threshold was set on: other severities, and pairs."""

from benchmarks.faults import (
    WAIVED,
    Fault,
    config_line,
    few,
    mismatch,
    placeholders,
    shift,
    template,
)
from benchmarks.spoiled_records import dealt_out, flattened

# Severities that no threshold was set on: made with the seeds that are judged.
HELD_OUT = (
    Fault(
        "pairs-35",
        "mismatched-pairs",
        data=mismatch(0.35),
        dose=0.35,
        partly=True,
    ),
    Fault(
        "pairs-60",
        "mismatched-pairs",
        WAIVED,
        data=mismatch(0.6),
        dose=0.6,
        partly=True,
    ),
    Fault("lag-2", "mismatched-pairs", WAIVED, data=shift(2)),
    Fault("template-80", "templated-captions", WAIVED, data=template(0.8)),
    Fault("few-60", "too-few-images", "NUM_STEPS = 400", data=few(60)),
    Fault("blank-30", "blank-images", WAIVED, data=placeholders(0.3)),
    Fault("unknown-all", "unknown-words", WAIVED, flags=["--min_count=20000"]),
    Fault("unknown-20", "unknown-words", WAIVED, flags=["--max_words=20"]),
    Fault("grids-30", "grids-of-others", WAIVED, shards=dealt_out(0.3)),
    Fault("alike-200", "alike-features", WAIVED, shards=flattened(0.005)),
    Fault("rate-1e-1", "rate-too-high", "AdamW.learning_rate = 0.1"),
    Fault("rate-3e-6", "updates-too-small", "AdamW.learning_rate = 3e-6"),
    Fault(
        "decayed-10",
        "updates-too-small",
        "AdamW.decay_steps = 10",
        "AdamW.final_share = 0.001",
    ),
    Fault(
        "smoothing-95", "decay-too-high", "CaptionLoss.label_smoothing = 0.95"
    ),
    Fault(
        "batch-1",
        "batch-too-small",
        "Batching.batch_images = 1",
        "Batching.captions_per_image = 1",
        "Batching.num_streams = 1",
    ),
    Fault(
        "dropout-95", "dropout-too-high", "ShowAttendTell.dropout_rate = 0.95"
    ),
    Fault("decay-60", "decay-too-high", "AdamW.weight_decay = 60.0"),
    Fault("words-94", "words-hidden", "ShowAttendTell.word_dropout = 0.94"),
    Fault(
        "coverage-100",
        "uniform-attention",
        "CaptionLoss.coverage_weight = 100.0",
    ),
    Fault(
        "limit-5",
        "end-not-learned",
        "MAX_LENGTH = 5",
        "train.waived = ['cut-captions']",
    ),
    Fault(
        "tiny-3",
        "capacity-too-small",
        "ShowAttendTell.units = 3",
        "ShowAttendTell.embedding_units = 3",
    ),
    Fault(
        "search-4",
        "search-settings",
        after=config_line("Search.max_length = 4"),
    ),
)
# Two faults at once, both of which have to be named.
PAIRS = (
    Fault(
        "pairs-50-rate",
        "rate-too-high",
        "AdamW.learning_rate = 0.3",
        data=mismatch(0.5),
        dose=0.5,
        also="mismatched-pairs",
    ),
    Fault(
        "pairs-50-coverage",
        "uniform-attention",
        "CaptionLoss.coverage_weight = 300.0",
        data=mismatch(0.5),
        dose=0.5,
        also="mismatched-pairs",
    ),
    Fault(
        "template-60-dropout",
        "dropout-too-high",
        "ShowAttendTell.dropout_rate = 0.95",
        WAIVED,
        data=template(0.6),
        also="templated-captions",
    ),
    Fault(
        "few-60-words",
        "words-hidden",
        "ShowAttendTell.word_dropout = 0.95",
        data=few(60),
        also="too-few-images",
    ),
    Fault(
        "unknown-400-rate",
        "rate-too-high",
        "AdamW.learning_rate = 0.3",
        WAIVED,
        flags=["--min_count=1200"],
        also="unknown-words",
    ),
    Fault(
        "lag-3-decay",
        "decay-too-high",
        "AdamW.weight_decay = 100.0",
        WAIVED,
        data=shift(3),
        also="mismatched-pairs",
    ),
    Fault(
        "blank-50-coverage",
        "uniform-attention",
        "CaptionLoss.coverage_weight = 300.0",
        WAIVED,
        data=placeholders(0.5),
        also="blank-images",
    ),
    Fault(
        "context-cut-dropout",
        "dropout-too-high",
        "ShowAttendTell.dropout_rate = 0.95",
        patch="context-cut",
        also="one-path-cut",
    ),
    Fault(
        "template-60-rate",
        "updates-too-small",
        "AdamW.learning_rate = 1e-5",
        WAIVED,
        data=template(0.6),
        also="templated-captions",
    ),
)
