"""Times BLEU and CIDEr-D against pycocoevalcap, on captions cut into words.

python -m benchmarks.scoring --tokens=flickr8k/Flickr8k.token.txt --peer=PATH

Captions are each image's first reference or another image's, in equal shares;
both systems get the same words, in one process, one after the other. The peer
is timed where `pycocoevalcap` can be imported: `--peer` names the folder of
packages that holds it, so that it need not be installed here.
"""

import argparse
import collections
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from pipeline.scoring import bleu, cider
from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import Tokens
from pipeline.scoring.ptb_tokens import ptb_tokens

Captions = list[Tokens]


def read(path: str, images: int) -> tuple[Captions, list[Captions]]:
    """Reads captions and references of as many images as are asked for."""
    rows: dict[str, Captions] = collections.defaultdict(list)
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, text = line.rstrip("\n").split("\t")
            rows[name.partition("#")[0]].append(ptb_tokens(text))
    draw = random.Random(0)
    references = draw.sample(list(rows.values()), images)
    captions = [
        (row if draw.random() < 0.5 else draw.choice(references))[0]
        for row in references
    ]
    return captions, references


def ours(
    captions: Captions, references: Sequence[Captions]
) -> Callable[[], list[float]]:
    """Counts the references anew in each call, as the peer does."""
    texts = [[" ".join(words) for words in row] for row in references]

    def score() -> list[float]:
        known = References(list(map(str, range(len(texts)))), texts)
        vars(known)["words"] = references
        metrics = (*map(bleu.BleuMetric, range(1, 5)), cider.CiderDMetric())
        return [each.against(known).corpus(captions) for each in metrics]

    return score


def peer(
    captions: Captions, references: Sequence[Captions]
) -> Callable[[], list[float]]:
    """The official code; raises ImportError where it is not there."""
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider

    said = {n: [" ".join(words)] for n, words in enumerate(captions)}
    known = {
        n: [" ".join(words) for words in row]
        for n, row in enumerate(references)
    }

    def score() -> list[float]:
        four, _ = Bleu(4).compute_score(known, said, verbose=0)
        one, _ = Cider().compute_score(known, said)
        return [*map(float, four), float(one)]

    return score


def seconds(score: Callable[[], list[float]], repeats: int) -> list[float]:
    """Times calls."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        score()
        found.append(time.perf_counter() - start)
    return found


def main() -> None:
    """Prints the medians, their ratio, and how far the scores are apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", required=True)
    parser.add_argument("--peer", default="")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    if options.peer:
        sys.path.append(options.peer)
    captions, references = read(options.tokens, options.images)
    own = ours(captions, references)
    own_time = statistics.median(seconds(own, options.repeats))
    print(f"ours           {own_time:.3f} s for {options.images} captions")
    try:
        official = peer(captions, references)
    except ImportError:
        print(
            "pycocoevalcap  not installed here; --peer=FOLDER names its place"
        )
        return
    peer_time = statistics.median(seconds(official, options.repeats))
    apart = max(abs(a - b) for a, b in zip(own(), official(), strict=True))
    print(f"pycocoevalcap  {peer_time:.3f} s")
    print(
        f"ratio          {peer_time / own_time:.1f}, scores apart {apart:.0e}"
    )


if __name__ == "__main__":
    main()
