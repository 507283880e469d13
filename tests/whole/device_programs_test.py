"""Every device program lowers to XLA, and all its shapes are known."""

import dataclasses

import keras
import pytest
import tensorflow as tf

from tests.support import device_programs
from trainer.decoding import beam, diverse_beam, greedy, guided, sampling
from trainer.decoding.word_rules import WordRules

# A shipped run's own settings, of few and small weights.
FILES = ("gin/run_flickr8k.gin", "gin/tiny.gin")
SIZES = (
    "MAX_LENGTH = 3",
    "ShowAttendTell.dropout_rate = 0.3",
    "ShowAttendTell.word_dropout = 0.2",
    "AdamW.average_decay = 0.9",
)


RULES = WordRules(
    min_words=2,
    no_repeat_ngram=2,
    no_doubled_word=True,
    bad_endings=["word3"],
    length_reward=0.5,
    target_words=3,
)


def build(*parameters: str, **sizes: int) -> device_programs.Run:
    return device_programs.Run(
        FILES, [*SIZES, *parameters], vocabulary_size=30, **sizes
    )


@pytest.fixture(scope="module")
def programs():
    lowered = {p.name: p for p in build(replicas=2).every()}
    yield lowered
    keras.config.set_dtype_policy("float32")


EVERY = ("gradients", "apply", "evaluation", "greedy", "beam-3")


def test_these_are_all(programs):
    assert tuple(programs) == EVERY


@pytest.mark.parametrize("name", EVERY)
def test_shapes_are_known_and_nothing_is_asked_outside(programs, name):
    assert not device_programs.faults(programs[name])


@pytest.mark.parametrize("name", EVERY)
def test_matrices_multiply_in_sixteen_bits(programs, name):
    factors = device_programs.products(programs[name])
    assert set(factors) == (set() if name == "apply" else {"bf16,bf16"})
    assert programs[name].text.count(" dot(") == len(factors)


@pytest.mark.parametrize("name", EVERY)
def test_replicas_meet_in_the_gradients_alone(programs, name):
    reduced = programs[name].text.count("replica_groups={{0,1}}")
    # One for each weight, the loss and the count of tokens.
    assert (reduced > 2) == (name == "gradients")


SEARCHES = {
    "ruled-beam": beam.BeamSearch(rules=RULES, n_best=2),
    "must-say": beam.BeamSearch(beams=2, must_say=["word1", "word2"]),
    "greedy": greedy.Greedy(rules=RULES),
    "diverse": diverse_beam.DiverseBeamSearch(beams=4, groups=2),
    "sampling": sampling.Sampling(n_best=2, top_p=0.9, rules=RULES),
    "top-k": sampling.Sampling(top_k=5, temperature=0.7),
    "guided": guided.Guided(beam.BeamSearch(beams=2), weight=0.5),
}


@pytest.fixture(scope="module")
def searching():
    yield build()
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_lowers(searching, name):
    inner = {"max_length": 5, "batch_images": 4}
    search = SEARCHES[name]
    if isinstance(search, guided.Guided):
        inside = dataclasses.replace(search.search, **inner)
        inner = {"search": inside}
    program = searching.searching(dataclasses.replace(search, **inner), name)
    assert not device_programs.faults(program)


def test_microbatches_and_other_losses_lower(programs):
    run = build(
        "CaptionLoss.coverage_weight = 0.1",
        "CaptionLoss.label_smoothing = 0.1",
        microbatches=2,
    )
    gradients = run.gradients()
    assert " while(" in gradients.text
    assert not device_programs.faults(gradients)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.boolean_mask(x, x > 0),
        lambda x: tf.unique(x)[0],
    ],
)
def test_a_size_that_only_the_data_tell_is_a_fault(function):
    bad = device_programs.lower("bad", function, [tf.ones([4])])
    assert device_programs.faults(bad)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.numpy_function(lambda v: v, [x], tf.float32),
        tf.strings.as_string,
    ],
)
def test_a_call_of_the_host_does_not_lower(function):
    with pytest.raises((tf.errors.OpError, ValueError)):
        _ = device_programs.lower("bad", function, [tf.ones([4])]).text
