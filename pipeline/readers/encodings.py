"""Text is UTF-8; a file in another Unicode encoding is told by its first bytes.

Single bytes that are no UTF-8 cost the line that they stand in. A file in
UTF-16, as spreadsheets and PowerShell write it, has no line at all.
"""

import json
from collections.abc import Iterable

from apache_beam.io.filesystems import FileSystems

from pipeline.readers.annotation_files import DataSetError

_FIRST_BYTES = 4


def check(paths: Iterable[str]) -> None:
    """Looks at the first bytes of text files.

    Raises:
      DataSetError: one is in UTF-16 or UTF-32.
    """
    for path in paths:
        with FileSystems.open(path) as file:
            found = json.detect_encoding(file.read(_FIRST_BYTES))
        if not found.startswith("utf-8"):
            raise DataSetError(
                f"{path} is in {found.upper()}, and only UTF-8 is read: save "
                "it anew as UTF-8"
            )
