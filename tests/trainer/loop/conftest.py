"""What the loop's actions log, as a fixture."""

import logging

import pytest


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What was logged: see its `messages`."""
    caplog.set_level(logging.INFO, logger="trainer")
    return caplog
