"""Sources: the reader that flags ask for, and what is missing."""

import io
import json
import os
import tarfile
from pathlib import Path

import apache_beam as beam
import pytest

from pipeline.files import image_root
from pipeline.readers import formats, table
from pipeline.readers.annotation_files import DataSetError
from pipeline.readers.reference import Reference
from tests.support import bucket, fixtures, pipes


def open_source(
    dataset: str, annotations: list[str], images: str = "/", **columns: str
) -> formats.Source:
    given = table.Columns(**columns)
    return formats.open_source(dataset, annotations, images, given)


@pytest.fixture
def corpus(tmp_path: Path) -> fixtures.Corpus:
    return fixtures.draw_corpus(tmp_path / "corpus", num_images=3)


def test_jsonl_is_opened(corpus: fixtures.Corpus) -> None:
    source = open_source("jsonl", [str(corpus.jsonl)])
    assert list(source.inputs) == ["annotations"]
    with pipes.runner() as pipeline:
        good, _ = pipeline | source.reader
        pipes.check(
            good,
            [
                Reference(name, name, tuple(texts), corpus.splits[name])
                for name, texts in corpus.captions.items()
            ],
        )


@pytest.mark.parametrize("dataset", ["jsonl", "flickr8k"])
def test_a_slash_behind_the_images_makes_the_same_source(
    corpus: fixtures.Corpus, dataset: str
) -> None:
    file = corpus.jsonl if dataset == "jsonl" else corpus.tokens
    plain, slashed = (
        open_source(dataset, [str(file)], f"{corpus.images}{end}")
        for end in ("", "/")
    )
    assert slashed.images([]) == plain.images([])
    assert slashed.inputs == plain.inputs


def test_flickr8k_is_opened_with_its_lists(corpus: fixtures.Corpus) -> None:
    source = open_source("flickr8k", [str(corpus.tokens)])
    assert sorted(source.inputs) == ["annotations", "dev", "test", "train"]
    with pipes.runner() as pipeline:
        good, _ = pipeline | source.reader
        pipes.check(
            good,
            [
                Reference(
                    name,
                    name,
                    (text,),
                    corpus.splits[name].replace("validation", "dev"),
                    order,
                )
                for name, texts in corpus.captions.items()
                for order, text in enumerate(texts)
            ],
        )


def test_flickr8k_without_its_lists_is_told(corpus: fixtures.Corpus) -> None:
    corpus.tokens.with_name("Flickr_8k.trainImages.txt").unlink()
    with pytest.raises(DataSetError) as caught:
        open_source("flickr8k", [str(corpus.tokens)])
    assert str(caught.value) == (
        f"no Flickr_8k.trainImages.txt beside {corpus.tokens}"
    )


def test_coco_is_opened_with_a_split_a_file(tmp_path: Path) -> None:
    paths = []
    for number, name in enumerate(("train", "val")):
        path = tmp_path / f"captions_{name}2017.json"
        image = {"id": number, "file_name": f"{number}.jpg"}
        annotation = {"image_id": number, "id": 1, "caption": "text"}
        document = {"images": [image], "annotations": [annotation]}
        path.write_text(json.dumps(document))
        paths.append(str(path))
    source = open_source("coco", paths)
    assert source.inputs == open_source("coco", paths[::-1]).inputs
    with pipes.runner() as pipeline:
        good, _ = pipeline | source.reader
        pipes.check(
            good,
            [
                Reference("0", "0.jpg", ("text",), "train"),
                Reference("1", "1.jpg", ("text",), "validation"),
            ],
        )
    with pytest.raises(DataSetError, match="--dataset=coco$"):
        open_source("karpathy", paths)


def test_karpathy_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "dataset_flickr30k.json"
    image = {
        "filename": "1.jpg",
        "split": "val",
        "sentences": [{"raw": "text"}],
    }
    other = image | {"filename": "2.jpg", "split": "restval"}
    path.write_text(json.dumps({"images": [image, other]}))
    with pipes.runner() as pipeline:
        source = open_source("karpathy", [str(path)])
        good, _ = pipeline | source.reader
        pipes.check(
            good,
            [
                Reference("1.jpg", "1.jpg", ("text",), "validation"),
                Reference("2.jpg", "2.jpg", ("text",), "train"),
            ],
        )
    with pytest.raises(DataSetError, match="--dataset=karpathy$"):
        open_source("coco", [str(path)])


@pytest.mark.parametrize(("dataset", "mark"), [("csv", ","), ("tsv", "\t")])
def test_tables_are_opened(tmp_path: Path, dataset: str, mark: str) -> None:
    path = tmp_path / "captions"
    path.write_text(f"file{mark}text\n1.jpg{mark}a dog\n")
    source = open_source(dataset, [str(path)], image="file", caption="text")
    with pipes.runner() as pipeline:
        good, _ = pipeline | source.reader
        pipes.check(good, [Reference("1.jpg", "1.jpg", ("a dog",))])
    with pytest.raises(DataSetError, match="no column 'image'"):
        open_source(dataset, [str(path)])


