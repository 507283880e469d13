"""A headless Chromium, controlled through its debugging pipe."""

import json
import os
import select
import shutil
import subprocess
from pathlib import Path
from typing import Any

BINARY = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))),
    None,
)
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
_PATIENCE_SECONDS = 60


class Chromium:
    """One tab. Chromium reads file descriptor 3 and writes to 4."""

    def __init__(self, profile: Path):
        theirs, self._write = os.pipe()
        self._read, theirs_out = os.pipe()
        # Only a shell can hand on descriptors under other numbers.
        command = f'exec "$@" 3<&{theirs} 4>&{theirs_out}'
        self._process = subprocess.Popen(
            ["bash", "-c", command, "bash", str(BINARY), *_FLAGS]
            + [f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(theirs, theirs_out),
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(theirs_out)
        self._buffer, self._number, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []
        tab = self.call("Target.createTarget", url="about:blank")
        self._session = self.call(
            "Target.attachToTarget", targetId=tab["targetId"], flatten=True
        )["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")
        self.call("Log.enable")
        self.call("Runtime.enable")

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], _PATIENCE_SECONDS)[0]:
                raise TimeoutError("Chromium is silent.")
            self._buffer += os.read(self._read, 1 << 20) or b"\0"
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._message()).get("id") != self._number:
            self.events.append(answer)
        return answer["result"]

    def open(self, page: Path, *, width: int, scheme: str = "light") -> None:
        """Loads a page as a device of this width in CSS pixels shows it."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])
        self.events.clear()
        self.call("Page.navigate", url=page.as_uri())
        while not self.seen("Page.loadEventFired"):
            self.events.append(self._message())

    def seen(self, method: str) -> list[dict[str, Any]]:
        """Parameters of the events of this kind since the page was opened."""
        return [e["params"] for e in self.events if e.get("method") == method]

    def complaints(self) -> list[str]:
        """What went to the console and the log since the page was opened."""
        said = [each["entry"]["text"] for each in self.seen("Log.entryAdded")]
        return said + [
            str(each.get("args"))
            for each in self.seen("Runtime.consoleAPICalled")
        ]

    def value(self, expression: str) -> Any:
        """Evaluates JavaScript in the page."""
        return self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )["result"].get("value")

    def press(self, key: str) -> None:
        code = {"ArrowRight": 39, "Tab": 9}[key]
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
            )

    def point(self, selector: str) -> None:
        """Moves the mouse to the middle of the first such element."""
        x, y = self.value(
            f"(() => {{const e = document.querySelector('{selector}');"
            "e.scrollIntoView({block: 'center'});"
            "const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]})()"
        )
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def close(self) -> None:
        self._session = ""
        self.call("Browser.close")
        self._process.wait(_PATIENCE_SECONDS)
        os.close(self._read)
        os.close(self._write)
