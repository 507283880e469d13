"""The job's flags as one frozen value, and what is derived from them."""

import dataclasses
import pathlib

import pytest

from pipeline.modes.options import Options, OptionsError

OPTIONS = Options(
    output="out",
    dataset="jsonl",
    annotations=("train=a.jsonl", "b-*.jsonl"),
    images="photos",
    image_column="image",
    caption_column="caption",
    split_column="",
    tfds_data_dir=None,
    allow_hosts=("b.org", "a.org"),
    encoder="efficientnet-lite0",
    weights=None,
    batch_size=32,
    grid_dtype="float16",
    num_shards=8,
    views=(),
    thumbnail_side=224,
    max_image_megabytes=50,
    max_image_megapixels=50,
    validation_share=0.05,
    test_share=0.05,
    holdout_share=0.0,
    min_count=1,
    max_words=20000,
    max_reject_share=0.05,
    max_shard_reject_share=0.0,
    limit=None,
    drop_pairs=None,
    dry_run=False,
    overwrite=False,
)


def test_limits_are_in_bytes_and_pixels() -> None:
    limits = OPTIONS.limits
    assert (limits.max_bytes, limits.max_pixels) == (50 << 20, 50_000_000)


def test_the_manifest_learns_no_path() -> None:
    settings = OPTIONS.settings
    elsewhere = dataclasses.replace(
        OPTIONS, output="other", images="other", annotations=("c",)
    )
    assert settings == elsewhere.settings
    assert settings["allow_hosts"] == ["a.org", "b.org"]
    assert settings["split_rule"]["validation_share"] == 0.05


def test_workers_are_told_each_path_by_its_flag() -> None:
    assert OPTIONS.paths == [
        ("annotations", "a.jsonl"),
        ("annotations", "b-*.jsonl"),
        ("images", "photos"),
        ("output", "out"),
    ]
    own = dataclasses.replace(
        OPTIONS, dataset="tfds", images="", encoder="own.keras", weights="w.h5"
    )
    assert own.paths == [
        ("tfds_data_dir", ""),
        ("output", "out"),
        ("encoder", "own.keras"),
        ("weights", "w.h5"),
    ]


@pytest.mark.parametrize("output", ["gs://b/a*", "s3://b/a?", "gs://b/a[b"])
def test_an_output_that_a_bucket_takes_for_a_pattern_is_refused(
    output: str,
) -> None:
    with pytest.raises(OptionsError) as error:
        dataclasses.replace(OPTIONS, output=output).check()
    assert str(error.value) == (
        f"--output: in a bucket, a path without * ? and [ is needed: {output}"
    )
    OPTIONS.check()


@pytest.mark.parametrize(
    ("images", "output"),
    [
        ("photos", "photos"),
        ("photos/", "photos/records"),
        ("photos", "photos/new/records"),
        ("data", "data/photos/records"),
        ("photos/*.jpg", "photos/records"),
        ("data/**", "data/photos/records"),
    ],
)
def test_an_output_among_photographs_is_refused(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    images: str,
    output: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("photos", "data/photos"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.JPG").touch()
    with pytest.raises(OptionsError) as error:
        dataclasses.replace(OPTIONS, images=images, output=output).check()
    assert str(error.value) == (
        f"--output={output} lies among the photographs of --images={images}: "
        "choose a folder beside them"
    )


@pytest.mark.parametrize("output", ["data/records", "records", "photos-2"])
def test_an_output_beside_photographs_is_accepted(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/photos").mkdir(parents=True)
    (tmp_path / "data/photos/a.jpg").touch()
    dataclasses.replace(OPTIONS, images="data", output=output).check()


def test_views_are_recorded_in_one_order_and_only_if_asked_for() -> None:
    assert "views" not in OPTIONS.settings
    seen = dataclasses.replace(OPTIONS, views=["top-right", "flip", "flip"])
    assert seen.train_views == ("flip", "top-right")
    assert seen.settings == OPTIONS.settings | {"views": ["flip", "top-right"]}


def test_an_unknown_view_is_named() -> None:
    options = dataclasses.replace(OPTIONS, views=["flip", "mirror"])
    with pytest.raises(OptionsError) as error:
        options.check()
    assert str(error.value) == (
        "--views=flip,mirror: no view 'mirror'; there are flip, top-left, "
        "top-right, bottom-left, bottom-right"
    )
