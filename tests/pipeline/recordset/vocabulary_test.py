"""Vocabulary: words to ids and back, in the graph and outside it."""

import hashlib

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import vocabulary as vocabulary_lib
from pipeline.recordset.vocabulary import END, PAD, START, UNK

COUNTS = {"dog": 5, "a": 9, "cat": 5, "man's": 1}


@pytest.fixture(scope="module")
def vocabulary() -> vocabulary_lib.Vocabulary:
    return vocabulary_lib.Vocabulary.from_counts(
        COUNTS, num_captions=6, num_words=23
    )


def words(caption: str) -> list[str]:
    tokens = vocabulary_lib.tokenise(tf.constant([caption]))
    return [token.decode() for token in tokens[0].numpy()]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A Dog runs .", "a dog runs"),
        ("two dogs, running; fast!(really)", "two dogs running fast really"),
        ("a black-and-white T-shirt", "a black and white t shirt"),
        ("snake_case 3.5 <start>", "snake case 3 5 start"),
        ("the man's dogs'", "the man's dogs"),
        ("'one' 'two' ''three''", "one two three"),
        ("' 'one' ' two',' three' ''", "one two three"),
        ("rock'n'roll ' and '' so", "rock'n'roll and so"),
        ("the man\u2019s \u2018red\u2019 hat", "the man's red hat"),
        ("STRASSE stra\u00dfe \u00c9t\u00e9", "strasse strasse \u00e9t\u00e9"),
        ("e\u0301t\u00e9 \uff21\uff22\u2122", "\u00e9t\u00e9 abtm"),
        ("\ufb01ne Q\u0307\u0323", "fine q\u0323\u0307"),
        (
            "\u0939\u093f\u0928\u094d\u0926\u0940",
            "\u0939\u093f\u0928\u094d\u0926\u0940",
        ),
        ("a \U0001f436 dog\u2764\ufe0f", "a dog"),
        ("\u72ac\u304c\u8d70\u308b\u3002", "\u72ac \u304c \u8d70 \u308b"),
        ("T恤衫2件", "t 恤 衫 2 件"),
        ("カップ", "カ ッ プ"),
        ("tab\tand\nline \u00a0 end", "tab and line end"),
        ("", ""),
        (" ... '' - ", ""),
    ],
)
def test_captions_become_words(caption: str, expected: str) -> None:
    assert words(caption) == expected.split()


def test_tokenising_is_idempotent() -> None:
    for caption in ("'one' 'two'", "STRASSE \u00c9", "the man\u2019s x-y"):
        once = words(caption)
        assert words(" ".join(once)) == once


def test_words_rank_by_count_then_alphabet(
    vocabulary: vocabulary_lib.Vocabulary,
) -> None:
    specials = ("<pad>", "<unk>", "<start>", "<end>")
    assert vocabulary.words == (*specials, "a", "cat", "dog", "man's")
    # UNK stands for the 23 - 20 words that were left out, END for captions.
    assert vocabulary.counts.tolist() == [0, 3, 0, 6, 9, 5, 5, 1]
    assert len(vocabulary) == 8


def test_dump_and_load_are_inverse(
    vocabulary: vocabulary_lib.Vocabulary,
) -> None:
    text = vocabulary.dump()
    assert text.startswith("<pad>\t0\n<unk>\t3\n<start>\t0\n<end>\t6\na\t9\n")
    again = vocabulary_lib.Vocabulary.load(text)
    assert again.words == vocabulary.words
    assert again.counts.tolist() == vocabulary.counts.tolist()
    assert again.digest == vocabulary.digest
    assert again.digest == hashlib.sha256(text.encode()).hexdigest()


def test_the_digest_knows_words_and_counts() -> None:
    made = vocabulary_lib.Vocabulary.from_counts
    digests = {
        made({"a": 2}, num_captions=1, num_words=2).digest,
        made({"a": 3}, num_captions=1, num_words=3).digest,
        made({"b": 2}, num_captions=1, num_words=2).digest,
        made({"a": 2}, num_captions=2, num_words=2).digest,
        made({"a": 2}, num_captions=1, num_words=3).digest,
    }
    assert len(digests) == 5


