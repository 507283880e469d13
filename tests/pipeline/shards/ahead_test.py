"""Calls begin before they are asked for."""

from pipeline.shards import ahead


def test_the_next_work_begins_as_the_last_calls_end() -> None:
    seen: list[str] = []
    other = ahead.Ahead(seen.append, "abcdef", depth=3, threads=1)
    first = ahead.Ahead(str.upper, "vwxyz", depth=2, threads=1)
    got = []
    for letter in first.results(then=other.begin):
        got.append((letter, "".join(seen)))
    # Two calls were under way when there was none left to begin.
    assert [letter for letter, _ in got] == list("VWXYZ")
    assert [begun for _, begun in got[:4]] == [""] * 4
    assert len(list(other.results(then=lambda: None))) == 6
    assert seen == list("abcdef")
