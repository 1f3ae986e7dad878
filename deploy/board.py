"""A running board as a visitor sees it over HTTP, for make smoke and make load."""

from __future__ import annotations  # CloudShell's Python is 3.9.

import http.client
import json
import urllib.parse
import uuid
from dataclasses import dataclass, field


class Wrong(Exception):
    """The board did not do what it should."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise Wrong(f"{self.status} is not JSON: {self.body[:200]!r}") from None


@dataclass
class Board:
    """A board at a URL, where its API is when nothing stands before it, and what was posted there."""

    url: urllib.parse.SplitResult
    author: str
    api: urllib.parse.SplitResult | None = None
    posted: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.url.netloc, timeout=60)
        try:
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, self.url.path.rstrip("/") + path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        except OSError as error:
            raise Wrong(f"{method} {path}: {error}") from None
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def post(self, text: str, **headers: str) -> Answer:
        body = json.dumps({"text": text, "author": self.author}).encode()
        return self.kept(self.request("POST", "/api/messages", body, Content_Type="application/json", **headers))

    def post_picture(self, text: str, picture: bytes) -> Answer:
        boundary = uuid.uuid4().hex
        parts = [f'name="text"\r\n\r\n{text}'.encode(), f'name="author"\r\n\r\n{self.author}'.encode(),
                 b'name="alt"\r\n\r\na red square', b'name="picture"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n' + picture]
        body = b"".join(b"--%s\r\nContent-Disposition: form-data; %s\r\n" % (boundary.encode(), part) for part in parts)
        return self.kept(self.request("POST", "/api/messages", body + b"--%s--\r\n" % boundary.encode(),
                                      Content_Type=f"multipart/form-data; boundary={boundary}", Idempotency_Key=str(uuid.uuid4())))

    def kept(self, answer: Answer) -> Answer:
        if answer.status == 201:
            self.posted[answer.json()["id"]] = answer.json()["deleteToken"]
        return answer

    def delete(self, message: str, **headers: str) -> Answer:
        answer = self.request("DELETE", f"/api/messages/{message}", **headers)
        if answer.status == 204:
            self.posted.pop(message, None)
        return answer

    def clean_up(self) -> None:
        for message, token in list(self.posted.items()):
            self.delete(message, Authorization=f"Bearer {token}")

    def path(self, url: str) -> str:
        """The path of a URL that the board gave, which must be one of its own."""
        base = self.url.geturl().rstrip("/")
        if url.startswith("/"):
            return url
        expect(url.startswith(f"{base}/"), f"{url} is not under {base}")
        return url.removeprefix(base)


def expect(true: object, otherwise: str) -> None:
    if not true:
        raise Wrong(otherwise)
