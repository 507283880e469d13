"""Which faults are put into runs, in which doses, and which runs are sound."""

from benchmarks.faults import (
    WAIVED,
    Fault,
    anything,
    best_of_other,
    config_line,
    few,
    foreign,
    hashtags,
    mismatch,
    noisy,
    other_records,
    other_words,
    placeholders,
    scrambled,
    shift,
    template,
)
from benchmarks.held_out_faults import HELD_OUT, PAIRS
from benchmarks.spoiled_records import dealt_out, flattened

HEALTHY = (
    Fault("healthy", "healthy"),
    Fault("healthy-long", "healthy", "NUM_STEPS = 480"),
    Fault("healthy-dropout", "healthy", "ShowAttendTell.dropout_rate = 0.4"),
    Fault("healthy-wide", "healthy", "ShowAttendTell.units = 256"),
    Fault("healthy-narrow", "healthy", "ShowAttendTell.units = 64"),
    Fault("healthy-slow", "healthy", "AdamW.learning_rate = 1e-3"),
    Fault("healthy-fast", "healthy", "AdamW.learning_rate = 8e-3"),
    Fault("healthy-smooth", "healthy", "CaptionLoss.label_smoothing = 0.1"),
    Fault("healthy-batch", "healthy", "Batching.batch_images = 64"),
    Fault("healthy-words", "healthy", "ShowAttendTell.word_dropout = 0.2"),
    Fault("healthy-average", "healthy", "AdamW.average_decay = 0.98"),
    Fault("healthy-decay", "healthy", "AdamW.weight_decay = 0.1"),
    Fault("healthy-coverage", "healthy", "CaptionLoss.coverage_weight = 1.0"),
    Fault("healthy-clip", "healthy", "AdamW.clip_norm = 0.3"),
    Fault("healthy-one", "healthy", "Batching.captions_per_image = 1"),
    Fault("healthy-words-5", "healthy", flags=["--min_count=5"]),
    Fault("healthy-young", "healthy", "NUM_STEPS = 120"),
    Fault(
        "healthy-bfloat16", "healthy", "Devices.precision = 'mixed_bfloat16'"
    ),
    Fault("healthy-few", "healthy", data=few(700)),
    Fault("healthy-repeats", "healthy", data=template(0.1)),
    Fault("healthy-blind", "healthy", "ShowAttendTell.uses_image = False"),
)
# Its weights fit the captioners of most runs, under a name of their own.
OTHER = HEALTHY[2]
FAULTS = (
    Fault(
        "pairs-25",
        "mismatched-pairs",
        data=mismatch(0.25),
        dose=0.25,
        partly=True,
    ),
    Fault(
        "pairs-50",
        "mismatched-pairs",
        data=mismatch(0.5),
        dose=0.5,
        partly=True,
    ),
    Fault(
        "pairs-75", "mismatched-pairs", WAIVED, data=mismatch(0.75), dose=0.75
    ),
    Fault(
        "pairs-100", "mismatched-pairs", WAIVED, data=mismatch(1.0), dose=1.0
    ),
    Fault("lag-1", "mismatched-pairs", WAIVED, data=shift(1)),
    Fault("lag-3", "mismatched-pairs", WAIVED, data=shift(3)),
    Fault("template-60", "templated-captions", WAIVED, data=template(0.6)),
    Fault("template-95", "templated-captions", WAIVED, data=template(0.95)),
    Fault("few-40", "too-few-images", "NUM_STEPS = 400", data=few(40)),
    Fault("few-80", "too-few-images", "NUM_STEPS = 400", data=few(80)),
    Fault("blank-50", "blank-images", WAIVED, data=placeholders(0.5)),
    Fault("blank-90", "blank-images", WAIVED, data=placeholders(0.9)),
    Fault("unknown-400", "unknown-words", WAIVED, flags=["--min_count=1200"]),
    Fault("unknown-9", "unknown-words", WAIVED, flags=["--max_words=14"]),
    Fault("foreign", "split-shift", WAIVED, data=foreign),
    Fault("noise-encoder", "weak-features", WAIVED, flags=["--weights=none"]),
    Fault("anything", "captions-say-nothing", WAIVED, data=anything),
    Fault("hashtags", "captions-say-nothing", WAIVED, data=hashtags),
    Fault("grids-50", "grids-of-others", WAIVED, shards=dealt_out(0.5)),
    Fault("grids-100", "grids-of-others", WAIVED, shards=dealt_out(1.0)),
    Fault("alike-50", "alike-features", WAIVED, shards=flattened(0.02)),
    Fault("alike-1000", "alike-features", WAIVED, shards=flattened(1e-3)),
    Fault("rate-3e-1", "rate-too-high", "AdamW.learning_rate = 0.3"),
    Fault("rate-1", "rate-too-high", "AdamW.learning_rate = 1.0"),
    Fault("rate-1e-5", "updates-too-small", "AdamW.learning_rate = 1e-5"),
    Fault("warmup", "updates-too-small", "AdamW.warmup_steps = 100000"),
    Fault(
        "steps-20",
        "updates-too-small",
        "NUM_STEPS = 20",
        "Cadence.evaluate_every = 20",
    ),
    Fault(
        "dropout-90", "dropout-too-high", "ShowAttendTell.dropout_rate = 0.9"
    ),
    Fault(
        "dropout-97", "dropout-too-high", "ShowAttendTell.dropout_rate = 0.97"
    ),
    Fault("decay-30", "decay-too-high", "AdamW.weight_decay = 30.0"),
    Fault("decay-100", "decay-too-high", "AdamW.weight_decay = 100.0"),
    Fault("words-97", "words-hidden", "ShowAttendTell.word_dropout = 0.97"),
    Fault("words-90", "words-hidden", "ShowAttendTell.word_dropout = 0.9"),
    Fault(
        "coverage-30", "uniform-attention", "CaptionLoss.coverage_weight = 30.0"
    ),
    Fault(
        "coverage-300",
        "uniform-attention",
        "CaptionLoss.coverage_weight = 300.0",
    ),
    Fault("frozen-query", "uniform-attention", patch="frozen-query"),
    Fault(
        "constant-grid",
        "blind",
        "train.waived = ['image', 'gradient']",
        patch="constant-grid",
    ),
    Fault(
        "mean-grid",
        "blind",
        "train.waived = ['image', 'gradient']",
        patch="mean-grid",
    ),
    Fault("context-cut", "one-path-cut", patch="context-cut"),
    Fault("state-cut", "one-path-cut", patch="first-state-cut"),
    Fault("faint", "faint-features", patch="faint-grid"),
    Fault(
        "padding",
        "padding-in-loss",
        "train.waived = ['padding', 'start-loss', 'future']",
        patch="padding-in-loss",
    ),
    Fault(
        "leak",
        "target-leak",
        "train.waived = ['future', 'padding']",
        patch="target-leak",
    ),
    Fault(
        "end-masked",
        "end-not-learned",
        "train.waived = ['padding']",
        patch="end-masked",
    ),
    Fault(
        "limit-6",
        "end-not-learned",
        "MAX_LENGTH = 6",
        "train.waived = ['cut-captions']",
    ),
    Fault(
        "tiny-2",
        "capacity-too-small",
        "ShowAttendTell.units = 2",
        "ShowAttendTell.embedding_units = 2",
    ),
    Fault(
        "tiny-4",
        "capacity-too-small",
        "ShowAttendTell.units = 4",
        "ShowAttendTell.embedding_units = 4",
    ),
    Fault("weights-first", "weights-not-restored", after=scrambled),
    Fault("weights-half", "weights-not-restored", after=noisy),
    Fault("weights-other", "other-weights", after=best_of_other),
    Fault("words-sorted", "other-words", after=other_words),
    Fault("records-words", "other-records", after=other_records),
    Fault("beams", "batch-or-state", used="expanded-twice"),
    Fault("batch", "batch-or-state", used="batch-statistics"),
    Fault(
        "long-few",
        "overfitting",
        "NUM_STEPS = 1200",
        "Cadence.evaluate_every = 1200",
        "Cadence.checkpoint_every = 1200",
        "ShowAttendTell.dropout_rate = 0.0",
        data=few(620),
    ),
    Fault(
        "float16",
        "precision",
        "Devices.precision = 'mixed_float16'",
        "DynamicScale.initial = 1e30",
    ),
    Fault(
        "settings-blind",
        "other-settings",
        after=config_line("ShowAttendTell.uses_image = False"),
    ),
    Fault(
        "search-3",
        "search-settings",
        after=config_line("Search.max_length = 3"),
    ),
    Fault(
        "search-length",
        "search-settings",
        after=config_line("Search.length_power = 0.0\nSearch.max_length = 5"),
    ),
)
# What is put into runs on photographs, a severity of most kinds.
_ON_PHOTOGRAPHS = (
    *("healthy", "healthy-dropout", "healthy-smooth", "pairs-50", "lag-1"),
    *("blank-50", "unknown-9", "noise-encoder", "rate-1", "dropout-97"),
    *("coverage-300", "constant-grid", "weights-first", "words-sorted"),
    *("beams", "search-3"),
)


def of_scenes(seed: int) -> tuple[Fault, ...]:
    """Runs of a seed: thresholds are set on seed 0, and judged on others."""
    if not seed:
        return (*HEALTHY, *FAULTS)
    return (*HEALTHY, *FAULTS, *HELD_OUT, *PAIRS) if seed == 1 else HEALTHY


def of_photographs(seed: int) -> tuple[Fault, ...]:
    """Runs of one seed, which no threshold was set on."""
    every = {fault.name: fault for fault in (*HEALTHY, *FAULTS)}
    return tuple(every[name] for name in _ON_PHOTOGRAPHS) if seed == 1 else ()
