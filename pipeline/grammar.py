"""The language of the embedded scenes: say what is seen, judge what is said.

A scene is the truth about one rendered image. `describe` draws a caption from
it, `judge` reads any caption over the same words and counts which of its
statements hold, and `AttributeCounts` sums such verdicts over images.
"""

import dataclasses
import itertools
import json
import os
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Self

SHAPES = (
    *("ball", "boat", "car", "fish", "flower"),
    *("heart", "house", "mug", "star", "umbrella"),
)
COLOURS = ("red", "orange", "yellow", "green", "blue", "white")
SIZES = ("small", "large")
TEXTURES = ("plain", "striped", "spotted")
IMAGE_SIDE = 224
MAX_WORDS = 22

_BACKGROUND_PHRASES = {
    "sky": ("in the sky", "in a cloudy sky"),
    "grass": ("on the grass", "on a grassy meadow"),
    "sand": ("on the sand", "on a sandy beach"),
    "night": ("at night", "in a starry night"),
    "bricks": ("by a brick wall", "by the bricks"),
    "checks": ("on a checkered cloth", "on a checkered tablecloth"),
    "wood": ("on the wood", "on a wooden table"),
    "snow": ("in the snow", "on a snowy field"),
}
BACKGROUNDS = tuple(_BACKGROUND_PHRASES)
_RELATION_PHRASES = {
    "left": ("left of", "to the left of"),
    "right": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
    "front": ("in front of",),
    "behind": ("behind",),
}
_SYNONYMS = {
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
    **{name: name for name in _RELATION_PHRASES},
    **{"over": "above", "under": "below"},
}
# Words that end a run of adjectives which no noun has claimed.
_BREAKS = ("a", "an", "the", "and", "with")

# Pixels by which a relation must hold to count as true, and by which it must
# hold before a reference dares to state it.
_TRUE_MARGIN = 16
_STATED_MARGIN = 56
_MENTIONABLE_VISIBILITY = 0.6


def _lexicon() -> dict[str, tuple[str, str]]:
    """Maps each word to the kind and the value of what it states."""
    kinds = {"shape": SHAPES, "colour": COLOURS, "size": SIZES}
    kinds["texture"] = TEXTURES
    words = {word: ("break", word) for word in _BREAKS}
    for kind, values in kinds.items():
        for value in values:
            for word in _SYNONYMS.get(value, (value,)):
                words[word] = (kind, value)
    for value, names in _BACKGROUND_WORDS.items():
        words.update((word, ("background", value)) for word in names.split())
    for word, value in _RELATION_WORDS.items():
        words[word] = ("relation", value)
    return words


_LEXICON = _lexicon()


