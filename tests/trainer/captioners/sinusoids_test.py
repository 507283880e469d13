"""Positions of words and places."""

import numpy as np

from trainer.captioners import sinusoids


def test_places_of_a_square_have_rows_and_columns() -> None:
    table = sinusoids.grid(9, 8)
    assert table.shape == (9, 8) and table.dtype == np.float32
    rows, columns = table[:, :4], table[:, 4:]
    np.testing.assert_array_equal(rows[3], rows[5])
    np.testing.assert_array_equal(columns[1], columns[7])
    assert len(np.unique(table.round(4), axis=0)) == 9


def test_places_of_no_square_have_an_order() -> None:
    np.testing.assert_array_equal(sinusoids.grid(10, 8), sinusoids.line(10, 8))
