"""The mode writes what it says, and ends with its exit code."""

import json

from trainer.modes.diagnose_captions import diagnose_captions


def test_a_diagnosis_is_told_and_written(tmp_path):
    said, known = tmp_path / "said.json", tmp_path / "known.jsonl"
    said.write_text(
        json.dumps([{"image_id": n, "caption": "a dog"} for n in range(30)])
    )
    known.write_text(
        "".join(
            json.dumps({"id": n, "captions": [f"a {n} thing", f"it is {n}"]})
            + "\n"
            for n in range(30)
        )
    )
    out = tmp_path / "diagnosis.json"
    ended = diagnose_captions(str(said), str(known), str(out))
    assert ended.exit_code == 3
    assert ended.text.startswith("The captions do not fit their images")
    assert ended.text.endswith(f"Page: {out}")
    row = json.loads(out.read_text())
    assert row["state"] == "collapsed"
    assert row["causes"][0]["cause"] == "one-caption"
