"""Images whose captions fit others better, as lines for people and programs."""

import json

from pipeline.card import suspicious_pairs


def test_the_most_suspicious_pair_comes_first() -> None:
    pairs = [
        suspicious_pairs.Pair(0.5, "a.jpg", ("a dog", "a cat")),
        suspicious_pairs.Pair(0.01235, "b.jpg", ("a boat",)),
    ]
    first, last = suspicious_pairs.dump(pairs).splitlines()
    assert json.loads(first)["worse"] == 0.988
    assert json.loads(last) == {
        "image_id": "a.jpg",
        "worse": 0.5,
        "captions": ["a dog", "a cat"],
    }
