"""Diagnoses of evidence that is sound but for what a test changes."""

from typing import Any

from tests.support import evidence
from trainer.diagnosis import doctor


def assert_named_first(slug: str, changes: dict[str, Any]) -> None:
    """A cause is named first, as an alarm, with evidence and cure."""
    found = doctor.diagnose(evidence.evidence(**changes))
    first = found.named[0]
    assert first.cause.slug == slug
    assert first.opinion.speaks_for and first.opinion.cure
    assert found.state in (doctor.State.COLLAPSED, doctor.State.SUSPICIOUS)
    row = first.to_json()
    assert row["cause"] == slug and row["strength"] >= doctor.ALARM
