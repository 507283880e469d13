"""Tokens of the Penn Treebank, as the official scorer has them."""

import unicodedata

import pytest
import tensorflow as tf

from pipeline.recordset import vocabulary
from pipeline.scoring.ptb_tokens import ptb_tokens
from tests.support import reference_data


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("A Dog runs .", "a dog runs"),
        ("A dog, a cat; one bird!", "a dog a cat one bird"),
        ("A dog's toy isn't new.", "a dog 's toy is n't new"),
        ("They’re on the “grass” – here…", "they 're on the grass here"),
        ("I can't, he cannot", "i ca n't he can not"),
        ("Gonna wanna gotta", "gon na wan na got ta"),
        ("lemme or gimme cannoli", "lem me or gim me cannoli"),
        ("the dogs' bowl", "the dogs bowl"),
        ("five o'clock and rock 'n' roll", "five o'clock and rock 'n' roll"),
        ("a 2-year-old in a t-shirt", "a 2-year-old in a t-shirt"),
        ("a black/white cat, 1/2 pizza", "a black/white cat 1/2 pizza"),
        ("a (small) dog", "a -lrb- small -rrb- dog"),
        ("Washington D.C. and an R.V.", "washington d.c. and an r.v."),
        ("Mr. Smith of Elm St.", "mr. smith of elm st."),
        ("the sky.  The sea.The sun", "the sky the sea.the sun"),
        ("at 8:25, $5.00 for 1,000", "at 8:25 $ 5.00 for 1,000"),
        ("7:30pm. Dog #5 & AT&T", "7:30 pm dog # 5 & at&t"),
        ("wow!!! wow!", "wow !!! wow"),
        ("a <unk> dog \N{DOG FACE} here", "a <unk> dog here"),
        ("a café\nsign", "a café sign"),
        (" . ", ""),
        ("", ""),
    ],
)
def test_cuts_words_as_the_official_tokenizer_does(caption, words):
    assert ptb_tokens(caption) == words.split()


LANGUAGES = {
    "Bengali": "একটি কুকুর ঘাসের উপর দৌড়াচ্ছে",
    "German": "Ein weißer Hund läuft über die Straße",
    "Hebrew with vowels": "כֶּלֶב לָבָן רָץ",
    "Hindi": "एक सफेद कुत्ता घास पर दौड़ रहा है",
    "Arabic with vowels": "كَلْبٌ أَبْيَضُ يَجْرِي",
    "Persian": "سگ می‌دود",
    "Tamil": "ஒரு வெள்ளை நாய் ஓடுகிறது",
    "Thai": "หมาสีขาว วิ่งบนหญ้า",
    "Turkish": "Büyük bir köpek çimde koşuyor",
    "Vietnamese": "Một con chó trắng đang chạy trên cỏ",
    "full width": "ＡＢＣ １２",
}


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_those_of_a_vocabulary_in_every_language(language, form):
    written = unicodedata.normalize(form, LANGUAGES[language])
    words = vocabulary.tokenise(tf.constant([written])).flat_values.numpy()
    assert ptb_tokens(written) == [word.decode() for word in words]
    assert len(words) == len(LANGUAGES[language].split())


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize(
    "caption", ["一只狗在草地上。", "犬がボールで遊ぶ", "T恤衫 2件", "ｶﾞﾗｽ"]
)
def test_signs_are_words_as_in_a_vocabulary(caption, form):
    written = unicodedata.normalize(form, caption)
    words = vocabulary.tokenise(tf.constant([written])).flat_values.numpy()
    texts = [word.decode() for word in words]
    assert ptb_tokens(written) == ptb_tokens(" ".join(texts)) == texts
    assert len(texts) > 2


def test_every_combining_mark_belongs_to_its_word():
    marks = [c for c in map(chr, range(0x10000)) if unicodedata.combining(c)]
    assert len(marks) > 700
    parted = [c for c in marks if len(ptb_tokens(f"a ka{c}ka dog")) != 3]
    assert parted == []


def test_plain_words_come_back_unchanged():
    words = "two children play with a ball in the snow".split()
    assert ptb_tokens(" ".join(words)) == words


@pytest.mark.data
def test_equals_the_official_tokenizer_on_coco_captions():
    parity = reference_data.parity().file
    written, cut = [], []
    for image, references in parity["refs"].items():
        written += [*references, parity["hyps"][image]]
        cut += parity["tokenized_refs"][image]
        cut += parity["tokenized_hyps"][image]
    assert len(written) == 757
    assert [ptb_tokens(c) for c in written] == [c.split() for c in cut]
