//! What is promised of a message that moderators decide on, and who broke it.

use std::collections::BTreeSet;

use super::board::{Answer, Ask};
use crate::canonical::mirrored;
use crate::database::Message;
use crate::world::World;

/// No message is restored as often.
const GENERATIONS: u32 = 6;

/// One message that moderators decide on.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a promise that is made and taken back by itself"
)]
#[derive(Debug, Clone, Default)]
pub struct Moderated {
    /// Its status and generation, when somebody looked last.
    row: Option<(String, u32)>,
    /// It has no picture.
    pub is_of_text: bool,
    /// Somebody approved it, or it was posted where nothing is reviewed.
    is_approved: bool,
    /// Its post was answered that it waits.
    is_held: bool,
    /// That it is shown was acknowledged, and nobody has decided otherwise since.
    is_live: bool,
    /// That it is not shown was acknowledged, and nobody has decided otherwise since.
    is_down: bool,
    /// Its author deleted it.
    is_dead: bool,
    /// Somebody decided against it, at whatever time.
    is_killed: bool,
    /// How many run that take it from readers.
    hiding: usize,
    /// Of which generations it was while one of these ran.
    hidden: BTreeSet<u32>,
}

/// The name of a generation, in keys.
fn named(id: &str, generation: u32) -> String {
    match generation {
        0 => id.to_owned(),
        generation => format!("{id}-{generation}"),
    }
}

fn there(world: &World<Answer>, key: &str) -> bool {
    let object = world.bucket.objects.get(key);
    object.is_some_and(|object| !object.bytes.is_empty())
}

/// Of which generations there is a public object, and a public picture.
pub fn public(world: &World<Answer>, id: &str) -> (Vec<u32>, Vec<u32>) {
    let of = |key: &dyn Fn(&str) -> String| {
        let all = (0..GENERATIONS).filter(|generation| there(world, &key(&named("", *generation))));
        all.collect()
    };
    let object = mirrored(id);
    (
        of(&|name| format!("board/messages/{object}{name}.json")),
        of(&|name| format!("images/{id}{name}.png")),
    )
}

/// All that may be in the bucket of a message of this row, at rest.
pub fn of_row(row: &Message) -> Vec<String> {
    let (id, object) = (&row.id, mirrored(&row.id));
    let generation = &named("", row.generation);
    match row.status.as_str() {
        "held" => vec![
            format!("held/waiting/{object}.json"),
            format!("held/waiting/{id}.png"),
        ],
        _ => vec![
            format!("board/messages/{object}{generation}.json"),
            format!("images/{id}{generation}.png"),
        ],
    }
}

fn hides(ask: Ask) -> bool {
    matches!(
        ask,
        Ask::TakeDown(_) | Ask::Moderate(_) | Ask::Delete(_) | Ask::Reject(_) | Ask::RemoveSender
    )
}

impl Moderated {
    pub fn begin(&mut self, ask: Ask) {
        if hides(ask) {
            self.hiding += 1;
            self.hidden
                .extend(self.row.as_ref().map(|(_, generation)| *generation));
        }
    }

    /// Whoever asked has its answer, or died.
    pub fn over(&mut self, ask: Ask) {
        self.hiding -= usize::from(hides(ask));
    }

    pub fn is_restored(&self) -> bool {
        self.row
            .as_ref()
            .is_some_and(|(_, generation)| *generation > 0)
    }

    fn status(&self) -> &str {
        self.row.as_ref().map_or("", |(status, _)| status)
    }

