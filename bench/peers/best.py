"""The best that the stack can do: one event loop (uvloop, httptools) that nothing blocks, a pool of connections to the
database by a compiled driver, aiobotocore, orjson, answers without a model in between, and pages by the primary key.

With `REMEMBER=1` it also keeps the first page for a second, as message-board does.
"""

import asyncio
import os
import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import blake2b
from time import monotonic
from typing import Annotated
from urllib.parse import urlsplit

import asyncmy
import orjson
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from checks import ALT, AUTHOR, TEXT, Refused, picture_of, text_of
from fastapi import FastAPI, Query, Request, Response

DATABASE = urlsplit(os.environ["DATABASE_URL"])
BUCKET = os.environ["MEDIA_BUCKET"]
CONNECTIONS = int(os.environ["CONNECTIONS"])
FRESH_SECONDS = 1 if os.environ.get("REMEMBER") else 0

COLUMNS = "id, author, text, create_time, image, image_type, width, height, alt"
FIRST = f"SELECT {COLUMNS} FROM message ORDER BY id DESC LIMIT %s"
OLDER = f"SELECT {COLUMNS} FROM message WHERE id < %s ORDER BY id DESC LIMIT %s"
INSERT = "INSERT INTO message (author, text, create_time, image, image_type, width, height, alt) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
CACHE_CONTROL = "public, max-age=0, s-maxage=1, stale-if-error=60"
PICTURE_CACHE_CONTROL = "public, max-age=86400, s-maxage=300"
TIMES = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.pool = await asyncmy.create_pool(
        host=DATABASE.hostname, port=DATABASE.port, user=DATABASE.username, password=DATABASE.password or "",
        db=DATABASE.path.strip("/"), minsize=CONNECTIONS, maxsize=CONNECTIONS, autocommit=True)
    config = AioConfig(max_pool_connections=64)
    async with get_session().create_client("s3", config=config) as app.state.s3:
        yield
    app.state.pool.close()
    await app.state.pool.wait_closed()


app = FastAPI(lifespan=lifespan)
app.state.first, app.state.until, app.state.reading = {}, 0, asyncio.Lock()


def message(row: tuple) -> dict:
    id, author, text, created, image, image_type, width, height, alt = row
    picture = {"url": f"/{image}", "alt": alt, "width": width, "height": height, "type": image_type} if image else None
    return {"id": str(id), "author": author, "text": text, "createdAt": created, "picture": picture}


async def select(statement: str, *values: int) -> tuple:
    async with app.state.pool.acquire() as connection, connection.cursor() as cursor:
        await cursor.execute(statement, values)
        return await cursor.fetchall()


def page(rows: tuple, limit: int) -> tuple[bytes, str]:
    """The page's JSON and its entity tag."""
    messages = [message(row) for row in rows[:limit]]
    body = orjson.dumps({"messages": messages, "next": messages[-1]["id"] if len(rows) > limit else None}, option=TIMES)
    return body, f'W/"{blake2b(body, digest_size=16).hexdigest()}"'


async def first_page(limit: int) -> tuple[bytes, str]:
    if not FRESH_SECONDS:
        return page(await select(FIRST, limit + 1), limit)
    if limit not in app.state.first or monotonic() >= app.state.until:
        async with app.state.reading:
            if limit not in app.state.first or monotonic() >= app.state.until:
                read = page(await select(FIRST, limit + 1), limit)
                app.state.first, app.state.until = {limit: read}, monotonic() + FRESH_SECONDS
                return read
    return app.state.first[limit]


@app.get("/api/messages")
async def read_messages(request: Request, before: int | None = None, limit: Annotated[int, Query(ge=1, le=50)] = 20):
    body, tag = await first_page(limit) if before is None else page(await select(OLDER, before, limit + 1), limit)
    headers = {"etag": tag, "cache-control": CACHE_CONTROL}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@app.post("/api/messages")
async def post_message(request: Request):
    async with request.form(max_files=1, max_fields=10) as form:
        picture = form.get("picture")
        data = await picture.read() if picture else b""
        try:
            text, author, alt = (text_of(form.get(name, ""), most) for name, most in (("text", TEXT), ("author", AUTHOR), ("alt", ALT)))
            kind = picture_of(data) if data else None
            if not data and not text:
                raise Refused("a message has a text or a picture")
        except Refused as refused:
            return Response(orjson.dumps({"detail": str(refused)}), 422, media_type="application/json")
    image = None
    if kind:
        image = f"images/{uuid.uuid4()}.{kind.extension}"
        await app.state.s3.put_object(Bucket=BUCKET, Key=image, Body=data, ContentType=kind.type, CacheControl=PICTURE_CACHE_CONTROL)
    now = datetime.now(UTC).replace(tzinfo=None)
    values = (author or None, text, now, image, *((kind.type, kind.width, kind.height) if kind else (None, None, None)), alt or None)
    async with app.state.pool.acquire() as connection, connection.cursor() as cursor:
        await cursor.execute(INSERT, values)
        id = cursor.lastrowid
    app.state.until = 0
    created = message((id, author or None, text, now, image, *values[4:]))
    return Response(orjson.dumps(created, option=TIMES), 201, media_type="application/json", headers={"location": f"/api/messages/{id}"})
