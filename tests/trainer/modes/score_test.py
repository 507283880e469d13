"""Any system's captions are scored by a real process."""

import json

import pytest

from tests.support import forks

IMAGES = 12
REFERENCES = [
    {"id": n, "captions": [f"a red dog number {n}", f"dog {n} runs on grass"]}
    for n in range(IMAGES)
]
SAID = [
    {"image_id": n, "caption": f"a dog number {n}" if n % 3 else "a dog with"}
    for n in range(IMAGES)
]


def lines(rows) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "said.json").write_text(json.dumps(SAID))
    (tmp_path / "known.jsonl").write_text(lines(REFERENCES))
    return tmp_path


def score(folder, *arguments):
    return forks.run(
        "trainer",
        "--mode=score",
        f"--captions={folder / 'said.json'}",
        f"--references={folder / 'known.jsonl'}",
        *arguments,
    )


def test_scores_stand_beside_floors_with_a_signature(files):
    done = score(files, f"--output={files / 'scores.json'}")
    assert done.code == 0, done.errors
    rows = done.output.splitlines()
    assert rows[0].split()[-3:] == ["constant", "shuffled", "people"]
    labels = [row[:22].strip() for row in rows]
    for label in ("BLEU-4", "ROUGE-L", "CIDEr-D", "Distinct-1", "CHAIRi"):
        assert label in labels
    (signature,) = [row for row in rows if row.startswith("Signature: ")]
    assert "|images:12|refs:2|captions:1|" in signature
    found = json.loads((files / "scores.json").read_text())
    assert found["signature"] == signature.removeprefix("Signature: ")
    own = found["scores"]["dangling"]
    assert own["model"] == pytest.approx(1 / 3)
    low, high = own["interval"]
    assert 0 < low < 1 / 3 < high < 1
    cider_d = found["scores"]["cider_d"]
    assert cider_d["model"] > max(cider_d["constant"], cider_d["shuffled"])
    assert found["scores"]["distinct_1"]["interval"] is None
    assert found["scores"]["distinct_1"]["shuffled"] is None
    assert found["diversity"] == {}


def test_several_captions_of_each_image_get_their_diversity(files):
    more = [
        {"image_id": n, "caption": f"{size} dog {n}"}
        for n in range(IMAGES)
        for size in ("a small", "one big")
    ]
    (files / "said.json").write_text(json.dumps(more))
    done = score(files, f"--output={files / 'scores.json'}")
    assert done.code == 0, done.errors
    found = json.loads((files / "scores.json").read_text())["diversity"]
    assert list(found) == ["self_cider", "mbleu_4"]
    assert 0 < found["self_cider"]["model"] < 1
    assert "Self-CIDEr" in done.output and "mBLEU-4" in done.output


@pytest.mark.parametrize(
    ("said", "known", "message"),
    [
        (
            lines([{"image_id": 99, "caption": "a dog"}]),
            None,
            (
                "--references: {known} says nothing of 1 of 1 images of "
                "{said}, such as '99'"
            ),
        ),
        (
            lines(SAID[:1]),
            None,
            (
                "--captions: {said} has captions of 1 images: floors need two "
                "at least"
            ),
        ),
        (
            "{broken",
            None,
            (
                "--captions: {said}, line 1 is no JSON: Expecting property "
                "name enclosed in double quotes: line 1 column 2 (char 1)"
            ),
        ),
        (
            None,
            lines([{"id": 1}]),
            (
                "--references: {known}, entry 1: an object with 'image_id' and "
                "'caption', or with 'id' and 'captions', is needed"
            ),
        ),
    ],
)
def test_wrong_files_are_named(files, said, known, message):
    paths = {"said": files / "said.json", "known": files / "known.jsonl"}
    for name, text in (("said", said), ("known", known)):
        if text is not None:
            paths[name].write_text(text)
    assert score(files).told == message.format(**paths)


def test_both_files_are_asked_for():
    done = forks.run("trainer", "--mode=score")
    assert done.told == "--mode=score needs --captions"
    done = forks.run("trainer", "--mode=score", "--captions=a.json")
    assert done.told == "--captions needs --references"
