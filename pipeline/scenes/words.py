"""The vocabulary of scenes: shapes, colours, sizes, places, relations."""

SHAPES = (
    *("ball", "boat", "car", "fish", "flower"),
    *("heart", "house", "mug", "star", "umbrella"),
)
COLOURS = ("red", "orange", "yellow", "green", "blue", "white")
SIZES = ("small", "large")
TEXTURES = ("plain", "striped", "spotted")
IMAGE_SIDE = 224
MAX_WORDS = 22

BACKGROUND_PHRASES = {
    "sky": ("in the sky", "in a cloudy sky"),
    "grass": ("on the grass", "on a grassy meadow"),
    "sand": ("on the sand", "on a sandy beach"),
    "night": ("at night", "in a starry night"),
    "bricks": ("by a brick wall", "by the bricks"),
    "checks": ("on a checkered cloth", "on a checkered tablecloth"),
    "wood": ("on the wood", "on a wooden table"),
    "snow": ("in the snow", "on a snowy field"),
}
BACKGROUNDS = tuple(BACKGROUND_PHRASES)
RELATION_PHRASES = {
    "left": ("left of", "to the left of"),
    "right": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
    "front": ("in front of",),
    "behind": ("behind",),
}
SYNONYMS = {
    "mug": ("mug", "cup"),
    "boat": ("boat", "sailboat"),
    "large": ("large", "big"),
    "small": ("small", "little"),
    "spotted": ("spotted", "dotted"),
}
_BACKGROUND_WORDS = {
    "sky": "sky cloudy",
    "grass": "grass grassy meadow",
    "sand": "sand sandy beach",
    "night": "night starry",
    "bricks": "brick bricks wall",
    "checks": "checkered tablecloth cloth",
    "wood": "wood wooden table",
    "snow": "snow snowy field",
}
_RELATION_WORDS = {
    **{name: name for name in RELATION_PHRASES},
    **{"over": "above", "under": "below"},
}
# Adjectives before one of these words, with no noun between, belong to no noun.
_BREAKS = ("a", "an", "the", "and", "with")


def _lexicon() -> dict[str, tuple[str, str]]:
    """Maps each word to what it states: (kind, value)."""
    kinds = {"shape": SHAPES, "colour": COLOURS, "size": SIZES}
    kinds["texture"] = TEXTURES
    words = {word: ("break", word) for word in _BREAKS}
    for kind, values in kinds.items():
        for value in values:
            for word in SYNONYMS.get(value, (value,)):
                words[word] = (kind, value)
    for value, names in _BACKGROUND_WORDS.items():
        words.update((word, ("background", value)) for word in names.split())
    for word, value in _RELATION_WORDS.items():
        words[word] = ("relation", value)
    return words


LEXICON = _lexicon()


def article(word: str) -> str:
    """Returns the indefinite article that goes before a word."""
    return "an" if word[0] in "aeiou" else "a"
