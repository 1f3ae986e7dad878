"""What those see who are elsewhere: services that preview a link to a message, and feed readers."""

import json
import re
import uuid
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from io import BytesIO

import pytest
import urllib3
from PIL import Image

from board_client import HTTP, small_version
from corkboard import Corkboard, corkboard
from events import request
from lambda_runtime import running

ATOM = "{http://www.w3.org/2005/Atom}"
# Nobody listens there.
NO_DATABASE = "http://127.0.0.1:9"
TRAPS = '"><script>alert(1)</script>&amp; \ufffe \u202bשלום\nsecond line'


def picture(width: int, height: int) -> bytes:
    file = BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(file, "JPEG", quality=20)
    return file.getvalue()


class Page(HTMLParser):
    """The tags of a page."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def meta(self) -> dict[str, str]:
        metas = [(each.get("property") or each.get("name"), each.get("content")) for each in self.all("meta")]
        named = [name for name, _ in metas if name]
        assert len(named) == len(set(named)), "a service takes one of two, and not all the same one"
        return {name: content for name, content in metas if name}


@dataclass(frozen=True)
class Sharing:
    """A board with three messages: a text without an author, one full of traps, and one with a picture."""

    board: Corkboard
    messages: list[dict]

    def get(self, path: str, **headers: str) -> urllib3.HTTPResponse:
        return HTTP.request("GET", self.board.site + path, headers=headers, redirect=False)

    def page(self, index: int) -> Page:
        answer = self.get(f"/m/{self.messages[index]['id']}")
        assert answer.status == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
        return Page(answer.data.decode())

    def feed(self) -> ElementTree.Element:
        answer = self.get("/feed.atom")
        assert answer.status == 200 and answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
        return ElementTree.fromstring(answer.data)


def post(board: Corkboard, **fields) -> dict:
    answer = HTTP.request("POST", f"{board.site}/api/messages", fields=fields)
    assert answer.status == 201, answer.data
    return json.loads(answer.data)


@pytest.fixture(scope="module")
def sharing() -> Iterator[Sharing]:
    with corkboard(BOARD_NAME="Ada's & Bob's", POSTS_PER_MINUTE="0") as board:
        messages = [
            post(board, text="word " * 100),
            post(board, text=TRAPS, author='Ada "x" <b>'),
            post(board, text="a lake", author="Bob", alt='the "lake"', picture=("lake.jpg", picture(1500, 1000), "image/jpeg")),
        ]
        yield Sharing(board, messages)


def test_a_preview_has_what_facebook_and_linkedin_need(sharing):
    """https://developers.facebook.com/docs/sharing/webmasters, https://www.linkedin.com/help/linkedin/answer/a521928"""
    meta, url = sharing.page(2).meta, f"{sharing.board.site}/m/{sharing.messages[2]['id']}"
    assert meta["og:url"] == url and meta["og:type"] == "article" and meta["og:site_name"] == "Ada's & Bob's"
    assert meta["og:title"] == "Bob: a lake" and meta["og:description"] == "a lake"
    image = sharing.get(meta["og:image"].removeprefix(sharing.board.site))
    assert image.status == 200 and image.headers["content-type"] == meta["og:image:type"] == "image/jpeg"
    size = Image.open(BytesIO(image.data)).size
    assert size == (int(meta["og:image:width"]), int(meta["og:image:height"])) == (1280, 853)
    # Facebook: at least 600 × 315 for a large one; LinkedIn: 5 MB at most.
    assert size[0] >= 600 and size[1] >= 315 and len(image.data) < 5_000_000
    assert meta["og:image:alt"] == 'the "lake"'


def test_a_preview_has_what_x_needs(sharing):
    """https://developer.x.com/en/docs/x-for-websites/cards/overview/summary-card-with-large-image"""
    meta = sharing.page(2).meta
    assert meta["twitter:card"] == "summary_large_image" and meta["twitter:image:alt"] == 'the "lake"'
    assert sharing.page(0).meta["twitter:card"] == "summary"
    for index in range(3):
        meta = sharing.page(index).meta
        assert len(meta["og:title"]) <= 70 and len(meta["og:description"]) <= 200
        assert meta.get("twitter:title", meta["og:title"])


