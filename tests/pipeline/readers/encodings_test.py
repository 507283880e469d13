"""Text in another Unicode encoding is told by the file's first bytes."""

import codecs
from pathlib import Path

import pytest

from pipeline.readers import encodings
from pipeline.readers.annotation_files import DataSetError

TEXTS = ('{"images": []}', "image,caption\n", "", "\u00e9t\u00e9")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_read(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(text.encode(encoding))
    encodings.check([str(path)])


@pytest.mark.parametrize("text", TEXTS[:2])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"", "utf-32-le"),
        (b"", "utf-32-be"),
    ],
)
def test_others_are_told(
    tmp_path: Path, text: str, mark: bytes, encoding: str
) -> None:
    path = tmp_path / "a"
    path.write_bytes(mark + text.encode(encoding))
    with pytest.raises(DataSetError) as caught:
        encodings.check([str(path)])
    told = str(caught.value)
    assert told.startswith(f"{path} is in {encoding[:6].upper()}")
    assert told.endswith("only UTF-8 is read: save it anew as UTF-8")
