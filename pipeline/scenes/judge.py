"""Caption and scene -> how many of the caption's statements are true."""

import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Self

from pipeline.scenes import truth, words


@dataclasses.dataclass(frozen=True)
class Verdict:
    """How many statements a caption makes about an image.

    Attributes:
      stated: Shapes, colours, sizes, textures, backgrounds and relations.
      true: Those of them that are true of the image.
      named: Mentionable objects named by shape with no false attribute.
    """

    stated: int
    true: int
    named: int


@dataclasses.dataclass(frozen=True)
class _Parse:
    """The statements of a caption.

    `phrases` holds (shape, {(kind, value) of each adjective}) for each noun;
    `relations` holds (name, position of the phrase that follows it); `loose`
    counts adjectives before no noun, which are true of nothing.
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
        kind, value = words.LEXICON.get(word, ("unknown", word))
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


def judge(caption: str, scene: truth.Scene) -> Verdict:
    """Judges the statements of any caption against a scene.

    Noun phrases are matched one-to-one to objects of the same shape, so that as
    many statements as possible are true. All statements of an unmatched phrase
    are false, and so is a relation without a matched phrase on either side. A
    repeated background or adjective counts once; unknown words state nothing.
    """
    parse = _parse(caption)
    verdicts = (
        _verdict(parse, scene, match) for match in _matches(parse, scene)
    )
    return max(verdicts, key=lambda each: (each.true, each.named))


def _matches(parse: _Parse, scene: truth.Scene) -> Iterator[dict[int, int]]:
    """Yields the one-to-one maps from phrases to objects of the same shape."""
    choices = []
    for each in scene.objects:
        fits = [
            at
            for at, (shape, _) in enumerate(parse.phrases)
            if shape == each.shape
        ]
        # A captioner in a loop may repeat a noun hundreds of times.
        choices.append([None, *fits[:8]])
    for chosen in itertools.product(*choices):
        match = {
            phrase: at for at, phrase in enumerate(chosen) if phrase is not None
        }
        if len(match) == len(chosen) - chosen.count(None):
            yield match


def _verdict(
    parse: _Parse, scene: truth.Scene, match: Mapping[int, int]
) -> Verdict:
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
    """Sums over images that give attribute precision and recall.

    Attributes:
      stated: Statements made.
      true: Statements that are true.
      named: Objects named with no false attribute; of each image at most its
        `expected`.
      expected: Objects that a reference of the image names so, in the mean.
    """

    stated: int = 0
    true: int = 0
    named: float = 0.0
    expected: float = 0.0

    @classmethod
    def from_caption(
        cls, caption: str, scene: truth.Scene, *, references: Sequence[str]
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
        """Share of the statements that are true; 0 if nothing is stated."""
        return self.true / self.stated if self.stated else 0.0

    @property
    def recall(self) -> float:
        """Share of the expected objects that are named; 0 if none is."""
        return self.named / self.expected if self.expected else 0.0
