"""The scenes' language: what is said is true, and what is false is seen."""

import dataclasses
import random
import re
from pathlib import Path

import pytest

from pipeline.scenes import describe, judge, truth
from pipeline.scenes import words as words_lib
from pipeline.scenes.judge import AttributeCounts, Verdict
from pipeline.scenes.truth import Scene, SceneObject

CAR = SceneObject("car", "red", "large", "striped", x=60, y=120)
STAR = SceneObject("star", "yellow", "small", "plain", x=170, y=110)
SCENE = Scene("one", "sand", (CAR, STAR))


def random_scene(seed: int) -> Scene:
    rng = random.Random(seed)
    pairs = [(s, c) for s in words_lib.SHAPES for c in words_lib.COLOURS]
    objects = [
        SceneObject(
            shape=shape,
            colour=colour,
            size=rng.choice(words_lib.SIZES),
            texture=rng.choice(words_lib.TEXTURES),
            x=rng.randrange(40, 184),
            y=rng.randrange(40, 184),
        )
        for shape, colour in rng.sample(pairs, rng.randint(1, 3))
    ]
    if len(objects) == 3 and rng.random() < 0.5:
        objects[2] = dataclasses.replace(objects[2], covers=(0,))
        objects[0] = dataclasses.replace(objects[0], visible=rng.random())
    background = rng.choice(words_lib.BACKGROUNDS)
    return Scene(f"scene-{seed}", background, tuple(objects))


SCENES = [random_scene(seed) for seed in range(400)]
CAPTIONS = [
    describe.describe(scene, random.Random(scene.id)) for scene in SCENES
]


def counted(captions: list[str], scenes: list[Scene]) -> AttributeCounts:
    total = AttributeCounts()
    for caption, scene, own in zip(captions, scenes, SCENES, strict=False):
        reference = describe.describe(own, random.Random(own.id))
        total += AttributeCounts.from_caption(
            caption, scene, references=[reference]
        )
    return total


def test_references_are_true_of_their_own_scene() -> None:
    for caption, scene in zip(CAPTIONS, SCENES, strict=True):
        verdict = judge.judge(caption, scene)
        assert verdict.true == verdict.stated > 0, caption
        assert verdict.named > 0, caption


def test_references_are_false_of_other_scenes() -> None:
    own, other = counted(CAPTIONS, SCENES), counted(CAPTIONS[1:], SCENES)
    assert own.precision == own.recall == 1.0
    assert other.precision < 0.2


@pytest.mark.parametrize("caption", ["a red car", "a car", "a car at night"])
def test_constant_captions_score_low(caption: str) -> None:
    assert counted([caption] * len(SCENES), SCENES).precision < 0.35


def test_captions_are_short_plain_and_varied() -> None:
    assert all(re.fullmatch(r"[a-z]+(,? [a-z]+)+", each) for each in CAPTIONS)
    assert max(len(each.split()) for each in CAPTIONS) <= words_lib.MAX_WORDS
    assert len(set(CAPTIONS)) > 0.9 * len(CAPTIONS)
    words = {word for each in CAPTIONS for word in re.findall("[a-z]+", each)}
    assert 55 <= len(words) <= 90


def test_description_follows_from_its_generator() -> None:
    draws = [describe.describe(SCENE, random.Random(3)) for _ in range(2)]
    assert draws[0] == draws[1]
    others = {describe.describe(SCENE, random.Random(i)) for i in range(20)}
    assert len(others) > 10


def test_twins_are_told_apart_by_colour() -> None:
    twin = dataclasses.replace(CAR, colour="blue", x=170)
    scene = Scene("twins", "sky", (CAR, twin))
    for seed in range(200):
        caption = describe.describe(scene, random.Random(seed))
        assert caption.count("car") == caption.count("red") + caption.count(
            "blue"
        )


def test_hidden_objects_are_not_mentioned() -> None:
    hidden = dataclasses.replace(STAR, visible=0.2)
    scene = Scene("hidden", "sky", (hidden, CAR))
    for seed in range(50):
        assert "star" not in describe.describe(scene, random.Random(seed))
    with pytest.raises(ValueError, match="'none' has no mentionable object"):
        describe.describe(Scene("none", "sky", (hidden,)), random.Random(0))


