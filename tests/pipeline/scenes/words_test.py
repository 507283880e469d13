"""The scenes' language: what is said is true, and what is false is seen."""

from pipeline.scenes import words as words_lib


def test_articles() -> None:
    assert [words_lib.article(word) for word in ("umbrella", "car")] == [
        "an",
        "a",
    ]
