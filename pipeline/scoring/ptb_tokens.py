"""Captions to words, as the published caption scores count them.

BLEU and CIDEr-D are comparable between papers only when the words are cut the
same way. The COCO caption evaluation (Chen et al. 2015, arXiv:1504.00325) cuts
them with the Penn Treebank tokenizer of Stanford CoreNLP, lower-cases them and
drops the punctuation. This module gives the same words without Java:

    ptb_tokens("A dog's toy isn't new.")
    # ['a', 'dog', "'s", 'toy', 'is', "n't", 'new']

Three things are added. Captions and references are brought to one form,
Unicode's NFKC_Casefold, which is that of a vocabulary's words. Combining marks
belong to their word, as in Stanford's lexer: most words of Hindi, Thai or
vocalised Arabic hold some. And each sign of Chinese and Japanese is a word, as
in a vocabulary: a whole sentence would be one otherwise.

Not reproduced, because captions hardly hold them: emoticons, telephone numbers
and Stanford's look across line ends after a single letter and a full stop.
"""

import re
import unicodedata

from pipeline.recordset import unspaced

_ALIASES = {
    "&amp;": "&",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{VULGAR FRACTION ONE HALF}": "1/2",
    "\N{VULGAR FRACTION ONE QUARTER}": "1/4",
    "\N{VULGAR FRACTION THREE QUARTERS}": "3/4",
    "\N{POUND SIGN}": "#",
    "\N{EURO SIGN}": "$",
    "\N{CENT SIGN}": " cents ",
}
_BRACKETS = {
    "(": "-lrb-",
    ")": "-rrb-",
    "[": "-lsb-",
    "]": "-rsb-",
    "{": "-lcb-",
    "}": "-rcb-",
}
# The marks that the evaluation drops, and characters outside the basic plane,
# which Stanford's lexer cannot read.
_DROPPED = re.compile(
    r"""[-.,:;?!'"`\u2013\u2014\u2026\u201c\u201d\u00ab\u00bb\u3001\u3002]"""
    r"""|--+|''|[\U00010000-\U0010ffff]"""
)
_ABBREVIATIONS = (
    "mr mrs ms dr drs jr sr st ste ave blvd rd mt ft sq bldg dept univ assn "
    "prof gen col maj lt cmdr capt sgt cpl pvt rev hon gov sen reps pres adm "
    "atty det supt messrs esq inc co cos bros ltd corp vs v etc al est cf "
    "jan feb mar apr jun jul aug sep sept oct nov dec "
    "mon tue tues wed thu thurs fri "
    "calif fla conn pa va ala ariz mich minn"
).split()
_SENTENCE_STARTS = "A|An|The|He|She|It|They|There|This|That|In|On|I|We|You"
_PARTED = "cannot|gonna|gotta|wanna|lemme|gimme"

# The first match wins, so the special cases stand before the plain word. Words
# of letters alone, which are no special case, come first: most words are such.
_TOKEN = re.compile(
    rf"""
    (?<!\S)(?!(?:{_PARTED})\b)[^\W\d_]+(?!\S)      # letters alone
  | (?:https?://|www\.)\S*\w                       # address
  | [\w.+-]+@\w[\w.-]*\w
  | </?[a-zA-Z]\w*>                                # <unk>
  | [\#@][^\W\d_]+                                 # hashtag
  | '(?:s|m|d|re|ve|ll|em|cause|til)(?!\w)         # clitics
  | 't(?=(?:is|was)\b)
  | (?<!\d)'\d\ds?(?![\w'])                        # '90s
  | 'n'|'n(?![\w'-])
  | n't(?!\w)
  | (?:can(?=not\b)|gon(?=na\b)|got(?=ta\b)|wan(?=na\b))
  | (?:lem|gim)(?=me\b)
  | (?:y'(?=all\b)|c'mon|ma'am|ol'(?!\w))
  | [dnol]'[^\W\d_]{{2,}}                           # o'clock
  | [^\W\d_]+?(?=n't(?!\w))                        # is|n't
  | nos?\.(?=\s*\d)                                # no. 5
  | (?:{"|".join(_ABBREVIATIONS)})\.(?!\w)
  | [^\W\d_](?:\.[^\W\d_])+\.(?![^\W_])(?:-\w+)*   # u.s.
  | [^\W\d_]\.(?="|\s+"|\s+(?!(?-i:{_SENTENCE_STARTS})\b)\w)  # j. smith
  | (?-i:[A-Z]+&[A-Z]+)                            # AT&T
  | \d+:\d+
  | (?:[+-][.,]?|[.,])\d+(?:[.,]\d+)*
  | \d+(?:[.,]\d+)+(?:-[^\W_]+)*
  | [^\W_]+(?:[-_][^\W_]+)+(?:/[^\W_]+(?:-[^\W_]+)*){{0,2}}
  | [^\W_]+(?:/[^\W_]+(?:-[^\W_]+)*){{1,2}}
  | [^\W\d_][^\W_]*(?:[.!?][^\W\d_][^\W_]*)*       # word
  | [^\W_]+
  | --+ | '' | [!?]+ | \*+ | _+ | \#+ | << | >> | \S
    """,
    re.VERBOSE | re.IGNORECASE,
)


# Marks of the basic plane that combine with the letter before them.
_MARKS = {
    code: "\N{LATIN SMALL LETTER O WITH STROKE}"
    for code in range(0x10000)
    if unicodedata.category(chr(code)).startswith("M")
}
_UNSPACED = re.compile(unspaced.PATTERN)
# Characters without a look, such as the zero-width joiner.
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)


def ptb_tokens(caption: str) -> list[str]:
    """Returns the lower-case words of a caption, punctuation removed.

    They are the words that `PTBTokenizer` of pycocoevalcap 1.2 gives:
    contractions are cut (`isn't` to `is`, `n't`), and brackets are spelt out
    (`(` to `-lrb-`). Letters are in the form of Unicode's NFKC_Casefold
    (UAX 15).
    """
    for written, plain in _ALIASES.items():
        caption = caption.replace(written, plain)
    lexed = caption
    if not caption.isascii():
        caption = _INVISIBLE.sub("", unicodedata.normalize("NFKC", caption))
        caption = _UNSPACED.sub(unspaced.PARTED, caption)
        # Words are found with a letter in the place of each mark.
        lexed = caption.translate(_MARKS)
    tokens = (
        caption[match.start() : match.end()].casefold()
        for match in _TOKEN.finditer(lexed)
    )
    return [
        _BRACKETS.get(token, token)
        for token in tokens
        if not _DROPPED.fullmatch(token)
    ]
