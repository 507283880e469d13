"""Sources: the reader that flags ask for, and what is missing."""

import json
from pathlib import Path

import pytest

from pipeline import manifest as manifest_lib
from pipeline.readers import sources, table
from pipeline.readers.captions import Reference
from tests import fixtures, pipes


def open_source(
    dataset: str, annotations: list[str], **columns: str
) -> sources.Source:
    given = table.Columns(**columns)
    return sources.open_source(dataset, annotations, given)


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
    with pytest.raises(manifest_lib.RecordSetError) as caught:
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
    with pytest.raises(manifest_lib.RecordSetError, match="--dataset=coco$"):
        open_source("karpathy", paths)


def test_karpathy_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "dataset_flickr30k.json"
    image = {
        "filename": "1.jpg",
        "split": "val",
        "sentences": [{"raw": "text"}],
    }
    path.write_text(json.dumps({"images": [image]}))
    with pipes.runner() as pipeline:
        source = open_source("karpathy", [str(path)])
        good, _ = pipeline | source.reader
        pipes.check(
            good, [Reference("1.jpg", "1.jpg", ("text",), "validation")]
        )
    with pytest.raises(
        manifest_lib.RecordSetError, match="--dataset=karpathy$"
    ):
        open_source("coco", [str(path)])


@pytest.mark.parametrize(("dataset", "mark"), [("csv", ","), ("tsv", "\t")])
def test_tables_are_opened(tmp_path: Path, dataset: str, mark: str) -> None:
    path = tmp_path / "captions"
    path.write_text(f"file{mark}text\n1.jpg{mark}a dog\n")
    source = open_source(dataset, [str(path)], image="file", caption="text")
    with pipes.runner() as pipeline:
        good, _ = pipeline | source.reader
        pipes.check(good, [Reference("1.jpg", "1.jpg", ("a dog",))])
    with pytest.raises(manifest_lib.RecordSetError, match="no column 'image'"):
        open_source(dataset, [str(path)])
