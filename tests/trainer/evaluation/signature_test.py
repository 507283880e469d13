"""The signature tells what scores depend on."""

from pipeline.scoring.metric import References
from trainer.evaluation.signature import signature


def test_a_signature_counts_images_references_and_captions():
    references = References(["1", "2"], [["a dog", "dogs"], ["a cat"]])
    fields = dict(
        field.split(":", 1)
        for field in signature(references, [3, 3]).split("|")
    )
    assert fields["images"] == "2"
    assert (fields["refs"], fields["captions"]) == ("1-2", "3")
    assert fields["tok"] == "ptb-nfkc"
    assert fields["cider_d"] == "n4,sigma6,df=these-references"
    assert fields["interval"] == "bootstrap2000,95%"