@pytest.mark.parametrize(
    ("caption", "stated", "true", "named"),
    [
        ("", 0, 0, 0),
        ("an unheard of <unk> thing .", 0, 0, 0),
        ("a red car", 2, 2, 1),
        ("There is a BIG striped red car, on the sand", 5, 5, 1),
        ("a red car and a little yellow star", 5, 5, 2),
        ("a blue car", 2, 1, 0),
        ("a red boat", 2, 0, 0),
        ("a red red car", 2, 2, 1),
        ("a red blue car", 3, 2, 0),
        ("a red car and a red car", 4, 2, 1),
        ("car star red", 3, 2, 2),
        ("a large red", 2, 0, 0),
        ("a red a car", 2, 1, 1),
        ("on the sand", 1, 1, 0),
        ("on a sandy beach", 1, 1, 0),
        ("on the sand in the snow", 2, 1, 0),
        ("a car left of a star", 3, 3, 2),
        ("a car is to the left of a star", 3, 3, 2),
        ("a car right of a star", 3, 2, 2),
        ("a star right of a car", 3, 3, 2),
        ("a car above a star", 3, 2, 2),
        ("a car in front of a star", 3, 2, 2),
        ("a car left of a house", 3, 1, 1),
        ("a car left of", 2, 1, 1),
        ("left of left of a car", 2, 1, 1),
    ],
)
def test_verdict(caption: str, stated: int, true: int, named: int) -> None:
    assert judge.judge(caption, SCENE) == Verdict(stated, true, named)


def test_phrases_are_matched_so_that_most_holds() -> None:
    twin = dataclasses.replace(CAR, colour="blue", x=170)
    scene = Scene("twins", "sky", (CAR, twin))
    assert judge.judge("a blue car and a red car", scene).named == 2
    assert judge.judge("a car and a red car", scene).named == 2
    assert judge.judge("a car right of a car", scene) == Verdict(3, 3, 2)


def test_overlap_decides_what_is_in_front() -> None:
    front = dataclasses.replace(STAR, x=80, covers=(0,))
    scene = Scene("overlap", "sky", (CAR, front))
    assert scene.clear_relations(1, 0) == ["front"]
    assert scene.clear_relations(0, 1) == ["behind"]
    assert judge.judge("a star in front of a car", scene).true == 3
    assert judge.judge("a star behind a car", scene).true == 2


def test_relations_are_stated_only_when_plain() -> None:
    near = dataclasses.replace(STAR, x=CAR.x + 40)
    slanting = dataclasses.replace(STAR, x=CAR.x + 80, y=CAR.y + 70)
    assert Scene("near", "sky", (CAR, near)).clear_relations(0, 1) == []
    assert Scene("slant", "sky", (CAR, slanting)).clear_relations(0, 1) == []
    assert SCENE.clear_relations(0, 1) == ["left"]


def test_endless_repetition_is_judged() -> None:
    twin = dataclasses.replace(CAR, colour="blue", x=170)
    scene = Scene("twins", "sky", (CAR, twin, STAR))
    verdict = judge.judge("a red car left of " * 2000, scene)
    assert verdict.stated == 3 * 2000
    assert verdict.named == 1


def test_hidden_objects_may_be_named_but_do_not_count() -> None:
    scene = Scene(
        "hidden", "sky", (dataclasses.replace(STAR, visible=0.2), CAR)
    )
    assert judge.judge("a yellow star", scene) == Verdict(2, 2, 0)


def test_counts_merge_and_divide() -> None:
    references = ["a red car", "a red car and a yellow star"]
    good = AttributeCounts.from_caption(
        "a red car and a blue star", SCENE, references=references
    )
    assert good == AttributeCounts(stated=4, true=3, named=1, expected=1.5)
    more = AttributeCounts.from_caption(
        "a red car and a yellow star", SCENE, references=references
    )
    assert more.named == 1.5
    total = good + more
    assert total == more + good
    assert total.precision == 7 / 8
    assert total.recall == 2.5 / 3.0


def test_nothing_stated_scores_nothing() -> None:
    silent = AttributeCounts.from_caption("", SCENE, references=["a car"])
    assert silent.precision == silent.recall == 0.0
    assert AttributeCounts().recall == 0.0
    with pytest.raises(ValueError, match="image 'one' has no references"):
        AttributeCounts.from_caption("a car", SCENE, references=[])


def test_truth_file_gives_scenes_back(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text("".join(scene.to_json() + "\n" for scene in SCENES))
    assert truth.read_truth(path) == {scene.id: scene for scene in SCENES}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: Expecting"),
        ("[]", "line 2: not a scene"),
        ("{}", "line 2: not a scene: KeyError"),
        ('{"id": "x", "objects": []}', "line 2: not a scene.*background"),
        (
            SCENE.to_json().replace("one", "two").replace("red", "mauve"),
            "line 2: colour 'mauve' is none of red, orange",
        ),
        (
            SCENE.to_json().replace("one", "two").replace("sand", "mud"),
            "line 2: background 'mud' is none of sky",
        ),
        (SCENE.to_json(), "line 2: id 'one' again"),
    ],
)
def test_damaged_truth_is_refused(
    tmp_path: Path, line: str, message: str
) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text(f"{SCENE.to_json()}\n{line}\n")
    with pytest.raises(ValueError, match=message):
        truth.read_truth(path)


def test_missing_truth_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere.jsonl"):
        truth.read_truth(tmp_path / "nowhere.jsonl")


def test_articles() -> None:
    assert [words_lib.article(word) for word in ("umbrella", "car")] == [
        "an",
        "a",
    ]
