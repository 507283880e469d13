"""Signs of life arrive; without a launcher the process ends."""

import os
import subprocess
import sys

from trainer.devices import heartbeat

LIVES = (
    "import time; from trainer.devices import heartbeat; "
    "heartbeat.start(); heartbeat.ready(); time.sleep(60)"
)


def test_without_a_launcher_nothing_happens(monkeypatch):
    monkeypatch.delenv(heartbeat.ENVIRONMENT, raising=False)
    heartbeat.start()
    heartbeat.ready()


def test_signs_arrive_until_nobody_listens():
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", LIVES],
        env={**os.environ, heartbeat.ENVIRONMENT: str(writing)},
        pass_fds=[writing],
    )
    os.close(writing)
    try:
        signs = b""
        while len(signs) < 3:
            sign = os.read(reading, 1)
            assert sign, "the process ended"
            signs += sign
        assert set(signs) == set(heartbeat.ALIVE + heartbeat.READY)
        os.close(reading)
        assert process.wait(timeout=30) == 1
    finally:
        process.kill()
