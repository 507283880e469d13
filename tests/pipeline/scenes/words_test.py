"""The article that goes before a word of the scenes."""

from pipeline.scenes import words as words_lib


def test_articles() -> None:
    assert [words_lib.article(word) for word in ("umbrella", "car")] == [
        "an",
        "a",
    ]
