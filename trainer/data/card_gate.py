"""Whether a record set may be trained on, by its data card."""

from collections.abc import Sequence

from pipeline.card import checks, data_card, facts
from pipeline.findings import rule, wording
from pipeline.findings.finding import Finding
from pipeline.recordset import record_set as record_set_lib

# Shares of the train captions.
_CUT_WARNING, _CUT_LIMIT = 0.001, 0.1


class RefusedDataError(ValueError):
    """A record set that a captioner would not learn from."""


def admit(
    record_set: record_set_lib.RecordSet,
    waived: Sequence[str] = (),
    others: Sequence[str] = (),
    *,
    max_length: int,
) -> list[str]:
    """Reads the data card before the first step.

    Args:
      record_set: to train on.
      waived: slugs of findings that must not stop the training.
      others: names beside the card's slugs that may be waived.
      max_length: tokens of a caption, with END, that training reads.

    Returns:
      Lines to log before the first step: warnings, and what was waived.

    Raises:
      RefusedDataError: there is a `stop` finding that is not waived, or no
        finding of a waived name.
      DataCardError: the card is damaged.
    """
    if record_set.manifest.card_sha256 is None:
        return [f"{record_set.path} has no data card: nothing is judged"]
    card = data_card.load(record_set.path)
    findings = [*card.findings, _cut_captions(max_length).judge(card.facts)]
    # An older card has no finding of a rule that has come since.
    rules = {each.slug for each in checks.RULES}
    judged = {finding.slug for finding in findings}
    _check_names([*others, *(rules | judged)], waived)
    stops = [
        each
        for each in findings
        if each.level == "stop" and each.slug not in waived
    ]
    if stops:
        raise RefusedDataError(_refusal(record_set.path, stops, waived))
    return [
        f"{'waived' if each.level == 'stop' else 'warn'}: {_line(each)}"
        for each in findings
        if each.level != "ok"
    ]


def _cut_captions(max_length: int) -> rule.Rule[facts.Facts]:
    """Judges the captions of the train split that training would cut."""

    def share(known: facts.Facts) -> float | None:
        """Share of captions with more words than leave room for END."""
        lengths = known.splits["train"].caption_lengths
        captions = sum(count for _, count in lengths)
        cut = sum(count for words, count in lengths if words >= max_length)
        return cut / captions if captions else None

    return rule.Rule(
        slug="cut-captions",
        measure=share,
        warn=_CUT_WARNING,
        stop=_CUT_LIMIT,
        meaning="{:.1%} of the train captions have more words than "
        f"Batching.max_length = {max_length} leaves room for, and are learned "
        "without their end.",
        advice="Raise MAX_LENGTH.",
    )


def _check_names(known: Sequence[str], waived: Sequence[str]) -> None:
    for slug in waived:
        if slug not in known:
            raise RefusedDataError(
                f"train.waived: no finding {slug!r}; there are "
                f"{', '.join(sorted(known))}"
            )


def _refusal(path: str, stops: Sequence[Finding], waived: Sequence[str]) -> str:
    first, *rest = stops
    more = f" Also: {', '.join(each.slug for each in rest)}." if rest else ""
    names = [*waived, *(each.slug for each in stops)]
    return (
        f"{path} is not fit to train on: {_line(first)}{more} See its "
        "data_card.html. To train all the same: "
        f'--gin_param="train.waived = {names}"'
    )


def _line(finding: Finding) -> str:
    """Slug, sentence, measured value and advice, on one line."""
    text = (
        f"{finding.slug}: {wording.sentence(finding)} "
        f"({wording.measured(finding)}) {finding.advice}"
    )
    return " ".join(text.split())