def test_shards_are_opened_with_their_folder(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a/1.tar", "b/1.tar")]
    for path in paths:
        path.parent.mkdir()
        with tarfile.open(path, "w") as tar:
            for name in ("x.jpg", "x.txt"):
                member = tarfile.TarInfo(name)
                member.size = 1
                tar.addfile(member, io.BytesIO(b"t"))
    given = [f"train={paths[0]}", f"val={paths[1]}"]
    source = open_source("webdataset", given, "")
    assert source.root == str(tmp_path)
    with pipes.runner() as pipeline:
        good, _ = pipeline | source.reader
        pipes.check(
            good | beam.Map(lambda part: (part.image_id, part.split)),
            [("a/1.tar/x", "train"), ("b/1.tar/x", "validation")],
        )
    os.utime(paths[0], (1, 1))
    assert open_source("webdataset", given, "").inputs != source.inputs
    with pytest.raises(DataSetError, match="^--images: "):
        open_source("webdataset", given, str(tmp_path))


def test_what_is_missing_is_told(corpus: fixtures.Corpus) -> None:
    for annotations, images, told in (
        ([], "x", "--annotations is needed"),
        ([str(corpus.jsonl)], "", "--images is needed"),
        ([str(corpus.jsonl)], "no/where", "--images: no such path: no/where"),
    ):
        with pytest.raises(DataSetError) as caught:
            open_source("jsonl", annotations, images)
        assert str(caught.value) == told


def test_flickr30k_is_opened_with_or_without_lists(tmp_path: Path) -> None:
    tokens = tmp_path / "results_20130124.token"
    tokens.write_text("1000092795.jpg#0\tTwo young guys .\n")
    alone = open_source("flickr30k", [str(tokens)])
    for name, listed in (("train", "1000092795"), ("val", ""), ("test", "")):
        (tmp_path / f"{name}.txt").write_text(listed)
    listed = open_source("flickr30k", [str(tokens)])
    assert alone.inputs["annotations"] == listed.inputs["annotations"]
    assert sorted(listed.inputs) == [
        "annotations",
        "test",
        "train",
        "validation",
    ]
    for source, split in ((alone, ""), (listed, "train")):
        with pipes.runner() as pipeline:
            good, _ = pipeline | source.reader
            name = "1000092795.jpg"
            expected = Reference(name, name, ("Two young guys .",), split)
            pipes.check(good, [expected])


def test_images_may_be_a_pattern(corpus: fixtures.Corpus) -> None:
    images = f"{corpus.images}/*-0[02].jpg"
    source = open_source("jsonl", [str(corpus.jsonl)], images)
    assert source.root == str(corpus.images)
    with pipes.runner() as pipeline:
        good, rejects = pipeline | source.reader
        names = good | "Names" >> beam.Map(lambda part: part.source)
        pipes.check(names, ["image-00.jpg", "image-02.jpg"])
        lost = [("image-01.jpg", "no-such-image")]
        pipes.check(pipes.reasons(rejects), lost, "rejects")
    with pytest.raises(DataSetError) as caught:
        open_source("jsonl", [str(corpus.jsonl)], f"{corpus.images}/*.png")
    assert str(caught.value) == (
        f"--images: no such path: {corpus.images}/*.png"
    )


def coco_file(path: Path) -> str:
    name = f"{path.stem}.jpg"
    image = {"id": path.stem, "file_name": name}
    annotation = {"image_id": path.stem, "id": 1, "caption": "text"}
    path.write_text(
        json.dumps({"images": [image], "annotations": [annotation]})
    )
    return str(path)


def jsonl_file(path: Path) -> str:
    row = {"image": f"{path.stem}.jpg", "captions": ["text"]}
    path.write_text(json.dumps(row))
    return str(path)


def csv_file(path: Path) -> str:
    path.write_text(f"image,caption\n{path.stem}.jpg,text\n")
    return str(path)


WRITERS = {"coco": coco_file, "jsonl": jsonl_file, "csv": csv_file}


@pytest.mark.parametrize("dataset", WRITERS)
def test_names_of_files_tell_splits_in_each_format(
    tmp_path: Path, dataset: str, caplog: pytest.LogCaptureFixture
) -> None:
    names = {"Train-1": "train", "a_valid_b": "validation", "x.test": "test"}
    write = WRITERS[dataset]
    paths = [write(tmp_path / f"{name}.json") for name in names]
    with caplog.at_level("INFO", "pipeline"):
        source = open_source(dataset, paths)
    assert "test: x.test.json; train: Train-1.json" in caplog.text
    with pipes.runner() as pipeline:
        good, _ = pipeline | source.reader
        found = good | beam.Map(lambda part: (part.source, part.split))
        pipes.check(found, [(f"{n}.jpg", split) for n, split in names.items()])


@pytest.mark.parametrize("dataset", ["coco", "csv"])
@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("train", "more"), "no split is known of more.json, but of the rest "),
        (("val", "test"), "nothing is in the split train "),
    ],
)
def test_files_that_cannot_be_split_are_told_first(
    tmp_path: Path, dataset: str, names: tuple[str, ...], told: str
) -> None:
    paths = [WRITERS[dataset](tmp_path / f"{name}.json") for name in names]
    with pytest.raises(DataSetError, match="write train= ") as caught:
        open_source(dataset, paths)
    assert str(caught.value).startswith(told)
    open_source(dataset, [f"train={path}" for path in paths])