def test_captions_end_with_end_and_are_filled_with_pad(
    vocabulary: vocabulary_lib.Vocabulary,
) -> None:
    captions = tf.constant(["A dog.", "a cat", "", "the man's a dog"])
    ids = vocabulary.encode(captions, 6)
    assert ids.dtype == tf.int32
    assert ids.numpy().tolist() == [
        [4, 6, END, PAD, PAD, PAD],
        [4, 5, END, PAD, PAD, PAD],
        [END, PAD, PAD, PAD, PAD, PAD],
        [UNK, 7, 4, 6, END, PAD],
    ]


def test_a_cut_caption_has_no_end(
    vocabulary: vocabulary_lib.Vocabulary,
) -> None:
    ids = vocabulary.encode(tf.constant(["a dog a dog", "a dog a", "a dog"]), 3)
    assert ids.numpy().tolist() == [[4, 6, 4], [4, 6, 4], [4, 6, END]]


def test_special_tokens_cannot_be_written_in_a_caption(
    vocabulary: vocabulary_lib.Vocabulary,
) -> None:
    ids = vocabulary.encode(tf.constant(["<end> <pad> <start>"]), 5)
    assert ids.numpy().tolist() == [[UNK, UNK, UNK, END, PAD]]


def test_encoding_in_a_graph_has_a_static_length(
    vocabulary: vocabulary_lib.Vocabulary,
) -> None:
    captions = ["a dog", "it's a cat"]
    rows = tf.data.Dataset.from_tensor_slices(captions).batch(2)
    rows = rows.map(lambda batch: vocabulary.encode(batch, 5))
    assert rows.element_spec.shape.as_list() == [None, 5]
    (ids,) = rows.as_numpy_iterator()
    eager = vocabulary.encode(tf.constant(captions), 5)
    np.testing.assert_array_equal(ids, eager)


def test_ids_become_text_again(vocabulary: vocabulary_lib.Vocabulary) -> None:
    ids = vocabulary.encode(tf.constant(["The man's dog!"]), 7)[0].numpy()
    assert vocabulary.decode(ids) == "<unk> man's dog"
    assert vocabulary.decode(np.array([START, 4, 6, END, 5, 5])) == "a dog"
    assert vocabulary.decode(np.array([END, 4])) == ""


def test_unigrams_are_a_distribution_over_what_is_predicted(
    vocabulary: vocabulary_lib.Vocabulary,
) -> None:
    log_share = vocabulary.log_unigram()
    assert log_share.dtype == np.float32
    share = np.exp(log_share.astype(np.float64))
    assert share.sum() == pytest.approx(1, abs=1e-6)
    # 3 + 6 + 9 + 5 + 5 + 1 tokens, and half a one each for PAD and START.
    expected = np.array([0.5, 3, 0.5, 6, 9, 5, 5, 1]) / 30
    np.testing.assert_allclose(share, expected, rtol=1e-5)


def test_tokens_that_never_occur_are_improbable_but_possible() -> None:
    full = vocabulary_lib.Vocabulary.from_counts(
        {"a": 9}, num_captions=1, num_words=9
    )
    assert np.isfinite(full.log_unigram()).all()
    assert full.log_unigram()[UNK] == full.log_unigram()[PAD]


def test_an_empty_vocabulary_knows_the_special_tokens_only() -> None:
    empty = vocabulary_lib.Vocabulary.from_counts(
        {}, num_captions=0, num_words=0
    )
    ids = empty.encode(tf.constant(["a dog"]), 4).numpy().tolist()
    assert ids == [[UNK, UNK, END, PAD]]


def test_the_special_tokens_come_first() -> None:
    with pytest.raises(ValueError) as caught:
        vocabulary_lib.Vocabulary(["a", "b", "c", "d"], [1, 1, 1, 1])
    assert str(caught.value) == (
        "a vocabulary begins with ('<pad>', '<unk>', '<start>', '<end>'), "
        "got ('a', 'b', 'c', 'd')"
    )


def test_every_word_has_a_count() -> None:
    with pytest.raises(ValueError) as caught:
        vocabulary_lib.Vocabulary([*vocabulary_lib.SPECIAL, "a"], [0, 0, 0, 0])
    assert str(caught.value) == "one count a word: 5 words, 4 counts"
