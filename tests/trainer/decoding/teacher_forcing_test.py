"""Hidden words."""

import tensorflow as tf

from pipeline.recordset.vocabulary import END, PAD, START, UNK
from trainer.decoding import teacher_forcing


def test_words_are_hidden_and_special_tokens_are_not() -> None:
    said = tf.constant([[START, 4, UNK, 9, END, PAD]])
    hidden = teacher_forcing.hidden(said)
    assert hidden.numpy().tolist() == [[START, UNK, UNK, UNK, END, PAD]]