    /// What is wrong with an answer.
    pub fn end(&mut self, ask: Ask, (status, body): &Answer) -> Result<(), String> {
        self.over(ask);
        let outcome = body["outcomes"][0]["outcome"].as_str().unwrap_or_default();
        let is_shown = ["posted", "approved", "restored"].contains(&self.status());
        let is_there = !["", "clearing", "deleting", "deleted"].contains(&self.status());
        match (ask, status, outcome) {
            (Ask::Hold(..), 202, _) => self.is_held = true,
            (Ask::Hold(..), 201, _) if !self.is_approved => {
                return Err("201 for what nobody approved".into());
            }
            (Ask::Approve(_) | Ask::Restore(_), 200, "done") => {
                self.is_live |= self.status() == "posted";
            }
            (Ask::Approve(_), 200, "changed" | "lost") if !self.is_killed => {
                return Err(format!("{outcome} to an approval that nobody contradicted"));
            }
            // The copy goes only once the picture is there, or with the message.
            (Ask::Restore(_), 200, "lost") => {
                return Err("lost, says a restore, and nobody deleted it".into());
            }
            (Ask::Reject(_), 200, "done") if is_shown && !self.is_killed => {
                return Err("rejected, says it, and is approved".into());
            }
            (Ask::Delete(_), 404, _) if is_there => {
                return Err("404 for what is there, to its author".into());
            }
            (Ask::Reject(_), 200, "done")
            | (Ask::TakeDown(_) | Ask::Moderate(_), 204, _)
            | (Ask::RemoveSender, 200, _)
                if !is_shown && self.status() != "held" =>
            {
                self.is_down = true;
            }
            (Ask::Delete(_), 204, _) => (self.is_dead, self.is_down) = (true, true),
            _ => {}
        }
        Ok(())
    }

    /// What is wrong with what is there.
    pub fn look(&mut self, world: &World<Answer>, row: Option<&Message>) -> Result<(), String> {
        let before = std::mem::take(&mut self.row);
        self.row = row.map(|row| (row.status.clone(), row.generation));
        if before != self.row {
            self.decided(before.as_ref())?;
        }
        // Whoever runs may have seen it.
        if self.hiding > 0 {
            self.hidden
                .extend(self.row.as_ref().map(|(_, generation)| *generation));
        }
        let Some(row) = row else {
            if self.is_held && !self.is_killed {
                return Err("an acknowledged held message is lost".into());
            }
            return Ok(());
        };
        self.is_of_text = !row.has_picture;
        let (objects, pictures) = public(world, &row.id);
        let what = if objects.is_empty() {
            "picture"
        } else {
            "text"
        };
        if !objects.is_empty() || !pictures.is_empty() {
            if !self.is_approved {
                return Err(format!("a {what} that nobody approved is public"));
            }
            if self.is_down || self.is_dead {
                return Err(format!(
                    "a {what} is public after what takes it down was acknowledged"
                ));
            }
        }
        if objects.len() > 1 {
            return Err("a message is seen twice".into());
        }
        if objects
            .first()
            .is_some_and(|of| row.has_picture && !pictures.contains(of))
        {
            return Err("a message is seen without its picture".into());
        }
        if self.is_live && objects.is_empty() {
            return Err("an acknowledged approval or restore is not seen".into());
        }
        if self.is_held
            && !self.is_killed
            && ["clearing", "deleting", "deleted"].contains(&&*row.status)
        {
            return Err("an acknowledged held message is lost".into());
        }
        let copy = match row.status.as_str() {
            "held" => format!("held/waiting/{}.png", row.id),
            "removed" => format!("held/removed/{}-{}.png", row.id, row.generation),
            _ => return Ok(()),
        };
        // Before a database that was put back follows, its picture is public.
        if row.has_picture && pictures.is_empty() && !there(world, &copy) {
            return Err(format!("a {} message has lost its picture", row.status));
        }
        Ok(())
    }

    /// The row is another one: somebody decided, or clearing up did.
    fn decided(&mut self, before: Option<&(String, u32)>) -> Result<(), String> {
        let Some((status, generation)) = &self.row else {
            self.is_live = false;
            return Ok(());
        };
        let was = before.map_or("", |(status, _)| status);
        match status.as_str() {
            "approved" | "restored" | "posted" if self.is_dead => {
                return Err("shown again after its author deleted it".into());
            }
            "approved" | "restored" | "posted" => (self.is_approved, self.is_down) = (true, false),
            "held" => self.is_down = false,
            "rejected" | "removing" | "deleting" => {
                let is_asked = self.hiding > 0 || self.hidden.contains(generation);
                if ["posted", "approved", "restored"].contains(&was) && !is_asked {
                    return Err("what was decided before undoes what was decided since".into());
                }
                // Nobody decided in time.
                let is_expired = ["held", "removed", "rejected"].contains(&was);
                if is_asked || is_expired {
                    (self.is_live, self.is_killed) = (false, true);
                }
            }
            "clearing" if ["approved", "restored"].contains(&was) => {
                return Err("what was being approved or restored is lost".into());
            }
            _ => {}
        }
        Ok(())
    }
}
