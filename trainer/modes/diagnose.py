"""Says whether a captioner looks at its images, and if not, why."""

import dataclasses
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.card import suspicious_pairs
from pipeline.encoders import encoder as encoder_lib
from trainer.data import damage, split_images
from trainer.data.batching import Batching
from trainer.decoding import caption as caption_lib
from trainer.diagnosis import case as case_lib
from trainer.diagnosis import (
    cures,
    doctor,
    examination,
    stored_grids,
    treatment,
    trials,
)
from trainer.diagnosis import suspicious_pairs as pairs_lib
from trainer.diagnosis.causes import settings
from trainer.diagnosis.comparison import Comparison
from trainer.diagnosis.evidence import Evidence, Trial
from trainer.modes import cure as cure_lib
from trainer.modes.outcome import Outcome
from trainer.report import diagnosis_page, diagnosis_text
from trainer.run import directory
from trainer.training import setup as setup_lib

JSON_FILE, PAGE_FILE = cure_lib.JSON_FILE, "diagnosis.html"
# A cause as likely as this needs no trial to be believed.
_SURE = 0.8
_SHOWN = 12


def diagnose(
    run_dir: str,
    *,
    setup: setup_lib.Setup,
    cure: bool = False,
    encoder: str = encoder_lib.DEFAULT,
    weights: str | None = None,
    anew: Callable[..., None],
) -> Outcome:
    """Says whether a captioner looks at its images, and if not, why.

    Writes `diagnosis.json` and `diagnosis.html` into the run's folder; where a
    part of the pairs is wrong, also `suspicious_pairs.jsonl`.

    Args:
      run_dir: of a trained captioner.
      setup: as the run is used; what the run was trained with is read from its
        folder, and compared.
      cure: carry out what is advised, in a folder beside the run's whose name
        ends in `-cured`, with 1,000 updates at most, and compare the scores.
      encoder: the one that made the grids, to compare images with them: a
        name or path, as `--encoder` of `pipeline.main` takes it.
      weights: its weights, as `--weights` takes them.
      anew: trains and diagnoses under another configuration; see
        `configurable`.

    Returns:
      The diagnosis. Its exit code: 0 healthy, 1 could not tell, 3 collapsed, 4
      suspicious.

    Raises:
      RunError: nothing was trained there.
      RecordSetError: the record set can't be used.
      CorruptShard: a shard of it is damaged.
    """
    setup.devices.alone().open()
    case = case_lib.open_case(run_dir, setup)
    with damage.named(case.record_set):
        answer = _examined(case, setup, encoder, weights)
    page, told = answer.write(run_dir, None), []
    if cure:
        told = _cured(case, answer, anew)
    text = diagnosis_text.terminal(answer.found, page, told)
    return Outcome(text, int(answer.found.state))


def _cured(
    case: case_lib.Case, answer: "_Answer", anew: Callable[..., None]
) -> list[str]:
    """Treats a run; returns what was done, in lines."""
    chosen = treatment.choose(answer.found)
    try:
        compared = cure_lib.cure(case, chosen, answer.row, anew)
    except (ValueError, FloatingPointError) as error:
        # A diagnosis that took minutes is not lost by it.
        return [f"The treatment failed: {error}"]
    answer.write(case.run_dir, compared)
    return diagnosis_text.cured(chosen, compared)


@dataclasses.dataclass(frozen=True)
class _Answer:
    """What is written of a run.

    Attributes:
      found: the diagnosis.
      evidence: that it was made by.
      examples: captioned images.
      suspects: the most suspicious pairs, with thumbnails.
    """

    found: doctor.Diagnosis
    evidence: Evidence
    examples: Sequence[caption_lib.CaptionedExample]
    suspects: Mapping[suspicious_pairs.Pair, bytes]

    @property
    def row(self) -> dict[str, Any]:
        """JSON values, for programs."""
        return {**self.found.to_json(), "evidence": self.evidence.to_json()}

    def write(self, run_dir: str, compared: Comparison | None) -> str:
        """Writes file and page; returns the page's path."""
        row = self.row | ({"cured": compared.to_json()} if compared else {})
        path, page = (os.path.join(run_dir, n) for n in (JSON_FILE, PAGE_FILE))
        directory.write_text(path, json.dumps(row, indent=1))
        shown = diagnosis_page.render(
            self.found, self.evidence, self.examples, self.suspects, compared
        )
        directory.write_text(page, shown)
        return page


def _examined(
    case: case_lib.Case,
    setup: setup_lib.Setup,
    encoder: str,
    weights: str | None,
) -> _Answer:
    evidence, examples = examination.examine(
        case,
        batching=Batching(**case.identity.batching),
        decoder=setup.search,
        split=case.identity.selection["validation_split"],
        encoder=stored_grids.made_by(
            case.record_set.manifest, encoder, weights
        ),
    )
    evidence = _tried(case, setup, evidence)
    found = doctor.diagnose(evidence)
    listed = any(isinstance(each, cures.WithoutPairs) for each in found.cures)
    suspects = _write_pairs(case) if listed else {}
    return _Answer(found, evidence, examples[:_SHOWN], suspects)


def _write_pairs(case: case_lib.Case) -> dict[suspicious_pairs.Pair, bytes]:
    """Lists train images whose captions fit others better.

    Returns:
      The worst of them, with their thumbnails.
    """
    pairs = pairs_lib.find(case.record_set, "train")
    directory.write_text(
        os.path.join(case.run_dir, suspicious_pairs.FILE),
        suspicious_pairs.dump(pairs),
    )
    worst = sorted(pairs)[:_SHOWN]
    thumbnails = split_images.thumbnails(
        case.record_set, "train", {pair.image_id for pair in worst}
    )
    return {pair: thumbnails[pair.image_id] for pair in worst}


def _tried(
    case: case_lib.Case, setup: setup_lib.Setup, evidence: Evidence
) -> Evidence:
    """Adds short trainings where a setting may be the cause."""
    suspects = settings.suspects(evidence.settings)
    first = doctor.diagnose(evidence)
    sure = bool(first.named) and first.named[0].strength >= _SURE
    collapsed = first.state == doctor.State.COLLAPSED
    if not suspects and (sure or not collapsed):
        return evidence
    laboratory = trials.Laboratory(
        setup,
        case.record_set,
        case.identity,
        case.identity.batching["max_length"],
    )
    changes = {
        slug: [sound.change(evidence.settings) for sound in sounds]
        for slug, sounds in suspects.items()
    }
    made: dict[str, Trial] = {"own": laboratory.run()}
    for slug, change in changes.items():
        others = [
            each
            for other, several in changes.items()
            if other != slug
            for each in several
        ]
        # With all others sound, what is left is this one's doing.
        made[slug] = laboratory.run([*others, *change])
        if others:
            made[f"but-{slug}"] = laboratory.run(others)
    return dataclasses.replace(evidence, trials=made)
