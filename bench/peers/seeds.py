"""The board as the seeds build it: FastAPI, blocking calls in `async` handlers, a connection for each request, and
a table without an index but its key. https://github.com/moiv3/weHelp3rdPhasePractices

Added is what makes it comparable: pages of 20, the same members of a message, and a look at what is posted.
"""

import os
import uuid
from typing import Annotated
from urllib.parse import urlsplit

import boto3
import mysql.connector
from checks import ALT, AUTHOR, TEXT, Refused, picture_of, text_of
from fastapi import FastAPI, File, Form, HTTPException, Query, UploadFile

DATABASE = urlsplit(os.environ["DATABASE_URL"])
BUCKET = os.environ["MEDIA_BUCKET"]
COLUMNS = "id, author, text, create_time, image, image_type, width, height, alt"

# Later versions than the pinned one cannot load it beside Debian 12's OpenSSL, and quietly do without, at three times the cost.
assert mysql.connector.HAVE_CEXT, "the driver is not the compiled one"

app = FastAPI()
s3_client = boto3.client("s3")


def connect():
    return mysql.connector.connect(host=DATABASE.hostname, port=DATABASE.port, user=DATABASE.username,
                                   password=DATABASE.password or "", database=DATABASE.path.strip("/"))


def message(row: tuple) -> dict:
    id, author, text, created, image, image_type, width, height, alt = row
    picture = {"url": f"/{image}", "alt": alt, "width": width, "height": height, "type": image_type} if image else None
    return {"id": str(id), "author": author, "text": text, "createdAt": created, "picture": picture}


@app.get("/api/messages")
async def read_messages(before: int | None = None, limit: Annotated[int, Query(ge=1, le=50)] = 20):
    website_db = connect()
    try:
        cursor = website_db.cursor()
        if before is None:
            cursor.execute(f"SELECT {COLUMNS} FROM message ORDER BY create_time DESC LIMIT %s", (limit + 1,))
        else:
            cursor.execute(f"SELECT {COLUMNS} FROM message WHERE id < %s ORDER BY create_time DESC LIMIT %s", (before, limit + 1))
        rows = cursor.fetchall()
    finally:
        website_db.close()
    messages = [message(row) for row in rows[:limit]]
    return {"messages": messages, "next": messages[-1]["id"] if len(rows) > limit else None}


@app.post("/api/messages", status_code=201)
async def upload_file(text: Annotated[str, Form()] = "", author: Annotated[str, Form()] = "", alt: Annotated[str, Form()] = "",
                      picture: Annotated[UploadFile | None, File()] = None):
    try:
        text, author, alt = text_of(text, TEXT), text_of(author, AUTHOR), text_of(alt, ALT)
        kind = image = None
        if picture:
            kind = picture_of(await picture.read())
            image = f"images/{uuid.uuid4()}.{kind.extension}"
        elif not text:
            raise Refused("a message has a text or a picture")
    except Refused as refused:
        raise HTTPException(422, str(refused)) from refused
    if picture:
        await picture.seek(0)
        s3_client.upload_fileobj(picture.file, BUCKET, image, ExtraArgs={"ContentType": kind.type})
    website_db = connect()
    try:
        cursor = website_db.cursor()
        values = (author or None, text, image, kind and kind.type, kind and kind.width, kind and kind.height, alt or None)
        cursor.execute("INSERT INTO message (author, text, image, image_type, width, height, alt) VALUES (%s, %s, %s, %s, %s, %s, %s)", values)
        website_db.commit()
        cursor.execute(f"SELECT {COLUMNS} FROM message WHERE id = %s", (cursor.lastrowid,))
        return message(cursor.fetchone())
    finally:
        website_db.close()
