"""How well the share of wrong pairs is estimated, by pairs that are made wrong.

  python -m benchmarks.wrong_pairs --records=data/flickr8k/records

Reads images of train, and for several shares gives the captions of so many
images to others. Prints the estimate with its interval, and of what is listed
as suspicious how much is wrong, and how much of what is wrong is listed.
"""

import argparse
import time

import numpy as np

from pipeline.card import wrong_pairs
from pipeline.recordset import record_set as record_set_lib
from pipeline.scoring.ptb_tokens import ptb_tokens
from trainer.data import split_images

SHARES = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)


def read(records: str, images: int) -> tuple[list[list[str]], np.ndarray]:
    """Captions and pooled features of some train images."""
    captions: list[list[str]] = []
    pooled = []
    for batch in split_images.batches(
        record_set_lib.open_record_set(records),
        "train",
        batch_images=32,
        limit=images,
    ):
        captions += batch.captions
        pooled.append(batch.real_grids.mean(axis=1))
    return captions, np.concatenate(pooled)


def judge(words: list, pooled: np.ndarray, share: float, seed: int) -> str:
    """Makes a share of the pairs wrong, and formats what is found."""
    draw = np.random.default_rng(seed)
    struck = draw.permutation(len(words))[: round(share * len(words))]
    given = list(words)
    for place, other in zip(struck, np.roll(struck, 1), strict=True):
        given[place] = words[other]
    began = time.process_time()
    ranks = wrong_pairs.rank(given, pooled)
    facts = ranks.facts()
    if facts is None:
        return "too few images"
    took = time.process_time() - began
    listed = {place for place, _ in ranks.suspicious()}
    hits = len(listed & set(struck.tolist()))
    return (
        f"{len(words):>6} {share:>6.0%} {facts.wrong:>6.1%} "
        f"({facts.low:.1%} to {facts.high:.1%}), listed {len(listed)}, "
        f"{hits / max(len(listed), 1):.0%} of them wrong, "
        f"{hits / max(len(struck), 1):.0%} of the wrong; {took:.1f} s"
    )


def main() -> None:
    """Prints a line for each number of images and share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", required=True)
    given = parser.parse_args()
    captions, pooled = read(given.records, images=3000)
    words = [list(map(ptb_tokens, row)) for row in captions]
    print("images  wrong  estimate")
    for images in (200, 1000, 3000):
        if images <= len(words):
            for share in SHARES:
                print(judge(words[:images], pooled[:images], share, images))


if __name__ == "__main__":
    main()
