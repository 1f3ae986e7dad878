#!/usr/bin/env python3
"""Writes api-post-multipart.json: a browser's form post of tests/pictures/orientation-6.jpg, as the
HTTP API hands it to the function. Needs nothing but Python; run it when that picture changes."""

import base64
import json
from pathlib import Path

HERE = Path(__file__).parent
HOST = "abcdefghij.execute-api.eu-central-1.amazonaws.com"
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW0"


def part(disposition: str, content: bytes, content_type: str = "") -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n{content_type}\r\n"
    return head.encode() + content + b"\r\n"


picture = (HERE.parent / "tests/pictures/orientation-6.jpg").read_bytes()
body = (
    part('name="text"', "红桥 🌉".encode())
    + part('name="author"', b"Ada")
    + part('name="alt"', b"Berge vor blauem Himmel")
    + part('name="picture"; filename="IMG_0001.jpg"', picture, "Content-Type: image/jpeg\r\n")
    + f"--{BOUNDARY}--\r\n".encode()
)
agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36"
event = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/api/messages",
    "rawQueryString": "",
    "headers": {
        "accept": "application/json",
        "accept-encoding": "gzip, deflate, br, zstd",
        "accept-language": "en-GB,en;q=0.9",
        "content-length": str(len(body)),
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "host": HOST,
        "origin": f"https://{HOST}",
        "referer": f"https://{HOST}/",
        "sec-fetch-dest": "empty",
        "sec-fetch-mode": "cors",
        "sec-fetch-site": "same-origin",
        "user-agent": agent,
        "x-amzn-trace-id": "Root=1-6b02bd22-3f1c5b7a4e8d9f0011223344",
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    },
    "requestContext": {
        "accountId": "123456789012",
        "apiId": "abcdefghij",
        "domainName": HOST,
        "domainPrefix": "abcdefghij",
        "http": {
            "method": "POST",
            "path": "/api/messages",
            "protocol": "HTTP/1.1",
            "sourceIp": "203.0.113.9",
            "userAgent": agent,
        },
        "requestId": "UfXbNhpzliAEPxw=",
        "routeKey": "$default",
        "stage": "$default",
        "time": "22/Nov/2026:10:00:02 +0000",
        "timeEpoch": 1795341602517,
    },
    "body": base64.b64encode(body).decode(),
    "isBase64Encoded": True,
}
(HERE / "api-post-multipart.json").write_text(json.dumps(event, indent=2, ensure_ascii=False) + "\n")