@dataclasses.dataclass(frozen=True)
class SceneObject:
    """One object of a scene.

    Attributes:
      shape: One of `SHAPES`.
      colour: One of `COLOURS`.
      size: One of `SIZES`.
      texture: One of `TEXTURES`.
      x: Centre from the image's left edge, in pixels of `IMAGE_SIDE`.
      y: Centre from the image's top edge, in pixels of `IMAGE_SIDE`.
      visible: Share of the object's area, in [0, 1], that nothing hides.
      covers: Positions in `Scene.objects` of those it partly hides.
    """

    shape: str
    colour: str
    size: str
    texture: str
    x: int
    y: int
    visible: float = 1.0
    covers: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for a value outside the lists above."""
        _check("shape", self.shape, SHAPES)
        _check("colour", self.colour, COLOURS)
        _check("size", self.size, SIZES)
        _check("texture", self.texture, TEXTURES)

    @property
    def mentionable(self) -> bool:
        """Whether enough of the object is visible to be named."""
        return self.visible >= _MENTIONABLE_VISIBILITY


@dataclasses.dataclass(frozen=True)
class Scene:
    """What one image shows.

    Attributes:
      id: The image's id.
      background: One of `BACKGROUNDS`.
      objects: The objects, rearmost first.
    """

    id: str
    background: str
    objects: tuple[SceneObject, ...]

    def __post_init__(self) -> None:
        """Raises ValueError for an unknown background."""
        _check("background", self.background, BACKGROUNDS)

    @property
    def mentionable(self) -> tuple[SceneObject, ...]:
        """The objects that a caption is expected to name."""
        return tuple(each for each in self.objects if each.mentionable)

    def to_json(self) -> str:
        """Returns the scene as one line of JSON."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads what `to_json` wrote.

        Raises:
          ValueError: The text is no JSON, or lacks or misstates a field.
        """
        try:
            fields = json.loads(text)
            objects = tuple(
                SceneObject(**{**each, "covers": tuple(each["covers"])})
                for each in fields.pop("objects")
            )
            return cls(**fields, objects=objects)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not a scene: {error!r}") from error

    def holds(self, relation: str, first: int, second: int) -> bool:
        """Whether a relation holds from one object (position) to another."""
        return self._margin(relation, first, second) >= _TRUE_MARGIN

    def clear_relations(self, first: int, second: int) -> list[str]:
        """Lists the relations so plain that a reference may state them."""
        overlap = [
            name
            for name in ("front", "behind")
            if self.holds(name, first, second)
        ]
        least = self._least_margin(first, second)
        return overlap or [
            name
            for name in ("left", "right", "above", "below")
            if self._margin(name, first, second) >= least
        ]

    def _margin(self, relation: str, first: int, second: int) -> float:
        one, other = self.objects[first], self.objects[second]
        margins = {
            "left": other.x - one.x,
            "right": one.x - other.x,
            "above": other.y - one.y,
            "below": one.y - other.y,
            "front": IMAGE_SIDE * (second in one.covers),
            "behind": IMAGE_SIDE * (first in other.covers),
        }
        return margins[relation]

    def _least_margin(self, first: int, second: int) -> float:
        one, other = self.objects[first], self.objects[second]
        lesser = min(abs(one.x - other.x), abs(one.y - other.y))
        return max(_STATED_MARGIN, 1.5 * lesser)


def read_truth(path: str | os.PathLike[str]) -> dict[str, Scene]:
    """Reads the scenes of a truth file, keyed by image id.

    Raises:
      FileNotFoundError: There is no such file.
      ValueError: A line is no scene or repeats an id; names file and line.
    """
    scenes: dict[str, Scene] = {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                scene = Scene.from_json(line)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
            if scene.id in scenes:
                raise ValueError(
                    f"{path}, line {number}: id {scene.id!r} again"
                )
            scenes[scene.id] = scene
    return scenes


def describe(scene: Scene, rng: random.Random) -> str:
    """Draws a true caption of at most `MAX_WORDS` words.

    Nearly all mentionable objects are named, larger ones usually first;
    wording, relations, background, size and texture vary from draw to draw.

    Raises:
      ValueError: The scene has no mentionable object.
    """
    if not scene.mentionable:
        raise ValueError(f"scene {scene.id!r} has no mentionable object")
    while True:
        caption = _draw(scene, rng)
        if len(caption.replace(",", "").split()) <= MAX_WORDS:
            return caption


def _draw(scene: Scene, rng: random.Random) -> str:
    order = _mention_order(scene, rng)
    caption = _noun_phrase(scene, order[0], rng)
    for pair in itertools.pairwise(order):
        link = _link(scene, pair, rng, last=pair[1] == order[-1])
        caption += f"{link} {_noun_phrase(scene, pair[1], rng)}"
    if rng.random() < 0.15:
        caption = f"there is {caption}"
    if rng.random() < 0.65:
        phrase = rng.choice(_BACKGROUND_PHRASES[scene.background])
        leads = rng.random() < 0.2
        caption = f"{phrase}, {caption}" if leads else f"{caption} {phrase}"
    return caption


def _mention_order(scene: Scene, rng: random.Random) -> list[int]:
    objects = scene.objects
    order = [at for at, each in enumerate(objects) if each.mentionable]
    order.sort(key=lambda at: (objects[at].size != "large", objects[at].x))
    if rng.random() < 0.2:
        rng.shuffle(order)
    if len(order) > 1 and rng.random() < 0.06:
        order.pop()
    return order


def _noun_phrase(scene: Scene, at: int, rng: random.Random) -> str:
    one = scene.objects[at]
    twins = sum(each.shape == one.shape for each in scene.objects) > 1
    words = []
    if rng.random() < 0.3:
        words.append(one.size)
    if one.texture != "plain" and rng.random() < 0.6:
        words.append(one.texture)
    if twins or rng.random() < 0.97:
        words.append(one.colour)
    words.append(one.shape)
    said = [rng.choice(_SYNONYMS.get(word, (word,))) for word in words]
    return " ".join([article(said[0]), *said])


def article(word: str) -> str:
    """Returns the indefinite article that goes before a word."""
    return "an" if word[0] in "aeiou" else "a"


def _link(
    scene: Scene, pair: tuple[int, int], rng: random.Random, *, last: bool
) -> str:
    clear = scene.clear_relations(*pair)
    if clear and rng.random() < 0.4:
        return " " + rng.choice(_RELATION_PHRASES[rng.choice(clear)])
    if not last:
        return ","
    return " and" if rng.random() < 0.85 else " with"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a caption stated of an image.

    Attributes:
      stated: Shapes, colours, sizes, textures, backgrounds and relations said.
      true: Those of them that hold.
      named: Mentionable objects named by shape with no false attribute.
    """

    stated: int
    true: int
    named: int