def test_a_file_of_lines_without_a_split_among_others_is_told(
    tmp_path: Path,
) -> None:
    paths = [jsonl_file(tmp_path / f"{name}.jsonl") for name in ("train", "b")]
    source = open_source("jsonl", paths)
    with (
        pytest.raises(Exception, match="no split is known of 1 captions, but"),
        pipes.runner() as pipeline,
    ):
        pipeline | source.reader


def test_a_file_that_is_renamed_is_another(tmp_path: Path) -> None:
    one = open_source("jsonl", [jsonl_file(tmp_path / "a.jsonl")])
    tmp_path.joinpath("a.jsonl").rename(tmp_path / "train.jsonl")
    other = open_source("jsonl", [str(tmp_path / "train.jsonl")])
    assert one.inputs != other.inputs


@pytest.mark.parametrize("dataset", ["jsonl", "csv", "coco", "flickr30k"])
def test_utf_16_is_told(tmp_path: Path, dataset: str) -> None:
    path = tmp_path / "a"
    path.write_bytes("image,caption\n".encode("utf-16"))
    with pytest.raises(DataSetError, match="is in UTF-16, and only UTF-8 is"):
        open_source(dataset, [str(path)])


def test_tfds_reads_one_data_set() -> None:
    with pytest.raises(DataSetError, match="one data set, not 2: a, b$"):
        open_source("tfds", ["a", "b"], "")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_a_bucket_may_hold_it_all(
    corpus: fixtures.Corpus,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    served = {
        "gs": lambda: bucket.serve(tmp_path, monkeypatch),
        "s3": lambda: bucket.serve_s3(monkeypatch),
    }
    url = f"{scheme}://{bucket.NAME}"
    with tarfile.open(tmp_path / "1.tar", "w") as tar:
        tar.add(corpus.images / "image-00.jpg", "x.jpg")
        tar.add(corpus.jsonl, "x.txt")
    with served[scheme]() as endpoint:
        for path in (corpus.images, corpus.jsonl, tmp_path / "1.tar"):
            bucket.upload(path, f"{url}/{path.name}")
        flags = [f"--s3_endpoint_url={endpoint}"] if scheme == "s3" else []
        lines = open_source(
            "jsonl", [f"{url}/*.jsonl"], f"{url}/images/*-01.jpg"
        )
        shards = open_source("webdataset", [f"train={url}/*.tar"], "")
        assert (lines.root, shards.root) == (f"{url}/images", url)
        with pipes.runner(*flags) as pipeline:
            located, _ = pipeline | "Lines" >> lines.reader
            names = located | "Names" >> beam.Map(lambda part: part.source)
            pipes.check(names, ["image-01.jpg"])
            good, _ = pipeline | "Shards" >> shards.reader
            images = image_root.ImageRoot(shards.root)
            data = good | "Images" >> beam.Map(
                lambda part: images.read(
                    part.source,
                    offset=part.offset,
                    length=part.length,
                    max_bytes=10_000,
                )
            )
            expected = (corpus.images / "image-00.jpg").read_bytes()
            pipes.check(data, [expected], "images")


def test_links_are_followed_where_the_user_names_files(
    corpus: fixtures.Corpus, tmp_path: Path
) -> None:
    named = tmp_path / "named [1]"
    named.mkdir()
    (named / "photos").symlink_to(corpus.images)
    with tarfile.open(tmp_path / "blob", "w") as tar:
        tar.add(corpus.images / "image-00.jpg", "x.jpg")
        tar.add(corpus.jsonl, "x.txt")
    with tarfile.open(tmp_path / "blob") as tar:
        offset = tar.getmember("x.jpg").offset_data
    (named / "train.tar").symlink_to("../blob")
    photo = (corpus.images / "image-00.jpg").read_bytes()
    found = open_source("jsonl", [str(corpus.jsonl)], f"{named}/*/*-00.jpg")
    source = "photos/image-00.jpg"
    assert found.images([]).read(source, max_bytes=10_000) == photo
    shards = open_source("webdataset", [f"{named}/*.tar"], "")
    part = shards.images([]).read(
        "train.tar", offset=offset, length=len(photo), max_bytes=10_000
    )
    assert part == photo
    folder = open_source("jsonl", [str(corpus.jsonl)], str(named))
    with pytest.raises(image_root.RejectedSource, match="a link leads out"):
        folder.images([]).read(source, max_bytes=10_000)
