"""Which signs are words by themselves, for TensorFlow and for Python."""

import re
import sys
import unicodedata

import tensorflow as tf

from pipeline.recordset import unspaced

SCRIPTS = (
    "CJK UNIFIED IDEOGRAPH",
    "CJK COMPATIBILITY IDEOGRAPH",
    "HIRAGANA LETTER",
    "KATAKANA LETTER",
    "BOPOMOFO LETTER",
)


def test_the_signs_are_those_of_the_scripts() -> None:
    for number in range(sys.maxunicode + 1):
        sign = chr(number)
        if unicodedata.name(sign, "").startswith(SCRIPTS) and number < 1 << 16:
            assert re.fullmatch(unspaced.PATTERN, sign), hex(number)
        elif unicodedata.category(sign) not in {"Lo", "Lm", "Nl", "Cn"}:
            assert not re.fullmatch(unspaced.PATTERN, sign), hex(number)


def test_tensorflow_parts_as_python_does() -> None:
    texts = [
        "a 狗b",
        "か\u3099る",
        "ten \U00020bb7家",
        "no signs, नहीं",
        "コーヒー",
    ]
    parted = tf.strings.regex_replace(texts, unspaced.PATTERN, unspaced.PARTED)
    assert [text.decode() for text in parted.numpy()] == [
        re.sub(unspaced.PATTERN, unspaced.PARTED, text) for text in texts
    ]
