"""What is judged is not what was trained: files and settings of another."""

from pipeline.recordset import manifest
from trainer.diagnosis.causes.cause import Cause, Opinion, between
from trainer.diagnosis.cures import ByHand, OwnFile, Training, Usage
from trainer.diagnosis.evidence import Evidence
from trainer.run import directory


def _other_words(evidence: Evidence) -> Opinion | None:
    said, looks = evidence.said, evidence.validation
    told = evidence.strange.get("words")
    name = manifest.VOCABULARY_FILE
    cure = (OwnFile(evidence.run_dir, name, f"{evidence.records}/{name}"),)
    if told:
        return Opinion(1.0, (told,), cure=cure)
    learning = evidence.learning
    if not said or not looks or not learning or not evidence.replays:
        return None
    logged = learning.logged_cider_d
    # Likelihoods know tokens, captions know words: the words alone are wrong.
    fits = said.cider_d - said.shuffled > 0.1
    if fits or looks.gap.z < 3 or looks.gap.mean < 0.3:
        return None
    if logged is not None and logged < said.cider_d + 0.3:
        return None
    return Opinion(
        0.7,
        (
            (
                f"the loss is that of the log, and rises by "
                f"{looks.gap.mean:.2f} "
                "with other images, but captions score no more than at other "
                f"images (CIDEr-D {said.cider_d:.2f} and {said.shuffled:.2f})"
            ),
        ),
        cure=cure,
    )


def _other_settings(evidence: Evidence) -> Opinion | None:
    told = evidence.strange.get("captioner")
    if not told:
        return None
    return Opinion(
        1.0,
        (f"the captioner is used otherwise than it was trained: {told}",),
        cure=(Usage(evidence.own["captioner"]),),
    )


def _other_records(evidence: Evidence) -> Opinion | None:
    told = evidence.strange.get("records")
    if not told:
        return None
    return Opinion(1.0, (told,), cure=(ByHand("RECORDS = 'the run's own'"),))


def _weights(evidence: Evidence) -> Opinion | None:
    """Weights that know nothing of what the log says they knew."""
    looks, learning = evidence.validation, evidence.learning
    if evidence.step is None:
        return Opinion(
            1.0,
            (evidence.strange.get("weights", "there is no checkpoint"),),
            cure=(Training(code="find out why no checkpoint can be used"),),
        )
    if not looks or not learning or evidence.replays is not False:
        return None
    if evidence.trained_under:
        return None
    replayed, logged = evidence.replayed or 0.0, learning.logged_loss or 0.0
    if replayed < logged + 0.3 or _knows(evidence):
        return None
    return Opinion(
        0.95,
        (
            (
                f"the loss of the validation split is {replayed:.2f}, and the "
                f"log says {logged:.2f} of these weights"
            ),
            f"other images move it by {looks.gap.mean:.3f}",
        ),
        cure=(OwnFile(evidence.run_dir, directory.BEST),),
    )


def _other_weights(evidence: Evidence) -> Opinion | None:
    told, learning = evidence.strange.get("weights"), evidence.learning
    cure = (OwnFile(evidence.run_dir, directory.BEST),)
    if told and evidence.step is not None:
        return Opinion(0.97, (told,), cure=cure)
    if not learning or evidence.replays is not False or evidence.trained_under:
        return None
    if not _knows(evidence):
        return None
    return Opinion(
        0.6 * between(abs(evidence.moved or 0.0), 0.0, 0.02),
        (
            (
                f"the loss of the validation split is "
                f"{evidence.replayed:.3f}, and "
                f"the log says {learning.logged_loss:.3f} of these weights"
            ),
        ),
        cure=cure,
    )


def _knows(evidence: Evidence) -> bool:
    """Whether the weights look at the image, and captions tell of it."""
    looks, said = evidence.validation, evidence.said
    if not looks or looks.gap.z < 3 or looks.gap.mean < 0.05:
        return False
    return said is None or said.cider_d > said.shuffled + 0.1


def _disordered(evidence: Evidence) -> Opinion | None:
    share = evidence.disordered
    if share is None or share < 0.1:
        return None
    return Opinion(
        between(share, 0.05, 0.3),
        (f"{share:.0%} of the captions change with the rest of their batch",),
        cure=(Usage((f"{evidence.decoder}.batch_images = 1",)),),
    )


def _search(evidence: Evidence) -> Opinion | None:
    said, looks = evidence.said, evidence.validation
    told = evidence.strange.get("search")
    if not said:
        return None
    short = said.cut > 0.5 and said.words < 0.9 * said.reference_words
    data = evidence.data
    if data and data.cut > 0.1 and not told:
        return None  # The captioner never saw an END.
    wrong = short or said.empty > 0.2
    if not told and not (wrong and looks and looks.gap.z > 3):
        return None
    seen: tuple[str, ...] = (
        (
            f"{said.cut:.0%} of the captions end at the limit and "
            f"{said.empty:.0%} "
            f"are empty; people use {said.reference_words:.1f} words"
        ),
    )
    if told:
        seen = (f"the search is not that of the training: {told}", *seen)
    better = _longer(evidence) if short else _ranked_by_length(evidence)
    harm = between(max(said.cut, said.empty, said.mode_share), 0.02, 0.3)
    return Opinion(
        0.55 + 0.45 * harm if told else (0.6 if short else 0.4) * harm,
        seen,
        cure=(Usage(evidence.own.get("search", better)),),
    )


def _longer(evidence: Evidence) -> tuple[str, ...]:
    limit = evidence.settings["batching"]["max_length"]
    return (f"{evidence.decoder}.max_length = {limit}",)


def _ranked_by_length(evidence: Evidence) -> tuple[str, ...]:
    """A beam search that prefers captions with more words."""
    beam = ("Setup.search = @Search()",) if evidence.decoder != "Search" else ()
    return (*beam, "Search.length_power = 1.0")


CAUSES: tuple[Cause[Evidence], ...] = (
    Cause(
        "weights-not-restored",
        "The weights are not those that were trained.",
        _weights,
        "another checkpoint of the run gives the same loss",
        ("blind", "rate-too-high", "updates-too-small", "weak-features"),
    ),
    Cause(
        "other-weights",
        "The weights are those of another run or an earlier step.",
        _other_weights,
        "the run's own checkpoint gives the same loss",
    ),
    Cause(
        "other-words",
        "Tokens become other words than in training.",
        _other_words,
        "captions are as wrong with the record set's vocabulary.tsv",
    ),
    Cause(
        "other-settings",
        "The captioner is used with other settings than it was trained with.",
        _other_settings,
        "captions are as wrong without these settings",
    ),
    Cause(
        "other-records",
        "The records are not those that were trained on.",
        _other_records,
        "the run's own record set gives the same captions",
        ("mismatched-pairs", "other-weights", "weights-not-restored"),
    ),
    Cause(
        "search-settings",
        "The search cuts captions short, or is not that of the training.",
        _search,
        "captions are as short with a higher limit",
        ("end-not-learned",),
    ),
    Cause(
        "batch-or-state",
        "Captions depend on the other images of their batch.",
        _disordered,
        "captions made one image at a time are the same",
    ),
)
