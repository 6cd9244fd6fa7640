"""A server on this machine that plays petition pages, good and bad, under a public name."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from outreach.petitions.sources.wire import Wire, public

HOST = "petition.example"
SLUG = "list-omon"
# What the platform shows before its script has counted; never to be read.
SHOWN = "<p><strong>0</strong> have signed. Let’s get to 75,000!</p>"


def change_page(total: object, slug: str = SLUG, shown: str = SHOWN) -> str:
    """A change.org page as served: words that say 0, and the count in a script's data."""
    petition = {
        "id": "27000001",
        "slug": slug,
        "weeklySignatureCount": 12,
        "signatureCount": {"total": total, "goal": 75_000},
        "ask": "Don't say </strong> or “undefined, 5”",
    }
    data = json.dumps({"reactFe": True, "petition": petition, "nothing": "@"}).replace(
        '"@"', "undefined"
    )
    return (
        f"<!doctype html><html><head><script>window.changeTargetingData = {data};</script></head>"
        f"<body><a href='/login'>Log in</a>{shown}</body></html>"
    )


class Places:
    """What each path answers: (status, headers, body), a location to send on to, or seconds."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        places = self

        class Played(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                places.asked.append((self.path, dict(self.headers)))
                places.play(self, places.answers.get(self.path, (404, {}, "")))

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Played)
        self.port = self.http.server_port
        self.base = f"http://{HOST}:{self.port}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def play(self, to: BaseHTTPRequestHandler, answer: Any) -> None:
        """Answer as told; a number of seconds is a silence."""
        if isinstance(answer, float):
            time.sleep(answer)
            return
        status, headers, body = answer
        data = body.encode() if isinstance(body, str) else body
        to.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            to.send_header(name, value)
        to.send_header("Content-Length", headers.get("Content-Length", str(len(data))))
        to.end_headers()
        to.wfile.write(data)

    def page(self, path: str, body: str, status: int = 200, **headers: str) -> str:
        """Show `body` at `path`; return its address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, named, body)
        return self.base + path

    def json(self, path: str, data: object) -> str:
        """Answer with data at `path`; return its address."""
        return self.page(path, json.dumps(data), Content_Type="application/json")

    def sends_on(self, path: str, there: str) -> str:
        """Send whoever asks for `path` on; return its address."""
        return self.page(path, "", 302, Location=there)

    def wire(self) -> Wire:
        """A wire for which the one public name of this server lies on this machine."""
        return Wire("test@petition.example", resolve=self.resolve, permit=self.permit)

    @staticmethod
    def resolve(host: str, _port: int) -> list[str]:
        """Names of this test, and addresses as they are written; nothing else exists."""
        known = {HOST: "127.0.0.1", "intern.example": "192.168.7.7", "localhost": "127.0.0.1"}
        address = known.get(host, host)
        if not address.replace(".", "").replace(":", "").isalnum() or "example" in address:
            raise OSError("no such name")
        return [address]

    @staticmethod
    def permit(host: str, address: str) -> bool:
        """Only the name of this server may lie on this machine."""
        return host == HOST or public(host, address)

    def close(self) -> None:
        """Stop."""
        self.http.shutdown()
        self.http.server_close()
