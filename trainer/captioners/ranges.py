"""Which values the settings of a captioner may have."""

from collections.abc import Mapping
from typing import Any

_RATES = ("dropout_rate", "word_dropout")


def require(settings: Mapping[str, Any]) -> None:
    """Checks that widths and numbers are positive, and rates are shares.

    Args:
      settings: of a captioner, by name.

    Raises:
      ValueError: a number below one, or a rate outside [0, 1).
    """
    for name, value in settings.items():
        if name in _RATES:
            if not 0 <= value < 1:
                raise ValueError(f"`{name}` must lie in [0, 1), got {value}")
        elif not isinstance(value, bool) and value < 1:
            raise ValueError(f"`{name}` must be positive, got {value}")
