"""A vendor's API on a port of this machine: asked over HTTP, in a thread of the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

Row = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: str

    def one(self, name: str, default: str | None = None) -> str | None:
        """A query parameter that is given once."""
        return self.query.get(name, [default])[0]


@dataclass(frozen=True)
class Answer:
    """What is answered; `cut` sends half of it, with the length of the whole or of the half."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: str | None = None


@dataclass
class Fault:
    """An answer in place of the right one, to the first requests whose path holds a text."""

    path: str
    answer: Answer
    times: int = 1


class FakeServer:
    """A server whose subclass answers; faults come first.

    Attributes:
        faults: What goes wrong.
        asked: Every request, in order.
        before: Called before a request is answered, with its number from 1 on.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.asked: list[Request] = []
        self.before: Callable[[int, Request], None] = lambda *_: None
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        """The right answer."""
        raise NotImplementedError

    def fail(self, path: str, answer: Answer, times: int = 1) -> None:
        """Let something go wrong."""
        self.faults.append(Fault(path, answer, times))

    def paths(self, part: str = "") -> list[str]:
        """The paths that were asked for and hold a text."""
        return [request.path for request in self.asked if part in request.path]

    def respond(self, request: Request) -> Answer:
        """A fault, or the right answer."""
        with self._lock:
            self.asked.append(request)
            self.before(len(self.asked), request)
            for fault in self.faults:
                if fault.times and fault.path in request.path:
                    fault.times -= 1
                    return fault.answer
            return self.answer(request)

    def __enter__(self) -> Self:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(
                    self.command,
                    parts.path,
                    parse_qs(parts.query, keep_blank_values=True),
                    dict(self.headers),
                    self.rfile.read(length).decode(),
                )
                answer = fake.respond(request)
                is_raw = isinstance(answer.body, bytes)
                body = answer.body if is_raw else json.dumps(answer.body).encode()
                sent = body[: len(body) // 2] if answer.cut else body
                self.send_response(answer.status)
                kind = "application/octet-stream" if is_raw else "application/json"
                self.send_header("Content-Type", kind)
                length = len(sent) if answer.cut == "with its own length" else len(body)
                self.send_header("Content-Length", str(length))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(sent)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
