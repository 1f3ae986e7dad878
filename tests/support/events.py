"""What AWS hands to the functions: the files of events/, and requests made of them."""

import base64
import json
from urllib.parse import parse_qsl

from workspace import ROOT

BOUNDARY = "----a-boundary-that-no-picture-has"


def event(name: str) -> dict:
    """A file of events/."""
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


def request(method: str, path: str, query: str = "", body: str | bytes | None = None, **headers: str) -> dict:
    """A request as API Gateway hands it on; in the names of headers _ stands for -."""
    made = event("api-get-messages")
    made |= {"rawPath": path, "rawQueryString": query}
    made.pop("queryStringParameters")
    if query:
        made["queryStringParameters"] = dict(parse_qsl(query))
    made["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
    made["requestContext"]["http"] |= {"method": method, "path": path}
    if isinstance(body, bytes):
        return made | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return made if body is None else made | {"body": body, "isBase64Encoded": False}


def posted(text: str, **headers: str) -> dict:
    """A message of a text."""
    return request("POST", "/api/messages", body=json.dumps({"text": text}), content_type="application/json", **headers)


def form(picture: bytes, **texts: str) -> tuple[dict[str, str], bytes]:
    """A form with a picture and these fields: its headers and its body."""
    parts = [f'name="{name}"\r\n\r\n{text}'.encode() for name, text in texts.items()]
    parts.append(b'name="picture"; filename="picture"\r\nContent-Type: image/jpeg\r\n\r\n' + picture)
    body = b"".join(b"--%s\r\nContent-Disposition: form-data; %s\r\n" % (BOUNDARY.encode(), part) for part in parts)
    return {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}, body + b"--%s--\r\n" % BOUNDARY.encode()
