"""Chromium without a window, driven through its own protocol; no package is needed for that.

https://chromedevtools.github.io/devtools-protocol
"""

import base64
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 120  # seconds for anything a page does on a busy machine
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip


class Pipe:
    """Messages to and from the browser: JSON, each with a zero byte behind it."""

    def __init__(self, read: int, write: int) -> None:
        self.read, self.write = read, write
        self.rest = b""
        self.number = 0
        self.events: list[dict[str, Any]] = []

    def tell(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """One command, and its result; events that come between are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        self.put(message | ({"sessionId": session} if session else {}))
        deadline = time.monotonic() + PATIENCE
        while (answer := self.get(deadline)).get("id") != self.number:
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def put(self, message: dict[str, Any]) -> None:
        os.write(self.write, json.dumps(message).encode() + b"\0")

    def get(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.read], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            found = os.read(self.read, 1 << 16)
            if not found:
                raise EOFError("the browser has ended")
            self.rest += found
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)


class Page:
    """One tab, what it asked the network for, and what it complained of."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self.target = pipe.tell("Target.createTarget", url="about:blank")["targetId"]
        attached = pipe.tell("Target.attachToTarget", targetId=self.target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.tell(f"{domain}.enable")

    def tell(self, method: str, **params: Any) -> dict[str, Any]:
        """One command to this tab, and its result."""
        return self.pipe.tell(method, self.session, **params)

    def _events(self, method: str) -> list[dict[str, Any]]:
        mine = (e for e in self.pipe.events if e.get("sessionId") == self.session)
        return [e["params"] for e in mine if e["method"] == method]

    @property
    def requests(self) -> list[str]:
        """Every address the page asked for."""
        return [e["request"]["url"] for e in self._events("Network.requestWillBeSent")]

    @property
    def complaints(self) -> list[str]:
        """Errors of its scripts, and what its policy or the network refused."""
        thrown = [json.dumps(e)[:500] for e in self._events("Runtime.exceptionThrown")]
        entries = (e["entry"] for e in self._events("Log.entryAdded"))
        return thrown + [entry["text"] for entry in entries if entry["level"] == "error"]

    @contextmanager
    def another(self) -> Iterator["Page"]:
        """A second tab."""
        page = Page(self.pipe)
        yield page
        self.pipe.tell("Target.closeTarget", targetId=page.target)

    def open(self, address: str) -> None:
        """Go to a page, and wait until it has loaded."""
        self.tell("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def js(self, expression: str) -> Any:
        """The value of an expression, awaited if it is a promise."""
        found = self.tell(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(f"{expression[:200]}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def until(self, expression: str) -> Any:
        """Wait until an expression holds; return its value."""
        deadline = time.monotonic() + PATIENCE
        while not (value := self.js(expression)):
            if time.monotonic() > deadline:
                text = self.js("document.body.innerText")
                raise TimeoutError(f"{expression} does not come to hold in: {text}")
            time.sleep(0.05)
        return value

    def choose(self, selector: str, file: Path) -> None:
        """Choose a file in an input."""
        root = self.tell("DOM.getDocument")["root"]["nodeId"]
        node = self.tell("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.tell("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def drop(self, selector: str, file: Path) -> None:
        """Drop a file on an element."""
        place = self.js(
            f"(({{x, y, width, height}}) => ({{x: x + width / 2, y: y + height / 2}}))"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.tell("Input.dispatchDragEvent", type=kind, data=data, **place)

    def press(self, key: str) -> None:
        """Press a key, such as ``Tab`` or ``Enter``."""
        more = {
            "Enter": {"text": "\r", "windowsVirtualKeyCode": 13},
            "Tab": {"windowsVirtualKeyCode": 9},
        }
        for kind in ("keyDown", "keyUp"):
            self.tell("Input.dispatchKeyEvent", type=kind, key=key, code=key, **more.get(key, {}))

    def look(self, *, width: int, height: int = 800, dark: bool = False) -> None:
        """Set the size of the window and the colours the visitor prefers."""
        self.tell(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        self.tell("Emulation.setScrollbarsHidden", hidden=True)  # they cut a strip off pictures
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.tell("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, file: Path) -> None:
        """The whole page as PNG."""
        found = self.tell("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def chromium(binary: str, profile: Path, *flags: str) -> Iterator[Page]:
    """A browser with one tab."""
    commands, ours = os.pipe()
    theirs, answers = os.pipe()
    command = [binary, *FLAGS, f"--user-data-dir={profile}", *flags, "about:blank"]
    wiring = f'exec "$@" 3<&{commands} 4>&{answers}'
    process = subprocess.Popen(
        ["bash", "-c", wiring, "bash", *command],
        pass_fds=(commands, answers),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(commands)
    os.close(answers)
    try:
        yield Page(Pipe(theirs, ours))
    finally:
        os.close(ours)  # it ends when nobody speaks to it any more
        os.close(theirs)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
