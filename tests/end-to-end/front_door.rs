//! The site as CloudFront and API Gateway would show it.

use std::net::SocketAddr;

use flate2::read::GzDecoder;
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::answer::{Answer, ask};
use crate::board::{Board, eventually, http, picture};

const SITE: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
         manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    ),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];
const MEDIA: [(&str, &str); 2] = [
    ("content-security-policy", "default-src 'none'; sandbox"),
    ("x-content-type-options", "nosniff"),
];
const TEXT: (&str, &str) = ("content-type", "text/plain; charset=utf-8");

async fn get_with(board: &Board, path: &str, header: &str, value: &str) -> Answer {
    ask(http().get(board.url(path)).header(header, value)).await
}

/// What is answered to a path that no client would send as it is.
async fn get_raw(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_site_is_served_with_its_headers() {
    let board = Board::shared();
    for (path, file, media_type) in [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/index.html", "index.html", "text/html; charset=utf-8"),
        ("/app.js?v=1", "app.js", "text/javascript; charset=utf-8"),
        ("/style.css", "style.css", "text/css; charset=utf-8"),
        ("/favicon.svg", "favicon.svg", "image/svg+xml"),
        (
            "/manifest.webmanifest",
            "manifest.webmanifest",
            "application/manifest+json",
        ),
        ("/sw.js", "sw.js", "text/javascript; charset=utf-8"),
        ("/robots.txt", "robots.txt", "text/plain; charset=utf-8"),
    ] {
        let served = board.get(path).await;
        let tag = served.header("etag").to_owned();
        let cached = [
            (
                "cache-control",
                "public, max-age=0, must-revalidate, s-maxage=300",
            ),
            ("etag", &tag),
            ("vary", "accept-encoding"),
        ];
        let headers = [&SITE[..], &cached, &[("content-type", media_type)]].concat();
        served.has(200, &headers);
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../static-site");
        let written = std::fs::read(format!("{folder}/{file}")).unwrap();
        // Scripts are joined, and their comments left out.
        let is_built = [".js", ".css", ".webmanifest"]
            .iter()
            .any(|end| file.ends_with(end));
        assert_eq!(served.body != written, is_built, "{path}");

        let strong = tag.trim_start_matches("W/");
        for tags in [&tag, strong] {
            let again = get_with(&board, path, "if-none-match", tags).await;
            // Its media type is that of nothing.
            assert_eq!((again.status, again.text()), (304, ""), "{path}");
            assert_eq!(again.header("etag"), tag);
        }
    }
}

#[tokio::test]
async fn the_site_is_the_boards_own_and_the_one_that_is_written_for_an_upload() {
    let settings = [
        ("BOARD_NAME", "Ada's <board>"),
        ("BOARD_DESCRIPTION", "For \"us\".\\nBe kind."),
        ("BOARD_ACCENT", "#8a2be2"),
        ("BOARD_HEAD", "images/hill.jpg"),
        ("PUBLIC_BASE_URL", "https://board.example"),
    ];
    let board = Board::start_with(|command| {
        command.envs(settings);
    });
    let page = board.get("/").await;
    for part in [
        "<title>Ada&#39;s &lt;board&gt;</title>",
        "<meta name=\"description\" content=\"For &quot;us&quot;.\">",
        "<meta property=\"og:image\" content=\"https://board.example/small/1280/hill.jpg.jpg\">",
        "<meta property=\"og:url\" content=\"https://board.example/\">",
    ] {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
    let style = board.get("/style.css").await;
    assert!(style.text().contains("\n:root{--accent:#8a2be2;"));
    let manifest = board.get("/manifest.webmanifest").await;
    assert!(manifest.text().contains("\"name\":\"Ada's <board>\""));

    let folder = tempfile::tempdir().unwrap();
    let written = std::process::Command::new(env!("CARGO_BIN_EXE_corkboard"))
        .args(["site", "--out"])
        .arg(folder.path())
        .envs(settings)
        .status();
    assert!(written.unwrap().success());
    for entry in folder.path().read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let served = board.get(&format!("/{name}")).await;
        assert_eq!(served.body, std::fs::read(&path).unwrap(), "{name}");
    }
}

#[tokio::test]
async fn the_site_is_compressed_for_those_who_can_read_that() {
    let board = Board::shared();
    for path in ["/", "/app.js", "/style.css"] {
        let plain = board.get(path).await;
        let compressed = get_with(&board, path, "accept-encoding", "br, gzip").await;
        assert_eq!(compressed.header("content-encoding"), "gzip", "{path}");
        assert_eq!(compressed.header("etag"), plain.header("etag"), "{path}");
        let body = std::io::read_to_string(GzDecoder::new(&compressed.body[..])).unwrap();
        assert_eq!(body, plain.text(), "{path}");
        assert!(compressed.body.len() < plain.body.len() / 2, "{path}");
    }
    let picture = get_with(&board, "/icon.png", "accept-encoding", "gzip").await;
    assert_eq!(picture.headers.get("content-encoding"), None);
}

#[tokio::test]
async fn what_is_not_of_the_site_is_not_found() {
    let board = Board::shared();
    let headers = [&SITE[..], &[TEXT]].concat();
    for path in [
        "/nothing",
        "/API/health",
        "/index.html/",
        "/..%2fCargo.toml",
    ] {
        let answer = board.get(path).await;
        answer.has(404, &headers);
        assert_eq!(answer.text(), "There is nothing here.\n");
    }
    let [site, ..] = board.addresses();
    for path in [
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "//etc/passwd",
        "/.%2e/Cargo.toml",
    ] {
        let answer = get_raw(site, path).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }
    let allow = [("allow", "GET,HEAD")];
    let answer = board.request(Method::POST, "/").await;
    answer.has(405, &[&SITE[..], &allow].concat());
    let answer = board.request(Method::DELETE, "/images/a.png").await;
    answer.has(405, &[&MEDIA[..], &allow].concat());
}

#[tokio::test]
async fn a_part_of_a_picture_is_served() {
    let board = Board::shared();
    let bytes = picture("small.jpg");
    let length = bytes.len();
    let created = board.post_picture("", bytes.clone()).await;
    let url = created["picture"]["url"].as_str().unwrap();
    let whole = board.get(url).await;
    for (range, start, end) in [
        ("bytes=0-3".to_owned(), 0, 3),
        ("bytes=100-".to_owned(), 100, length - 1),
        ("bytes=-10".to_owned(), length - 10, length - 1),
        (format!("bytes=0-{}", length * 2), 0, length - 1),
    ] {
        let part = get_with(&board, url, "range", &range).await;
        let content_range = format!("bytes {start}-{end}/{length}");
        let headers = [
            ("content-type", "image/jpeg"),
            ("cache-control", "public, max-age=86400, s-maxage=300"),
            ("accept-ranges", "bytes"),
            ("content-range", &content_range),
            ("etag", whole.header("etag")),
            ("last-modified", whole.header("last-modified")),
        ];
        part.has(206, &[&MEDIA[..], &headers].concat());
        assert_eq!(part.body, bytes[start..=end]);
    }
    let beyond = get_with(&board, url, "range", "bytes=999999-").await;
    let unsatisfied = format!("bytes */{length}");
    beyond.has(
        416,
        &[&MEDIA[..], &[("content-range", &unsatisfied)]].concat(),
    );
    assert_eq!(beyond.text(), "");

    let get = async |if_range: &str, range: &str| {
        let request = http().get(board.url(url)).header("if-range", if_range);
        ask(request.header("range", range)).await
    };
    for known in [whole.header("etag"), whole.header("last-modified")] {
        assert_eq!(get(known, "bytes=0-3").await.status, 206, "{known}");
        assert_eq!(get(known, "bytes=999999-").await.status, 416, "{known}");
    }
    // Of no object's, since it is no text.
    let latin = http().get(board.url(url)).header("range", "bytes=0-3");
    let latin = ask(latin.header("if-range", &b"\"caf\xe9\""[..])).await;
    assert_eq!(latin.status, 200);
    for other in ["\"other\"", "Thu, 01 Jan 1970 00:00:00 GMT"] {
        for range in ["bytes=0-3", "bytes=999999-"] {
            let answer = get(other, range).await;
            assert_eq!(answer.status, 200, "{other}");
            assert_eq!(answer.body, bytes, "{other}");
        }
    }
}

#[tokio::test]
async fn a_picture_is_sent_only_to_those_who_do_not_have_it() {
    let board = Board::shared();
    let created = board.post_picture("", picture("small.jpg")).await;
    let url = created["picture"]["url"].as_str().unwrap();
    let whole = board.get(url).await;
    let (tag, modified) = (whole.header("etag"), whole.header("last-modified"));
    let among = format!("\"other\", {tag}");
    let weak = format!("W/{tag}");
    let earlier = "Thu, 01 Jan 1970 00:00:00 GMT";
    let later = "Fri, 31 Dec 2100 23:59:59 GMT";
    let headers = [
        ("cache-control", "public, max-age=86400, s-maxage=300"),
        ("accept-ranges", "bytes"),
        ("etag", tag),
        ("last-modified", modified),
    ];
    for (conditions, status) in [
        (&[("if-none-match", tag)][..], 304),
        (&[("if-none-match", &among)], 304),
        (&[("if-none-match", &weak)], 304),
        (&[("if-none-match", "*")], 304),
        (&[("if-none-match", "\"other\"")], 200),
        (&[("if-modified-since", modified)], 304),
        (&[("if-modified-since", later)], 304),
        (&[("if-modified-since", earlier)], 200),
        (&[("if-modified-since", "yesterday")], 200),
        (
            &[
                ("if-none-match", "\"other\""),
                ("if-modified-since", modified),
            ],
            200,
        ),
        (
            &[("if-none-match", tag), ("if-modified-since", earlier)],
            304,
        ),
        (&[("if-unmodified-since", modified)], 200),
        (&[("if-unmodified-since", earlier)], 412),
        (&[("if-match", tag)], 200),
        (&[("if-match", "*")], 200),
        (&[("if-match", "\"other\"")], 412),
        (&[("if-match", &weak)], 412),
        (&[("if-match", tag), ("if-unmodified-since", earlier)], 200),
        (&[("if-match", "\"other\""), ("if-none-match", tag)], 412),
        (&[("if-none-match", tag), ("range", "bytes=999999-")], 304),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let mut request = http().request(method.clone(), board.url(url));
            for (name, value) in conditions {
                request = request.header(*name, *value);
            }
            let answer = ask(request).await;
            if status == 200 {
                assert_eq!(answer.status, 200, "{method} {conditions:?}");
            } else {
                answer.has(status, &[&MEDIA[..], &headers].concat());
            }
        }
    }
    let none = get_with(&board, "/images/none.png", "if-none-match", "*").await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn only_pictures_and_the_carrousel_leave_the_bucket() {
    let board = Board::shared();
    let media = board.media();
    for key in [
        "images/page.html",
        "images/drawing.svg",
        "images/png",
        "board/newest.json",
        "newest.json",
    ] {
        media.put_as(key, "text/html", b"<script>").await;
    }
    let missing = |answer: &Answer, headers: &[(&str, &str)]| {
        answer.has(404, &[headers, &[TEXT]].concat());
    };
    for path in [
        "/images/page.html",
        "/images/drawing.svg",
        "/images/png",
        "/images/none.png",
        "/carrousel/none.json",
    ] {
        let answer = board.get(path).await;
        missing(&answer, &MEDIA);
        assert_eq!(answer.text(), "There is no such picture.\n");
    }
    for path in ["/board/newest.json", "/newest.json"] {
        missing(&board.get(path).await, &SITE);
    }
    let [site, ..] = board.addresses();
    for path in [
        "/carrousel/../board/newest.json",
        "/carrousel/%2e%2e/board/newest.json",
        "/carrousel/..%2fboard%2fnewest.json",
        "/carrousel//../board/newest.json",
        "/images/../board/newest.json",
        "/images/..%2fimages%2fpage.html",
    ] {
        let answer = get_raw(site, path).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }

    // Keys that nobody can have put there.
    let too_long = format!("/images/{}.jpg", "a".repeat(1_100));
    for path in [
        too_long.as_str(),
        "/images/a%00b.jpg",
        "/images/%ff.jpg",
        "/images//.jpg",
        "/images/%0a.jpg",
    ] {
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(board.request(method, path).await.status, 404, "{path}");
        }
    }

    // What the operator puts there is served as it is, and can do nothing.
    media
        .put_as("images/by hand.JPG", "text/html", b"<script>")
        .await;
    let served = board.get("/images/by%20hand.JPG").await;
    let headers = [
        ("content-type", "text/html"),
        ("accept-ranges", "bytes"),
        ("etag", served.header("etag")),
        ("last-modified", served.header("last-modified")),
    ];
    served.has(200, &[&MEDIA[..], &headers].concat());
}

#[tokio::test]
async fn the_carrousel_is_served_with_its_headers() {
    let board = Board::shared();
    let served = eventually("the carrousel", async || {
        let served = board.get("/carrousel/carrousel.json").await;
        (served.status == 200).then_some(served)
    })
    .await;
    let headers = [
        crate::answer::JSON,
        ("cache-control", crate::answer::SHARED_FOR_A_SECOND),
        ("accept-ranges", "bytes"),
        ("etag", served.header("etag")),
        ("last-modified", served.header("last-modified")),
    ];
    served.has(200, &[&MEDIA[..], &headers].concat());
    assert!(served.json().is_array());
}
