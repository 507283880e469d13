"""Sources: the reader that flags ask for, and what is missing."""

from pathlib import Path

import pytest

from pipeline import manifest as manifest_lib
from pipeline.readers import sources
from pipeline.readers.captions import Reference
from tests import fixtures, pipes


@pytest.fixture
def corpus(tmp_path: Path) -> fixtures.Corpus:
    return fixtures.draw_corpus(tmp_path / "corpus", num_images=3)


def test_jsonl_is_opened(corpus: fixtures.Corpus) -> None:
    source = sources.open_source("jsonl", [str(corpus.jsonl)])
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
    source = sources.open_source("flickr8k", [str(corpus.tokens)])
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
        sources.open_source("flickr8k", [str(corpus.tokens)])
    assert str(caught.value) == (
        f"no Flickr_8k.trainImages.txt beside {corpus.tokens}"
    )
