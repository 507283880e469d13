"""What settings the captioners refuse."""

import pytest

from tests.support import shaken
from trainer import configurable


@pytest.mark.parametrize("make", configurable.CAPTIONERS)
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("units", 0, "`units` must be positive, got 0"),
        ("dropout_rate", 1.0, "`dropout_rate` must lie in [0, 1), got 1.0"),
        ("word_dropout", -0.5, "`word_dropout` must lie in [0, 1), got -0.5"),
    ],
)
def test_a_setting_that_is_out_of_range_is_refused(make, name, value, said):
    with pytest.raises(ValueError) as error:
        shaken.captioner(make, **{name: value})
    assert str(error.value) == said