def test_a_long_picture_has_a_preview_that_x_shows_and_a_tiny_one_has_the_small_card():
    """From 300 × 157 to 4096 × 4096 pixels; below that, a summary without a large image."""
    with corkboard() as board:
        for sides, expected, card in [((1080, 12_000), (369, 4096), "summary_large_image"), ((300, 157), (300, 157), "summary_large_image"),
                                      ((299, 157), (299, 157), "summary"), ((90, 60), (90, 60), "summary")]:
            message = post(board, text="a picture", picture=("p.jpg", picture(*sides), "image/jpeg"))
            meta = Page(HTTP.request("GET", f"{board.site}/m/{message['id']}").data.decode()).meta
            assert (int(meta["og:image:width"]), int(meta["og:image:height"])) == expected and meta["twitter:card"] == card
            image = small_version(meta["og:image"])
            assert image.status == 200 and Image.open(BytesIO(image.data)).size == expected


def test_a_preview_has_what_telegram_line_and_slack_need(sharing):
    """They read the tags within the first bytes: Slack the first 32 KB, LINE by og: alone, Telegram with absolute addresses.

    https://api.slack.com/robots, https://developers.line.biz/en/faq/#how-to-change-ogp, https://core.telegram.org/bots/webapps
    """
    answer = sharing.get(f"/m/{sharing.messages[2]['id']}")
    assert answer.data.index(b"</head>") < 32_768
    meta = sharing.page(2).meta
    assert {"og:title", "og:description", "og:image", "og:url"} <= set(meta)
    assert meta["og:image"].startswith(f"{sharing.board.site}/small/1280/")


def test_whatever_somebody_wrote_stays_a_text(sharing):
    page = sharing.page(1)
    assert not page.all("script") and not page.all("b")
    assert page.meta["og:title"].startswith('Ada "x" <b>: "><script>alert(1)</script>&amp; ')
    policy = sharing.get(f"/m/{sharing.messages[1]['id']}").headers["content-security-policy"]
    assert "script-src" not in policy and policy.startswith("default-src 'none'")


def test_what_was_written_has_its_language(sharing):
    with corkboard() as board:
        other = Sharing(board, [post(board, text="오늘 날씨", alt="這是我們的湖", picture=("lake.jpg", picture(90, 60), "image/jpeg"))])
        page = other.page(0)
        text, image = next(each for each in page.all("p") if each.get("class") == "text"), page.all("img")[0]
        assert (text["lang"], image["lang"], page.all("html")[0]["lang"]) == ("ko", "zh-Hant", "en")
        assert other.feed().find(f"{ATOM}entry").get("{http://www.w3.org/XML/1998/namespace}lang") == "ko"
    assert not any("lang" in each for tag in ("p", "img") for each in sharing.page(2).all(tag))


def test_a_page_leads_to_the_messages_place_and_is_not_to_be_indexed(sharing):
    for index, message in enumerate(sharing.messages):
        page = sharing.page(index)
        assert f"{sharing.board.site}/#{message['id']}" in [link["href"] for link in page.all("a")]
        assert page.meta["robots"] == "noindex"
        assert sharing.get(f"/m/{message['id']}").headers["x-robots-tag"] == "noindex"


def test_indexing_may_be_allowed():
    with corkboard(INDEXING="allowed") as board:
        sharing = Sharing(board, [post(board, text="hello")])
        assert "robots" not in sharing.page(0).meta
        assert sharing.get(f"/m/{sharing.messages[0]['id']}").headers["x-robots-tag"] == "all"
        assert sharing.get("/m/none").headers["x-robots-tag"] == "noindex"


