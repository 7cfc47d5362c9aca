"""A web server of our own."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CONTENT = b"To be, or not to be\n" * 5000


class Handler(BaseHTTPRequestHandler):
    """Each path is one way in which a server can behave."""

    protocol_version = "HTTP/1.0"

    def log_message(self, *_arguments: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Nothing is printed."""

    def _answer(self, body: bytes, *, code: int = 200, length: int | str | None = None, **headers: str) -> None:
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Answer according to the path."""
        server = self.server
        assert isinstance(server, Web)
        server.asked.append((self.path, self.headers.get("User-Agent", "")))
        match self.path:
            case "/good":
                self._answer(CONTENT, length=len(CONTENT))
            case "/unannounced":
                self._answer(CONTENT)
            case "/wrong":
                self._answer(b"X" + CONTENT[1:], length=len(CONTENT))
            case "/cut":
                self._answer(CONTENT[:-7], length=len(CONTENT))
            case "/short":
                self._answer(CONTENT[:-7], length=len(CONTENT) - 7)
            case "/long":
                self._answer(CONTENT + b"!", length=len(CONTENT) + 1)
            case "/endless":
                self._answer(CONTENT * 3)
            case "/odd-length":
                self._answer(CONTENT, length="\u00b2")
            case "/moved":
                self._answer(b"", code=302, Location="/good")
            case "/to-a-file":
                self._answer(b"", code=302, Location="file:///etc/hostname")
            case "/in-circles":
                self._answer(b"", code=302, Location="/in-circles")
            case "/silent":
                self._answer(CONTENT[:100], length=len(CONTENT))
                self.wfile.flush()
                server.patience.wait(10)
            case "/mute":
                server.patience.wait(10)
            case "/trickle":
                self._answer(b"", length=len(CONTENT))
                for byte in CONTENT[:200]:
                    if server.patience.wait(0.05):
                        break
                    self.wfile.write(bytes([byte]))
            case "/not-http":
                self.wfile.write(b"220 mail.example ready\r\n")
            case _:
                self._answer(b"<html>nothing here</html>", code=404)


class Web(ThreadingHTTPServer):
    """Listens on the loopback interface only."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str]] = []
        self.patience = threading.Event()
        """Set when the test is over and nobody needs to be kept waiting."""
        self.size_bytes = len(CONTENT)
        self.sha256 = hashlib.sha256(CONTENT).hexdigest()
        self.content = CONTENT

    def handle_error(self, *_arguments: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A client that leaves early is what some tests want."""

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A running server, reached without any proxy."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with Web() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.patience.set()
        server.shutdown()
        thread.join()
