"""How scores were made, in one line that a paper can print (Post 2018)."""

from collections.abc import Sequence

from pipeline.scoring.metric import References
from trainer.evaluation import bootstrap


def signature(references: References, captions: Sequence[int] = (1,)) -> str:
    """Returns what another has to do alike to get the same scores.

    Args:
      references: of the scored images.
      captions: how many captions images have.
    """
    counts = [len(row) for row in references.texts]
    return "|".join(
        [
            "eyewitness:1",
            "tok:ptb-nfkc",
            f"images:{len(counts)}",
            f"refs:{_range(counts)}",
            f"captions:{_range(captions)}",
            "bleu:closest",
            "rouge_l:beta1.2",
            "cider:n4,df=these-references",
            "cider_d:n4,sigma6,df=these-references",
            "chair:coco80,references-only",
            f"interval:bootstrap{bootstrap.DRAWS},95%",
        ]
    )


def _range(counts: Sequence[int]) -> str:
    """Formats counts, such as `5` or `4-7`."""
    least, most = min(counts), max(counts)
    return str(most) if least == most else f"{least}-{most}"
