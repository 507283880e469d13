"""Signs of Chinese and Japanese, which are written without blanks.

Each of them is a word here, as the literature counts them.
"""

# Signs, and the marks that belong to the sign before them.
_SIGNS = (
    "\u3005-\u3007\u3021-\u3029\u3038-\u303b"  # marks of repetition, numerals
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3105-\u312f\u31a0-\u31bf"  # bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
_MARKS = "\u3099\u309a"
# In the syntax that Python's and TensorFlow's regular expressions share.
PATTERN = f"([{_SIGNS}][{_MARKS}]*)"
PARTED = r" \1 "
