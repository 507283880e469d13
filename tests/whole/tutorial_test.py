"""The tutorial notebook runs from its first cell to its last."""

import json
import pathlib

import nbclient
import nbformat
import pytest

ROOT = pathlib.Path(__file__).parents[2]
TUTORIAL = ROOT / "tutorial.ipynb"


def test_it_is_stored_as_nobody_ran_it():
    notebook = json.loads(TUTORIAL.read_text())
    for cell in notebook["cells"]:
        assert cell["metadata"] == {}
        assert cell["cell_type"] == "markdown" or cell["outputs"] == []
        assert cell.get("execution_count") is None
    assert str(ROOT) not in TUTORIAL.read_text()


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each cell of code printed, by the first line of the cell."""
    folder = tmp_path_factory.mktemp("tutorial")
    notebook = nbformat.read(TUTORIAL, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(folder)}}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        client.execute()
    return [
        "".join(
            output.get("text", "") or str(output.get("data", ""))
            for output in cell.outputs
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.slow
def test_it_trains_a_captioner_that_looks_at_the_image(said):
    drawn, rehearsed, made, shown, _, trained, judged, listed, new, own = said
    assert '"captions": [' in drawn
    assert "1160 images, 0 rejected" in rehearsed
    assert "train 1000, validation 60 images, 0 rejected" in made
    assert "ok    all checks passed" in made
    assert "{'test': 100, 'train': 1000, 'validation': 60}" in shown
    assert "warn" not in trained
    assert "trained: reached step 300, tutorial/runs/first" in trained
    assert "It looks at the image: swapping images raises the loss" in judged
    assert "300 of 300" in listed
    assert new.count("image/jpeg") == 3
    scores = dict(line.split(": ") for line in own.splitlines()[:2])
    for name, score in scores.items():
        made_here, moved = map(float, score.split(", moved "))
        assert made_here > 2 * moved, name


@pytest.mark.slow
def test_no_start_up_note_of_tensorflow_reaches_a_cell(said):
    assert "E0000" not in "".join(said)
