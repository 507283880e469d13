"""Names of splits: every spelling, in rows and in the names of files."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.readers import split_names
from pipeline.readers.annotation_files import DataSetError, InputFile

README = Path(split_names.__file__).parents[2] / "README.md"
(ROW,) = re.findall(r"^\| splits: (.+?) \| (.+?)\. ", README.read_text(), re.M)
SPELLINGS = {
    split.strip("` "): tuple(re.findall("`(.+?)`", spellings))
    for spellings, split in zip(
        ROW[0].split(";")[:3], ROW[1].split(";"), strict=True
    )
}
EVERY = [
    (spelling, split)
    for split, spellings in SPELLINGS.items()
    for spelling in spellings
]
CASES = (str.lower, str.upper, str.title)
# Around a word, so that it stays a whole one.
AROUND = ("{}.json", "{}.json.gz", "captions_{}2017.json", "{}-v2_clean.jsonl")
AROUND += ("a.{}.csv", "captions({}).tsv", "coco 2014 {} 00001-of-00004.tar")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("spelling", "split"), EVERY)
def test_every_spelling_of_the_readme_is_known(
    spelling: str, split: str, case: type
) -> None:
    for form in ("{}", " {} ", "{}2017", "{}_2014", "{}-2014"):
        assert split_names.canonical(form.format(case(spelling))) == split


@pytest.mark.parametrize(
    "name", ["", "composition", "testA", "test2", "trainval", "Latest", "dev1"]
)
def test_other_names_stand_for_themselves(name: str) -> None:
    assert split_names.canonical(name) == name


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("spelling", "split"), EVERY)
def test_a_word_anywhere_in_a_files_name_tells_its_split(
    spelling: str, split: str, case: type, around: str
) -> None:
    path = f"some/folder/{around.format(case(spelling))}"
    (file,) = split_names.name_by_files([InputFile(path)])
    assert (file.split_of(), file.split) == (split, "")


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Flickr_8k.trainImages.txt", "train"),
        ("captions_minival2014.json", "validation"),
        ("captions_valminusminival2014.json", "validation"),
        ("nocaps_val_4500_captions.json", "validation"),
        ("coco_latest.json", ""),
        ("captions_trainval2014.json", ""),
        ("train_and_test.json", ""),
        ("constraint.json", ""),
        ("captions.json", ""),
        ("_annotations.coco.json", ""),
    ],
)
def test_parts_of_words_tell_nothing(name: str, split: str) -> None:
    (file,) = split_names.name_by_files([InputFile(f"train/{name}")])
    assert file.split_of() == split


def test_folders_tell_where_they_tell_files_apart() -> None:
    paths = [
        "val/2017/train/a.json",
        "val/2017/valid/a.json",
        "val/2017/b.json",
    ]
    named = split_names.name_by_files(map(InputFile, paths))
    assert [file.split_of() for file in named] == ["train", "validation", ""]


def test_what_was_named_beats_rows_and_these_beat_names() -> None:
    (file,) = split_names.name_by_files([InputFile("val.json", "train")])
    assert file.split_of("test") == "train"
    (file,) = split_names.name_by_files([InputFile("val.json")])
    assert file.split_of("test") == "test"


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_any_name_is_a_split_or_none(name: str) -> None:
    (file,) = split_names.name_by_files([InputFile(f"a/{name}")])
    assert file.split_of() in ("", *SPELLINGS)
    if split_names.is_split(name):
        assert split_names.is_split(split_names.canonical(name))


def test_files_are_held_by_their_splits_in_few_words() -> None:
    files = [InputFile(f"a/{number}.tar", "train") for number in range(4)]
    files += [InputFile("b/x.tar"), InputFile("b/y.tar", "val")]
    held = split_names.holdings(files)
    assert held == {
        "": "x.tar",
        "train": "0.tar, 1.tar and 2 more",
        "validation": "y.tar",
    }
    assert split_names.listed({"b": "2", "a": "1"}) == "a: 1; b: 2"


@pytest.mark.parametrize(
    "splits",
    [
        splits
        for length in range(4)
        for splits in itertools.combinations(("", "train", "test", "x"), length)
    ],
)
def test_all_have_splits_and_one_is_train_or_none_has(
    splits: tuple[str, ...],
) -> None:
    held = {split: f"what is {split}" for split in splits}
    if not splits or splits == ("",) or ("" not in held and "train" in held):
        split_names.check(held)
        return
    with pytest.raises(DataSetError, match="write train= ") as caught:
        split_names.check(held)
    assert all(what in str(caught.value) for what in held.values())
