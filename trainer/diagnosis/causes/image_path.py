"""Faults on the way from the image to the words."""

from trainer.diagnosis import path_swaps
from trainer.diagnosis.causes.cause import Cause, Opinion, between
from trainer.diagnosis.cures import ByHand, Training
from trainer.diagnosis.evidence import Evidence

# A path moves the loss by more than rounding does, or it carries nothing.
_NOTHING = 1e-4
_SCALE = "scale the encoder's output to a deviation near 1"
_LET_ATTEND = Training(code="let attention read the state at each word")


def _blown_up(evidence: Evidence) -> bool:
    """Whether the loss ended above that of any word being as likely."""
    learning, data = evidence.learning, evidence.data
    if not learning or not data or "uniform" not in data.ladder:
        return False
    return not learning.last_loss <= data.ladder["uniform"]


def _blind(evidence: Evidence) -> Opinion | None:
    looks = evidence.validation
    if evidence.declared_blind:
        return Opinion(
            1.0,
            ("its settings say so: uses_image = False",),
            cure=(Training((f"{evidence.captioner}.uses_image = True",)),),
        )
    learning = evidence.learning
    # Of words that are certain, right or wrong, no image changes anything.
    if learning and learning.logged_gap == 0 and not _blown_up(evidence):
        return Opinion(
            0.95,
            (
                (
                    "in training, another image cost exactly nothing: "
                    "nothing of the image reached the words"
                ),
            ),
            cure=(Training(code="feed the grid: see wiring test 'image'"),),
        )
    if not looks or evidence.step is None:
        return None
    if abs(looks.gap.mean) < _NOTHING and looks.gap.error < _NOTHING:
        return Opinion(
            0.97,
            (
                (
                    f"other images move the loss by {looks.gap.mean:.1e} nats "
                    "a token: nothing of the image reaches the words"
                ),
            ),
            cure=(ByHand("# feed the grid: see wiring test 'image'"),),
        )
    return None


def _one_path(evidence: Evidence) -> Opinion | None:
    looks = evidence.validation
    # Without attention, an image may be read once, before the first word.
    if not looks or not looks.attends or looks.gap.z < 3:
        return None
    memory, state = looks.rises["memory"], looks.rises["state"]
    if abs(memory.mean) < _NOTHING and state.z > 3:
        return Opinion(
            0.95,
            (
                (
                    f"what is read at each word moves the loss by "
                    f"{memory.mean:.1e}"
                    f", what is known at the start by {state.mean:.2f}"
                ),
            ),
            cure=(ByHand("# feed the context at each word"),),
        )
    return None


def _cut_in_training(evidence: Evidence) -> Opinion | None:
    """A path that was cut in the code that trained, and is not here."""
    for rule, path in (
        ("no-context", "what is read at each word"),
        ("no-state", "what is known before the first word"),
    ):
        if rule == evidence.trained_under:
            return Opinion(
                0.9,
                (
                    (
                        f"without {path}, the loss is that of the log; with "
                        f"it, {evidence.replayed:.2f}"
                    ),
                ),
                cure=(
                    Training(
                        code=f"the code that trained left out {path}: feed it"
                    ),
                ),
            )
    return _one_path(evidence)


def _uniform(evidence: Evidence) -> Opinion | None:
    looks = evidence.validation
    if evidence.trained_under == "no-query":
        logged = evidence.learning.logged_loss if evidence.learning else None
        seen = (
            f"the log says {logged:.4f}; these weights give "
            f"{evidence.replayed:.4f} with the code here, and that of the log "
            "where attention does not read the state: so did the code that "
            "trained"
        )
        return Opinion(0.9, (seen,), cure=(_LET_ATTEND,))
    if not looks or not looks.attends:
        return None
    if looks.gap.z < 3 or looks.gap.mean < 0.1:
        return None
    flat = looks.rises["uniform"]
    part = flat.mean / looks.gap.mean
    train = evidence.train
    # Where captions of the split are wrong, images that were trained on tell.
    if train and train.gap.mean > 0:
        part = max(part, train.rises["uniform"].mean / train.gap.mean)
    weight = evidence.settings["loss"]["coverage_weight"]
    if part > 0.06 or abs(looks.rises["memory"].mean) < _NOTHING:
        return None
    return Opinion(
        between(0.06 - part, 0.0, 0.05) * (0.95 if weight > 1 else 0.8),
        (
            (
                f"with every place the mean of all, the loss rises by "
                f"{flat.mean:.3f}, with another image by {looks.gap.mean:.2f}"
            ),
            f"CaptionLoss.coverage_weight = {weight}",
        ),
        cure=(
            Training(("CaptionLoss.coverage_weight = 0.0",))
            if weight
            else _LET_ATTEND,
        ),
    )


def _faint(evidence: Evidence) -> Opinion | None:
    data, rule = evidence.data, evidence.trained_under
    if rule.startswith(path_swaps.FAINT):
        seen = (
            f"with {rule} the loss is that of the log; with the grid as it is "
            f"stored, {evidence.replayed:.2f}"
        )
        return Opinion(0.9, (seen,), cure=(Training(code=_SCALE),))
    if not data or data.deviation > 0.02:
        return None
    return Opinion(
        between(0.02 - data.deviation, 0.0, 0.015),
        (
            (
                f"the grids' values have a standard deviation of "
                f"{data.deviation:.1e}"
            ),
        ),
        cure=(ByHand(f"# {_SCALE}"),),
    )


CAUSES: tuple[Cause[Evidence], ...] = (
    Cause(
        "blind",
        "Nothing of the image reaches the words.",
        _blind,
        "other images change a caption",
        (
            "one-path-cut",
            "uniform-attention",
            "updates-too-small",
            "other-weights",
        ),
    ),
    Cause(
        "faint-features",
        "Grids are so small that normalisation drowns them.",
        _faint,
        "grids times a thousand give the same training",
        ("updates-too-small", "alike-features", "blind", "other-weights"),
    ),
    Cause(
        "one-path-cut",
        "One of the paths from the image to the words is cut.",
        _cut_in_training,
        "swapping that path alone moves the loss",
        ("uniform-attention", "other-weights", "weights-not-restored"),
    ),
    Cause(
        "uniform-attention",
        "Attention does not choose a place.",
        _uniform,
        "the same training with attention that reads the state is as poor",
    ),
)