def test_what_is_not_there_is_a_page_that_says_so(sharing):
    for path in ("/m/none", "/m/01JDB0Q3W3M3YQ6W0ZK4T9H5XG", "/m/a/b"):
        answer = sharing.get(path)
        assert answer.status == 404 and answer.headers["cache-control"] == "no-store", path
    answer = sharing.get("/m/01JDB0Q3W3M3YQ6W0ZK4T9H5XG")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"{sharing.board.site}/" in [link["href"] for link in Page(answer.data.decode()).all("a")]


def test_a_deleted_message_is_gone_from_page_and_feed():
    with corkboard() as board:
        sharing = Sharing(board, [post(board, text="hello")])
        message = sharing.messages[0]
        assert len(sharing.feed().findall(f"{ATOM}entry")) == 1
        deleted = HTTP.request("DELETE", f"{board.site}/api/messages/{message['id']}", headers={"authorization": f"Bearer {message['deleteToken']}"})
        assert deleted.status == 204
        assert sharing.get(f"/m/{message['id']}").status == 404
        assert not sharing.feed().findall(f"{ATOM}entry")


def test_the_feed_is_one_by_rfc_4287(sharing):
    feed = sharing.feed()
    def text(element, name):
        return element.findtext(ATOM + name)
    assert feed.tag == f"{ATOM}feed" and text(feed, "title") == "Ada's & Bob's"
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {"self": f"{sharing.board.site}/feed.atom", "alternate": f"{sharing.board.site}/"}
    entries = feed.findall(f"{ATOM}entry")
    newest_first = sharing.messages[::-1]
    assert len({text(entry, "id") for entry in entries}) == len(entries) == 3
    for entry, message in zip(entries, newest_first, strict=True):
        assert uuid.UUID(text(entry, "id").removeprefix("urn:uuid:")).urn == text(entry, "id")
        for name in ("updated", "published"):
            assert text(entry, name) == message["createdAt"] and datetime.fromisoformat(text(entry, name))
        assert text(entry, "title")
        author = entry.find(f"{ATOM}author")
        assert (author is not None and text(author, "name")) == (message["author"] or False)
        assert entry.find(f"{ATOM}link").get("href") == f"{sharing.board.site}/m/{message['id']}"
        content = entry.find(f"{ATOM}content")
        assert content.get("type") == "html"
        assert not Page(content.text).all("script")
        # No address is relative: readers resolve them against anything.
        for name in ("href", "src"):
            assert all(each.startswith(sharing.board.site) for _, tag in Page(content.text).tags for key, each in tag.items() if key == name)
    assert text(feed, "updated") == newest_first[0]["createdAt"] and feed.find(f"{ATOM}author") is not None
    shown = Page(entries[0].findtext(f"{ATOM}content")).all("img")
    assert [re.sub(r".*/small/(\d+)/.*", r"\1", image["src"]) for image in shown] == ["640"]


def test_who_has_page_and_feed_is_told_so(sharing):
    for path in ("/feed.atom", f"/m/{sharing.messages[0]['id']}"):
        tag = sharing.get(path).headers["etag"]
        assert sharing.get(path, **{"if-none-match": tag}).status == 304
    assert sharing.get("/feed.atom").headers["cache-control"].startswith("public, max-age=60")


def test_page_and_feed_ask_no_database(sharing):
    settings = sharing.board.settings(PUBLIC_BASE_URL="https://board.example", AWS_ENDPOINT_URL_RDS_DATA=NO_DATABASE, RUST_LOG="error")
    with running("message-board", settings) as function:
        for path in ("/feed.atom", f"/m/{sharing.messages[2]['id']}"):
            answer = function.invoke(request("GET", path))
            assert answer["statusCode"] == 200
            assert f"https://board.example{path}" in answer["body"] and sharing.board.site not in answer["body"]


def test_the_page_names_the_feed(sharing):
    links = [link for link in Page(sharing.get("/").data.decode()).all("link") if link.get("type") == "application/atom+xml"]
    assert [(link["rel"], link["href"]) for link in links] == [("alternate", "feed.atom")]
