"""Posts pictures and gets them back, over HTTP."""

import json
from dataclasses import dataclass

import urllib3

from corkboard import Corkboard

HTTP = urllib3.PoolManager(retries=False, timeout=60)

# What a busy machine did not get to before the decoder's deadline is asked for again.
UNTIL_MADE = urllib3.Retry(connect=0, read=0, redirect=0, status=5, status_forcelist=[503], raise_on_redirect=False, raise_on_status=False)


@dataclass(frozen=True)
class Answer:
    """What a post was answered and, if it was taken, what is served."""

    status: int
    body: dict
    served: bytes = b""
    media_type: str = ""

    @property
    def picture(self) -> dict:
        assert self.status == 201, self.body
        return self.body["picture"]

    @property
    def problem(self) -> str:
        """The code of the problem, and of the field at fault where it says one."""
        fields = [f"/{error['field']}: {error['code']}" for error in self.body.get("errors", [])]
        return self.body["type"].removeprefix("urn:corkboard:problem:") + "".join(fields)


def small_version(url: str) -> urllib3.HTTPResponse:
    """A picture in a smaller size, which is made when it is first asked for."""
    return HTTP.request("GET", url, retries=UNTIL_MADE)


def post(board: Corkboard, picture: bytes, name: str = "picture") -> Answer:
    answer = HTTP.request("POST", f"{board.site}/api/messages", fields={"picture": (name, picture, "image/jpeg")})
    body = json.loads(answer.data)
    if answer.status != 201:
        return Answer(answer.status, body)
    served = HTTP.request("GET", board.site + body["picture"]["url"])
    assert served.status == 200
    return Answer(201, body, served.data, served.headers["content-type"])