@dataclasses.dataclass(frozen=True)
class _Parse:
    """Noun phrases as (shape, attributes), and what surrounds them.

    `relations` holds (name, position of the phrase that follows it);
    `loose` counts attributes that no noun claims, which hold of nothing.
    """

    phrases: list[tuple[str, set[tuple[str, str]]]]
    relations: set[tuple[str, int]]
    backgrounds: set[str]
    loose: int


def _parse(caption: str) -> _Parse:
    phrases: list[tuple[str, set[tuple[str, str]]]] = []
    relations: set[tuple[str, int]] = set()
    backgrounds: set[str] = set()
    pending: set[tuple[str, str]] = set()
    loose = 0
    for word in re.findall(r"[a-z]+", caption.lower()):
        kind, value = _LEXICON.get(word, ("unknown", word))
        if kind in ("colour", "size", "texture"):
            pending.add((kind, value))
        elif kind == "shape":
            phrases.append((value, pending))
            pending = set()
        elif kind != "unknown":
            loose += len(pending)
            pending = set()
        if kind == "relation":
            relations.add((value, len(phrases)))
        if kind == "background":
            backgrounds.add(value)
    return _Parse(phrases, relations, backgrounds, loose + len(pending))


def judge(caption: str, scene: Scene) -> Verdict:
    """Judges the statements of any caption against a scene.

    Noun phrases are matched one-to-one to objects of the same shape so that
    most statements hold. An unmatched phrase is false in all it says, as is a
    relation that lacks a phrase on either side. A repeated background or
    adjective counts once; unknown words state nothing.
    """
    parse = _parse(caption)
    verdicts = (
        _verdict(parse, scene, match) for match in _matches(parse, scene)
    )
    return max(verdicts, key=lambda each: (each.true, each.named))


def _matches(parse: _Parse, scene: Scene) -> Iterator[dict[int, int]]:
    """Yields the one-to-one maps from phrases to objects of the same shape."""
    choices = []
    for each in scene.objects:
        fits = [
            at
            for at, (shape, _) in enumerate(parse.phrases)
            if shape == each.shape
        ]
        # A caption stuck in a loop may repeat a noun without end.
        choices.append([None, *fits[:8]])
    for chosen in itertools.product(*choices):
        match = {
            phrase: at for at, phrase in enumerate(chosen) if phrase is not None
        }
        if len(match) == len(chosen) - chosen.count(None):
            yield match


def _verdict(parse: _Parse, scene: Scene, match: Mapping[int, int]) -> Verdict:
    stated = parse.loose + len(parse.relations) + len(parse.backgrounds)
    true = sum(each == scene.background for each in parse.backgrounds)
    named = 0
    for at, (_, attributes) in enumerate(parse.phrases):
        stated += 1 + len(attributes)
        if at in match:
            one = scene.objects[match[at]]
            held = sum(
                getattr(one, kind) == value for kind, value in attributes
            )
            true += 1 + held
            named += one.mentionable and held == len(attributes)
    for name, after in parse.relations:
        if after - 1 in match and after in match:
            true += scene.holds(name, match[after - 1], match[after])
    return Verdict(stated=stated, true=true, named=named)


@dataclasses.dataclass(frozen=True)
class AttributeCounts:
    """Sums over images from which attribute precision and recall follow.

    Attributes:
      stated: Statements made.
      true: Statements that hold.
      named: Objects named right, at most `expected` an image.
      expected: Objects that an image's references name right, on average.
    """

    stated: int = 0
    true: int = 0
    named: float = 0.0
    expected: float = 0.0

    @classmethod
    def from_caption(
        cls, caption: str, scene: Scene, *, references: Sequence[str]
    ) -> Self:
        """Counts one image's caption.

        Raises:
          ValueError: There are no references.
        """
        if not references:
            raise ValueError(f"image {scene.id!r} has no references")
        verdict = judge(caption, scene)
        usual = sum(judge(each, scene).named for each in references)
        expected = usual / len(references)
        named = min(verdict.named, expected)
        return cls(verdict.stated, verdict.true, named, expected)

    def __add__(self, other: Self) -> Self:
        """Merges the counts of two disjoint sets of images."""
        return type(self)(
            stated=self.stated + other.stated,
            true=self.true + other.true,
            named=self.named + other.named,
            expected=self.expected + other.expected,
        )

    @property
    def precision(self) -> float:
        """Share of the statements that hold; 0 when nothing is stated."""
        return self.true / self.stated if self.stated else 0.0

    @property
    def recall(self) -> float:
        """Share of the expected objects named right; 0 when none is."""
        return self.named / self.expected if self.expected else 0.0


def _check(field: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{field} {value!r} is none of {', '.join(known)}")
