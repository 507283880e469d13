"""The report's files agree with each other and with the lines printed."""

import dataclasses
import json

import numpy as np
import pytest

from pipeline.scenes import truth as truth_lib
from pipeline.scenes import words as words_lib
from pipeline.scoring import cider
from trainer.decoding import caption as caption_lib
from trainer.evaluation import baselines, estimate, evaluation
from trainer.report import curves, results


def example(number, text):
    words = tuple(text.split())
    attention = np.full([len(words), 4], 0.25, np.float32)
    caption = caption_lib.Caption(text, words, attention, -1.5)
    return caption_lib.CaptionedExample(
        f"img-{number}", b"", ["a dog"], caption
    )


@pytest.fixture
def result():
    texts = ["a dog", "a <b>cat</b>", "a red ball", "a boat"]
    return evaluation.Evaluation(
        split="test",
        examples=[example(i, text) for i, text in enumerate(texts)],
        metrics=[cider.CiderDMetric()],
        constant="a dog",
        scores={
            "cider_d": baselines.Score(0.52, 0.14, 0.06, 0.8, (0.49, 0.55))
        },
        repetition={"mode_share": 0.25, "collision_probability": 0.0},
        reference_repetition={"mode_share": 1.0, "collision_probability": 1.0},
        loss=2.5,
        swap_gap=estimate.Estimate(1.5, 0.25),
        looks=True,
        verdict="It looks at the image: it does.",
        signature="tok:ptb",
    )


def write(run_dir, result, truth=None, images=2):
    return results.write(
        str(run_dir),
        result,
        curves=curves.Curves(),
        facts=[("Encoder", "lite")],
        truth=truth,
        page_images=images,
    )


def test_text_begins_with_scores_and_ends_with_the_page(tmp_path, result):
    text = write(tmp_path, result)
    lines = text.splitlines()
    assert lines[0].split()[0] == "captioner"
    assert lines[1].split() == [
        *("CIDEr-D", "0.520", "0.490", "to", "0.550"),
        *("0.140", "0.060", "0.800"),
    ]
    assert sum(line.startswith("  img-") for line in lines) == 3
    assert lines[-3:-1] == ["Signature: tok:ptb", result.verdict]
    assert lines[-1] == f"Page: {tmp_path / 'test' / 'page.html'}"


def test_an_open_verdict_is_open_everywhere(tmp_path, result):
    line = "Too few images to tell: 10 images would do."
    unknown = dataclasses.replace(result, looks=None, verdict=line)
    assert line in write(tmp_path, unknown).splitlines()
    scores = json.loads((tmp_path / "test" / "scores.json").read_text())
    assert (scores["looks_at_the_image"], scores["verdict"]) == (None, line)
    assert (
        '<p class="verdict"><strong>Too few images to tell.</strong>'
        "10 images would do.</p>"
    ) in (tmp_path / "test" / "page.html").read_text()


def test_the_page_in_a_bucket_keeps_its_address(result):
    text = write("ram://run", result)
    assert text.endswith("\nPage: ram://run/test/page.html")


def test_every_caption_is_on_disk_beside_its_references(tmp_path, result):
    write(tmp_path, result)
    rows = (tmp_path / "test" / "captions.jsonl").read_text().splitlines()
    assert [json.loads(row)["id"] for row in rows] == [
        f"img-{i}" for i in range(4)
    ]
    assert json.loads(rows[1])["caption"] == "a <b>cat</b>"
    assert json.loads(rows[1])["references"] == ["a dog"]


def test_scores_are_for_programs(tmp_path, result):
    write(tmp_path, result)
    scores = json.loads((tmp_path / "test" / "scores.json").read_text())
    assert scores["looks_at_the_image"] is True
    assert scores["scores"]["cider_d"] == {
        "model": 0.52,
        "constant": 0.14,
        "shuffled": 0.06,
        "people": 0.8,
        "interval": [0.49, 0.55],
    }
    assert scores["swap_gap"] == {"mean": 1.5, "error": 0.25}
    assert scores["constant_caption"] == "a dog"
    assert scores["signature"] == "tok:ptb"
    assert scores["images"] == 4


def test_page_shows_the_first_images_and_escapes_captions(tmp_path, result):
    write(tmp_path, result, images=2)
    page = (tmp_path / "test" / "page.html").read_text()
    assert "<b>cat" not in page
    assert "boat" not in page


def test_page_and_rows_tell_what_the_image_adds(tmp_path, result):
    for row, gain in zip(result.examples[:2], (1.234, 0.012), strict=True):
        caption = dataclasses.replace(row.caption, image_gain=gain)
        result.examples[result.examples.index(row)] = dataclasses.replace(
            row, caption=caption
        )
    write(tmp_path, result, images=3)
    page = (tmp_path / "test" / "page.html").read_text()
    assert '<li class="good">image gain 1.23 nats a token</li>' in page
    assert '<li class="bad">image gain 0.01 nats a token</li>' in page
    assert page.count("image gain") == 2
    lines = (tmp_path / "test" / "captions.jsonl").read_text().splitlines()
    rows = list(map(json.loads, lines))
    assert [row.get("image_gain") for row in rows] == [1.234, 0.012, None, None]


def test_page_tells_what_the_true_scene_says(tmp_path, result):
    thing = truth_lib.SceneObject(
        shape=words_lib.SHAPES[0],
        colour=words_lib.COLOURS[0],
        size="large",
        texture="plain",
        x=100,
        y=100,
    )
    scene = truth_lib.Scene("s", words_lib.BACKGROUNDS[0], (thing,))
    right = f"a {thing.colour} {thing.shape}"
    wrong = f"a {words_lib.COLOURS[1]} {thing.shape}"
    result.examples[:2] = [example(0, right), example(1, wrong)]
    truth = {f"img-{i}": scene for i in range(4)}
    write(tmp_path, result, truth=truth)
    page = (tmp_path / "test" / "page.html").read_text()
    assert "all 2 statements true" in page
    assert "1 of 2 statements false" in page
