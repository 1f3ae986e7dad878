use domain::{MessageId, MessageText, NewPicture, Picture};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::tz::TimeZone;
use store::Status;

use super::AT_ONCE;
use super::board::{Board, failed};
use super::fetch::Fetcher;
use super::old_table::{OldRow, OldTable};
use super::report::{Fate, Report, Transferred};
use super::time;
use crate::options::Import;

/// An old board: its rows, and its pictures wherever they are.
pub struct OldBoard {
    table: OldTable,
    name: String,
    /// The time zone of `create_time`.
    zone: TimeZone,
    fetcher: Fetcher,
}

impl OldBoard {
    pub async fn open(url: &str, import: &Import) -> Result<Self, String> {
        let fetcher = Fetcher::new(import.allow_private)?;
        let table = OldTable::open(url, &import.table).await?;
        let zone = match &import.timezone {
            _ if !table.has_clock_time => TimeZone::UTC,
            Some(zone) => zone.clone(),
            None => {
                return Err(
                    "create_time is a DATETIME, which does not tell its time zone: \
                            give --timezone, such as Asia/Taipei or +08:00"
                        .into(),
                );
            }
        };
        Ok(Self {
            table,
            name: import.table.clone(),
            zone,
            fetcher,
        })
    }

    /// Takes every row over, page by page.
    pub async fn take_over(mut self, board: &Board) -> Result<Report, String> {
        let mut report = Report::of(self.table.rows);
        let mut after = None;
        loop {
            let page = self.table.page(after).await.map_err(failed)?;
            let Some(last) = page.last() else {
                return Ok(report);
            };
            after = Some(last.id);
            let this = &self;
            let mut rows = stream::iter(page)
                .map(|row| async move { Ok::<_, String>((row.id, this.take(board, row).await?)) })
                .buffered(AT_ONCE);
            while let Some((id, outcome)) = rows.try_next().await? {
                report.message(id, &outcome);
            }
        }
    }

    async fn take(&self, board: &Board, row: OldRow) -> Result<Transferred, String> {
        let id = match self.id(&row) {
            Ok(id) => id,
            Err(why) => return Ok(Transferred::not_taken(why)),
        };
        let text = match MessageText::parse(&row.message.unwrap_or_default()) {
            Ok(text) => text,
            Err(error) => return Ok(Transferred::not_taken(format!("its text {error}"))),
        };
        let url = row.image_url.unwrap_or_default();
        let url = url.trim();
        // A picture that was taken before need not be fetched again.
        let entry = board.store().entry(id).await.map_err(failed)?;
        let entry = entry.filter(|entry| entry.status == Status::Posted);
        if let Some(found) = entry.and_then(|entry| entry.message)
            && found.text == text.as_str()
            && (url.is_empty() || found.picture.is_some())
        {
            return Ok(Transferred {
                message: Fate::AlreadyThere,
                picture: found.picture.map(|_| Fate::AlreadyThere),
            });
        }
        let picture = match url {
            "" => None,
            url => Some(self.picture(url).await),
        };
        let picture = picture.map(|it| it.map(|picture| NewPicture { picture, alt: None }));
        board.import(id, None, text, picture, false).await
    }

    fn id(&self, row: &OldRow) -> Result<MessageId, &'static str> {
        let create_time = row.create_time.as_deref().ok_or("it has no create_time")?;
        let moment = time::moment(create_time, &self.zone)?;
        let id = time::id(moment, &self.name, row.id)?;
        if time::is_in_future(id) {
            return Err("its create_time lies in the future: is the time zone right?");
        }
        Ok(id)
    }

    async fn picture(&self, url: &str) -> Result<Picture, String> {
        let fetched = self.fetcher.fetch(url).await;
        let picture = match fetched {
            Ok(bytes) => Picture::parse(&bytes).map_err(|why| why.to_string()),
            Err(why) => Err(why.to_string()),
        };
        // From a stranger: it may have any character, also such as command a terminal.
        let url = || url.chars().take(500).collect::<String>();
        picture.map_err(|why| format!("{}: {why}", url().escape_debug()))
    }
}
