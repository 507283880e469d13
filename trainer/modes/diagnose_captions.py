"""Says what captions of any system tell of it, by the captions alone."""

import json

from trainer.diagnosis import caption_results, outputs
from trainer.modes.outcome import Outcome
from trainer.report import diagnosis_text
from trainer.run import directory


def diagnose_captions(
    captions: str, references: str, output: str | None = None
) -> Outcome:
    """Says what captions of any system tell of it.

    Args:
      captions: file of captions; see `caption_results`.
      references: file of what people say of the images.
      output: file to write the diagnosis to, as JSON; None for none.

    Returns:
      The diagnosis. Its exit code: 0 healthy, 1 could not tell, 3 collapsed, 4
      suspicious.

    Raises:
      ResultsError: a file can't be read, or they do not fit.
    """
    results = caption_results.read(captions, references)
    found = outputs.diagnose(outputs.measure(results))
    if output:
        text = json.dumps(found.to_json(), indent=1)
        directory.write_text(output, text)
    return Outcome(diagnosis_text.terminal(found, output), int(found.state))
