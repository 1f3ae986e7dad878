use crate::parts::corkboard::Board;
use crate::parts::mariadb::Database;
use crate::parts::namespace::Network;
use crate::parts::pictures::{self, PictureServer};

/// The arguments that take `old` over.
fn from(old: &Database) -> Vec<String> {
    let arguments = [
        "import",
        "--from",
        &old.url(),
        "--timezone",
        "Asia/Taipei",
        "--allow-private",
    ];
    arguments.map(str::to_owned).to_vec()
}

pub fn take_over(board: &Board, old: &Database) -> crate::parts::corkboard::Said {
    let arguments = from(old);
    board.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// One row for each picture, all of one second.
fn rows_with_pictures(server: &PictureServer, route: &str) -> Vec<String> {
    let names = pictures::names();
    let rows = names.iter().zip(1..).map(|(name, id)| {
        format!(
            "{id}, 'message {id}', '{}/{route}/{name}', '2024-07-01 12:00:00'",
            server.url
        )
    });
    rows.collect()
}

#[test]
fn an_old_board_is_taken_over_once_in_its_order_with_its_pictures() {
    Network::default().run(async {
        let server = PictureServer::start().await;
        let mut rows = rows_with_pictures(&server, "pictures");
        let count = rows.len();
        rows.extend([
            format!(
                "100, '早安 🌉', '{}/redirects/3', '2024-06-30 23:59:59'",
                server.url
            ),
            "101, 'a \\r\\n b ', '', '2024-07-02 00:00:00'".to_owned(),
            "102, 'last', NULL, '2024-07-02 00:00:00'".to_owned(),
        ]);
        let old = Database::with_messages("DATETIME", &rows).await;
        let board = Board::new();
        let said = take_over(&board, &old).done();
        let (messages, pictures) = (count + 3, count + 1);
        assert_eq!(
            said,
            format!(
                "messages: {messages} taken, 0 already there, 0 not taken\n\
                 pictures: {pictures} taken, 0 already there, 0 not taken\n"
            )
        );

        let content = board.content();
        content.assert_whole();
        let mut texts = vec!["早安 🌉".to_owned()];
        texts.extend((1..=count).map(|id| format!("message {id}")));
        texts.extend(["a \n b".to_owned(), "last".to_owned()]);
        assert_eq!(content.texts(), texts);
        let times = content.of_each("createdAt");
        assert_eq!(times[0], "2024-06-30T15:59:59.000Z");
        assert_eq!(times[1], "2024-07-01T04:00:00.000Z");
        let images: Vec<_> = content.images.keys().cloned().collect();
        assert_eq!(board.carrousel(), images);

        let asked = server.asked().len();
        let again = take_over(&board, &old).done();
        assert_eq!(
            again,
            format!(
                "messages: 0 taken, {messages} already there, 0 not taken\n\
                 pictures: 0 taken, {pictures} already there, 0 not taken\n"
            )
        );
        assert_eq!(server.asked().len(), asked);
        assert_eq!(board.content(), content);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_see_what_was_taken_over() {
    let server = PictureServer::start().await;
    let old = Database::with_messages(
        "DATETIME(3)",
        &[
            "1, 'first', NULL, '2024-07-01 12:00:00.250'".to_owned(),
            format!(
                "7, '', '{}/pictures/drawing.bmp', '2024-07-01 12:00:00.251'",
                server.url
            ),
        ],
    )
    .await;
    let board = Board::new();
    take_over(&board, &old).done();
    let board = board.open();
    let list: serde_json::Value = get(&board.url("/api/messages")).await.json().await.unwrap();
    let messages = list["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[1]["text"], "first");
    assert_eq!(messages[1]["createdAt"], "2024-07-01T04:00:00.250Z");
    let picture = &messages[0]["picture"];
    assert_eq!(
        (&picture["width"], &picture["height"], &picture["type"]),
        (&48.into(), &32.into(), &"image/png".into())
    );
    let url = board.url(picture["url"].as_str().unwrap());
    assert_eq!(get(&url).await.headers()["content-type"], "image/png");
}

async fn get(url: &str) -> reqwest::Response {
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    answer
}

#[test]
fn what_cannot_be_taken_is_told_with_why() {
    Network::default().run(async {
        let server = PictureServer::start().await;
        let at = "'2024-07-01 12:00:00'";
        let url = &server.url;
        let old = Database::with_messages(
            "DATETIME",
            &[
                format!("1, REPEAT('a', 2001), '{url}/pictures/small.jpg', {at}"),
                format!("2, 'bell \\b', NULL, {at}"),
                format!("3, ' \\n', '', {at}"),
                format!("4, NULL, '{url}/pictures/none.jpg', {at}"),
                "5, 'a', NULL, NULL".to_owned(),
                "6, 'a', NULL, '0000-00-00 00:00:00'".to_owned(),
                "7, 'a', NULL, '2999-01-01 00:00:00'".to_owned(),
                "8, 'a', NULL, '1969-01-01 00:00:00'".to_owned(),
                format!("10, 'no picture', '{url}/pictures/none.jpg', {at}"),
                format!("11, 'a page', '{url}/page', {at}"),
                format!("12, 'endless', '{url}/endless', {at}"),
                format!("13, 'large', '{url}/five-mebibytes', {at}"),
                format!("14, 'round about', '{url}/redirects/4', {at}"),
                format!("15, 'compressed', '{url}/pictures/rle.bmp', {at}"),
                format!("16, 'a file', 'file:///etc/passwd', {at}"),
                format!("17, 'no url', 'uploads/a.jpg', {at}"),
                format!("18, REPEAT('é', 2000), '', {at}"),
            ],
        )
        .await;
        let board = Board::new();
        let said = take_over(&board, &old).done();
        let expected = format!(
            "message 1 was not taken: its text must have at most 2000 characters
message 2 was not taken: its text must not contain control characters
message 3 was not taken: it has neither text nor picture
message 4 was not taken: it has no text, and of its picture: {url}/pictures/none.jpg: answered 404 Not Found
message 5 was not taken: it has no create_time
message 6 was not taken: its create_time is no time
message 7 was not taken: its create_time lies in the future: is the time zone right?
message 8 was not taken: its create_time lies before 1970
the picture of message 10 was not taken: {url}/pictures/none.jpg: answered 404 Not Found
the picture of message 11 was not taken: {url}/page: the picture is not a JPEG, PNG, GIF, WebP or uncompressed BMP
the picture of message 12 was not taken: {url}/endless: larger than 32 MiB
the picture of message 13 was not taken: {url}/five-mebibytes: the picture is larger than 4 MiB
the picture of message 14 was not taken: {url}/redirects/4: more than 3 redirects
the picture of message 15 was not taken: {url}/pictures/rle.bmp: the picture is not a JPEG, PNG, GIF, WebP or uncompressed BMP
the picture of message 16 was not taken: file:///etc/passwd: not an http or https URL
the picture of message 17 was not taken: uploads/a.jpg: not an http or https URL
messages: 9 taken, 0 already there, 8 not taken
pictures: 0 taken, 0 already there, 8 not taken
"
        );
        assert_eq!(said, expected);
        let content = board.content();
        assert_eq!(content.messages.len(), 9);
        assert!(content.images.is_empty());
        assert_eq!(
            take_over(&board, &old).done(),
            expected.replace("9 taken, 0 already", "0 taken, 9 already")
        );
        assert_eq!(board.content(), content);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_is_completed_by_the_next() {
    let server = PictureServer::start().await;
    let rows = rows_with_pictures(&server, "gated");
    let count = rows.len();
    let old = Database::with_messages("DATETIME", &rows).await;
    let board = Board::new();
    let arguments = from(&old);
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    for answered in [0, 3, 10, 20] {
        let mut run = board.command(&arguments).spawn().unwrap();
        server.let_through(answered).await;
        run.kill().unwrap();
        run.wait().unwrap();
    }
    server.open();
    let said = take_over(&board, &old).done();
    assert!(said.contains(", 0 not taken\n"), "{said}");
    let content = board.content();
    content.assert_whole();
    assert_eq!(content.messages.len(), count);
    let images: Vec<_> = content.images.keys().cloned().collect();
    assert_eq!(board.carrousel(), images);

    let undisturbed = Board::new();
    take_over(&undisturbed, &old).done();
    assert_eq!(undisturbed.content(), content);
}

/// What is left where a run died between two steps of a message.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_left_half_taken_is_taken_again() {
    let server = PictureServer::start().await;
    let rows = rows_with_pictures(&server, "pictures");
    let old = Database::with_messages("DATETIME", &rows[..3]).await;
    let database = Database::new().await;
    let board = Board::new().with("CORKBOARD_DATABASE", &database.url());
    take_over(&board, &old).done();
    let content = board.content();
    let ids = content.of_each("id");
    database
        .run(&format!(
            "UPDATE message SET status = 'pending' WHERE id = '{}'",
            ids[0]
        ))
        .await;
    database
        .run(&format!(
            "UPDATE message SET status = 'pending' WHERE id = '{}'",
            ids[1]
        ))
        .await;
    // As if its picture had been of another format, and not been put yet.
    let pending = "UPDATE message SET status = 'pending', picture_format = 'gif' WHERE id =";
    database.run(&format!("{pending} '{}'", ids[2])).await;
    let key = content.messages[2]["picture"]["key"].as_str().unwrap();
    board.remove_object(key);

    let said = take_over(&board, &old).done();
    assert!(
        said.starts_with("messages: 3 taken, 0 already there, 0 not taken\n"),
        "{said}"
    );
    assert_eq!(board.content(), content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_deleted_here_or_has_another_text_is_left_alone() {
    let row = |id: u32| format!("{id}, 'message {id}', NULL, '2024-07-01 12:00:00'");
    let old = Database::with_messages("DATETIME", &[row(1), row(2), row(3)]).await;
    let database = Database::new().await;
    let board = Board::new().with("CORKBOARD_DATABASE", &database.url());
    take_over(&board, &old).done();
    let ids = database.texts("SELECT id FROM message ORDER BY id").await;
    let deleted = "UPDATE message SET status = 'deleted', text = '' WHERE id =";
    database.run(&format!("{deleted} '{}'", ids[0])).await;
    database
        .run(&format!(
            "UPDATE message SET text = 'other' WHERE id = '{}'",
            ids[1]
        ))
        .await;
    assert_eq!(
        take_over(&board, &old).done(),
        "message 1 was not taken: it was deleted from this board\n\
         message 2 was not taken: another message has its id\n\
         messages: 0 taken, 1 already there, 2 not taken\n\
         pictures: 0 taken, 0 already there, 0 not taken\n"
    );
    assert_eq!(board.content().texts(), ["other", "message 3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_read_page_by_page_to_the_last() {
    let old = Database::with_messages("DATETIME", &[]).await;
    let rows = "SELECT seq, CONCAT('message ', seq), NULL, '2024-07-01 12:00:00' FROM seq_1_to_301";
    old.run(&format!("INSERT INTO message {rows}")).await;
    let board = Board::new();
    let said = take_over(&board, &old).done();
    assert!(
        said.starts_with("messages: 301 taken, 0 already there, 0 not taken\n"),
        "{said}"
    );
    let expected: Vec<_> = (1..=301).map(|id| format!("message {id}")).collect();
    assert_eq!(board.content().texts(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timestamp_has_its_time_zone_and_a_datetime_needs_one() {
    let rows = ["1, 'a', NULL, '2024-07-01 12:00:00'".to_owned()];
    let without = |old: &Database| ["import".to_owned(), "--from".into(), old.url()];
    let run = |board: &Board, arguments: [String; 3]| {
        board.run(&arguments.each_ref().map(String::as_str))
    };

    let old = Database::with_messages("DATETIME", &rows).await;
    let refused = run(&Board::new(), without(&old)).refused();
    assert!(refused.contains("give --timezone"), "{refused}");

    let old = Database::with_messages("TIMESTAMP", &[]).await;
    old.run("SET time_zone = '+05:00'; INSERT INTO message VALUES (1, 'a', NULL, '2024-07-01 12:00:00')")
        .await;
    let board = Board::new();
    run(&board, without(&old)).done();
    assert_eq!(
        board.content().of_each("createdAt"),
        ["2024-07-01T07:00:00.000Z"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_at_all_is_one_clear_line() {
    let old = Database::new().await;
    for (table, columns) in [
        (
            "no_url",
            "id INT PRIMARY KEY, message TEXT, create_time DATETIME",
        ),
        (
            "text_id",
            "id CHAR(36) PRIMARY KEY, message TEXT, image_url TEXT, create_time DATETIME",
        ),
        (
            "twice",
            "id INT, message TEXT, image_url TEXT, create_time DATETIME",
        ),
        (
            "negative",
            "id INT, message TEXT, image_url TEXT, create_time DATETIME",
        ),
        (
            "dates",
            "id INT PRIMARY KEY, message TEXT, image_url TEXT, create_time DATE",
        ),
    ] {
        old.run(&format!("CREATE TABLE {table} ({columns})")).await;
    }
    old.run("INSERT INTO twice (id) VALUES (1), (1)").await;
    old.run("INSERT INTO negative (id) VALUES (-1)").await;
    let board = Board::new();
    for (table, why) in [
        ("none", "has no table none: name it with --table"),
        ("a`b", "has no table a`b"),
        ("no_url", "the table no_url has no column image_url"),
        (
            "text_id",
            "the ids of the table text_id are no whole numbers",
        ),
        ("twice", "the table twice has several rows with one id"),
        (
            "negative",
            "the table negative has ids that are null, negative or too large",
        ),
        ("dates", "create_time of the table dates is a date"),
    ] {
        let url = old.url();
        let said = board.run(&[
            "import",
            "--from",
            &url,
            "--table",
            table,
            "--timezone",
            "UTC",
        ]);
        let line = said.refused();
        assert!(line.contains(why), "{line}");
    }
    for (url, why) in [
        (
            "postgres://a:secret@127.0.0.1/b".to_owned(),
            "--from is malformed",
        ),
        (
            "mysql://a:secret@127.0.0.1:1/b".to_owned(),
            "cannot be reached",
        ),
        (old.url_of("nobody:secret"), "cannot be reached"),
    ] {
        let line = board.run(&["import", "--from", &url]).refused();
        assert!(line.contains(why) && !line.contains("secret"), "{line}");
    }
    // Nothing was begun.
    assert!(!board.data.path().join("data").exists());
}
