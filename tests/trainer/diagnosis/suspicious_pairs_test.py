"""A record set's pairs that look wrong."""

from trainer.diagnosis import suspicious_pairs


def test_of_few_images_none_is_listed(record_set) -> None:
    assert suspicious_pairs.find(record_set, "train") == []
