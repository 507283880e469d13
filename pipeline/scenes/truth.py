"""What a scene holds, and which statements about it are true."""

import dataclasses
import json
import os
from collections.abc import Sequence
from typing import Self

from pipeline.scenes import words

# By how many pixels a relation must hold to count as true, and by how many for
# a reference caption to state it.
_TRUE_MARGIN = 16
_STATED_MARGIN = 56
_MENTIONABLE_VISIBILITY = 0.6


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
      covers: Positions in `Scene.objects` of the objects that it partly hides.
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
        """Raises ValueError for a value outside these lists."""
        _check("shape", self.shape, words.SHAPES)
        _check("colour", self.colour, words.COLOURS)
        _check("size", self.size, words.SIZES)
        _check("texture", self.texture, words.TEXTURES)

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
        _check("background", self.background, words.BACKGROUNDS)

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
          ValueError: The text is no JSON, or a field is missing or wrong.
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
        """Whether a relation such as `left` holds from one object to another.

        Args:
          relation: a key of `words.RELATION_PHRASES`.
          first: position in `objects` of what stands in that relation.
          second: position of what it stands in relation to.
        """
        return self._margin(relation, first, second) >= _TRUE_MARGIN

    def clear_relations(self, first: int, second: int) -> list[str]:
        """Lists the relations that are plain enough for a reference caption."""
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
            "front": words.IMAGE_SIDE * (second in one.covers),
            "behind": words.IMAGE_SIDE * (first in other.covers),
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
      ValueError: A line is no scene or repeats an id; the message names file
        and line.
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


def _check(field: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{field} {value!r} is none of {', '.join(known)}")
