r"""The time of a search beside that of its matrix products alone.

  python -m benchmarks.decoding
  python -m benchmarks.decoding --captioner=Transformer --beams=5 \
    --peer=ENVIRONMENT/bin/python

Both run in turns, on random numbers and weights, with Flickr8k's grid. The
products are those of reading the grid and of as many steps as a caption may
have tokens: random weights seldom end a caption before. `--peer` names an
interpreter with torch and transformers, whose `generate` takes its turns too.
"""

import argparse
import functools
import pathlib
import subprocess
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from benchmarks import products
from pipeline.recordset import vocabulary as vocabulary_lib
from trainer import configurable
from trainer.captioners import contract
from trainer.decoding import beam, generator

LOCATIONS, DEPTH = 49, 1280
CAPTIONERS = {each.__name__: each for each in configurable.CAPTIONERS}


def captioner_of(asked: argparse.Namespace) -> contract.Captioner:
    """A captioner of its usual sizes, with random weights."""
    keras.utils.set_random_seed(1)
    return CAPTIONERS[asked.captioner](
        vocabulary_size=asked.vocabulary,
        locations=LOCATIONS,
        depth=DEPTH,
        log_unigram=np.zeros(asked.vocabulary, np.float32),
        units=asked.units,
    )


def products_of(
    model: contract.Captioner, grid: tf.Tensor, asked: argparse.Namespace
) -> list[products.Product]:
    """Of reading the grid, and of all steps."""
    memory = model.remember(grid)
    state = model.initial_state(memory, asked.beams)
    words = tf.ones([asked.images, asked.beams], tf.int32)
    return [
        *products.made_by(model.remember, grid),
        *products.made_by(model.step, memory, state, words) * asked.length,
    ]


def peer_of(asked: argparse.Namespace) -> Callable[[], float]:
    """Starts the peer; each call searches once and returns the seconds."""
    sizes = {
        **{
            each: getattr(asked, each) for each in ("images", "beams", "length")
        },
        **{"units": asked.units, "vocabulary": asked.vocabulary, "layers": 3},
        **{"locations": LOCATIONS, "depth": DEPTH},
    }
    program = pathlib.Path(__file__).with_name("generate_peer.py")
    process = subprocess.Popen(
        [asked.peer, program, *(f"--{name}={n}" for name, n in sizes.items())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    give, take = process.stdin, process.stdout

    def search() -> float:
        """One search."""
        print(file=give, flush=True)
        return float(take.readline())

    return search


def main() -> None:
    """Prints medians, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--captioner", choices=CAPTIONERS, default="ShowAttendTell"
    )
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--beams", type=int, default=5)
    parser.add_argument("--length", type=int, default=20)
    parser.add_argument("--units", type=int, default=512)
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peer", help="interpreter with transformers")
    asked = parser.parse_args()
    model = captioner_of(asked)
    words = [*vocabulary_lib.SPECIAL, *map(str, range(asked.vocabulary))]
    words = words[: asked.vocabulary]
    names = vocabulary_lib.Vocabulary(words, [1] * len(words))
    search = beam.BeamSearch(beams=asked.beams, max_length=asked.length)
    captions = generator.CaptionGenerator(model, names, search)
    shape = [asked.images, LOCATIONS, DEPTH]
    grid = tf.random.stateless_normal(shape, [1, 2])
    program = functools.partial(captions.decode, grid)
    whole, told = products.compare(
        program,
        products_of(model, grid, asked),
        asked.rounds,
    )
    print(
        f"{asked.captioner}, {search.description}: {whole:.3f} s, "
        f"{asked.images / whole:.1f} images/s; {told}"
    )
    if asked.peer:
        own = functools.partial(products.seconds, program)
        other, _, ratio = products.in_turns(peer_of(asked), own, asked.rounds)
        print(f"generate {other:.3f} s; {ratio:.2f} times ours")


if __name__ == "__main__":
    main()
