//! What is promised, and who broke it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::MessageId;
use serde_json::Value;

use super::board::{Answer, Ask, text};
use super::moderated::{self, Moderated};
use crate::canonical::mirrored;
use crate::world::World;

const MESSAGES: &str = "board/messages/";

/// What the board said so far, and what that promises.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// The messages that ever had a row, and what they say.
    born: BTreeMap<MessageId, String>,
    /// Those whose post was acknowledged.
    acknowledged: BTreeSet<MessageId>,
    /// How many deletes of a message began.
    begun: BTreeMap<MessageId, usize>,
    /// Those whose delete was acknowledged.
    gone: BTreeSet<MessageId>,
    /// What those say whose idempotency keys are kept.
    kept: BTreeSet<String>,
    removal_begun: bool,
    /// The sender was removed.
    is_removed: bool,
    /// Of the message with which moderators have to do, if they have.
    moderated: Option<Moderated>,
}

/// What held when somebody began.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    id: Option<MessageId>,
    acknowledged: BTreeSet<MessageId>,
    gone: BTreeSet<MessageId>,
    must_be_gone: bool,
}

/// Whether there are bytes under a key.
fn there(world: &World<Answer>, key: &str) -> bool {
    let object = world.bucket.objects.get(key);
    object.is_some_and(|object| !object.bytes.is_empty())
}

fn key(id: MessageId) -> String {
    format!("{MESSAGES}{}.json", mirrored(&id.to_string()))
}

fn written<'a>(ids: impl IntoIterator<Item = &'a MessageId>) -> String {
    let ids: Vec<_> = ids.into_iter().map(ToString::to_string).collect();
    ids.join(" ")
}

/// Digest of what is written, in which the order of ids does not matter.
fn digest(world: &World<Answer>, parts: &[String]) -> u64 {
    let mut digest = DefaultHasher::new();
    for part in parts {
        let words = part
            .split(' ')
            .map(|word| world.digest_of(usize::MAX, word.as_bytes()));
        words.fold(0, u64::wrapping_add).hash(&mut digest);
    }
    digest.finish()
}

impl Asked {
    pub fn digest(&self, world: &World<Answer>) -> u64 {
        let Self {
            id,
            acknowledged,
            gone,
            must_be_gone,
        } = self;
        digest(
            world,
            &[
                written(id),
                written(acknowledged),
                written(gone),
                must_be_gone.to_string(),
            ],
        )
    }
}

impl Watch {
    pub fn digest(&self, world: &World<Answer>) -> u64 {
        let Self {
            born,
            acknowledged,
            begun,
            gone,
            kept,
            removal_begun,
            is_removed,
            moderated,
        } = self;
        let begun = begun.iter().map(|(id, times)| format!("{id}.{times} "));
        digest(
            world,
            &[
                written(born.keys()),
                written(acknowledged),
                begun.collect(),
                written(gone),
                format!("{kept:?} {removal_begun} {is_removed} {moderated:?}"),
            ],
        )
    }

    pub fn ids(&self) -> Vec<MessageId> {
        self.born.keys().copied().collect()
    }

    /// The message of a number of which something can be asked; the newest, where there were several.
    pub fn message(&self, ask: Ask) -> Option<MessageId> {
        let says = |id: &&MessageId, message| self.born.get(*id) == Some(&text(message));
        match ask {
            // Only its author knows how.
            Ask::Delete(message) if self.moderated.is_some() => {
                self.born.keys().rfind(|id| says(id, message)).copied()
            }
            Ask::Delete(message) => self
                .acknowledged
                .iter()
                .rfind(|id| says(id, message))
                .copied(),
            Ask::Moderate(message)
            | Ask::ReadOne(message)
            | Ask::Approve(message)
            | Ask::Reject(message)
            | Ask::TakeDown(message)
            | Ask::Restore(message) => self.born.keys().rfind(|id| says(id, message)).copied(),
            Ask::RemoveSender | Ask::LetIn => self.born.keys().next_back().copied(),
            _ => None,
        }
    }

    /// From now on moderators have to do with the first message.
    pub fn moderate(&mut self) {
        self.moderated = Some(Moderated::default());
    }

    pub fn is_moderated(&self) -> bool {
        self.moderated.is_some()
    }

    /// Whether that message has no picture.
    pub fn is_of_text(&self) -> bool {
        let moderated = self.moderated.as_ref();
        moderated.is_some_and(|moderated| moderated.is_of_text)
    }

    /// Whether that message was restored.
    pub fn is_restored(&self) -> bool {
        let moderated = self.moderated.as_ref();
        moderated.is_some_and(Moderated::is_restored)
    }

    /// Whoever asked died.
    pub fn died(&mut self, ask: Ask) {
        if let Some(moderated) = &mut self.moderated {
            moderated.over(ask);
        }
    }

    /// Somebody begins.
    pub fn begin(&mut self, ask: Ask) -> Asked {
        if let Some(moderated) = &mut self.moderated {
            moderated.begin(ask);
        }
        let asked = Asked {
            id: self.message(ask),
            acknowledged: self.acknowledged.clone(),
            gone: self.gone.clone(),
            must_be_gone: matches!(ask, Ask::Post(message, _) if self.kept.contains(&text(message))),
        };
        match (ask, asked.id) {
            (Ask::Delete(_) | Ask::Moderate(_) | Ask::TakeDown(_) | Ask::Reject(_), Some(id)) => {
                *self.begun.entry(id).or_default() += 1;
            }
            (Ask::RemoveSender, _) => self.removal_begun = true,
            _ => {}
        }
        asked
    }

    /// A day has passed: idempotency keys are kept no longer.
    pub fn forget_keys(&mut self) {
        self.kept.clear();
    }

    pub fn rename(&mut self, other: &BTreeMap<MessageId, MessageId>) {
        let of = |id: &MessageId| other.get(id).copied().unwrap_or(*id);
        self.born = self
            .born
            .iter()
            .map(|(id, text)| (of(id), text.clone()))
            .collect();
        self.acknowledged = self.acknowledged.iter().map(of).collect();
        self.begun = self
            .begun
            .iter()
            .map(|(id, times)| (of(id), *times))
            .collect();
        self.gone = self.gone.iter().map(of).collect();
    }

    fn has_begun(&self, id: MessageId) -> bool {
        self.removal_begun || self.begun.contains_key(&id)
    }

    /// What is wrong with an answer.
    pub fn end(
        &mut self,
        world: &World<Answer>,
        ask: Ask,
        asked: &Asked,
        answer: &Answer,
    ) -> Result<(), String> {
        if let Some(moderated) = &mut self.moderated {
            moderated.end(ask, answer)?;
        }
        let (status, body) = answer;
        let Asked {
            id,
            acknowledged,
            gone,
            must_be_gone,
        } = asked;
        match (ask, status) {
            (Ask::Post(message, with_picture) | Ask::Hold(message, with_picture), 201) => {
                if *must_be_gone {
                    return Err("a repeat after the delete answers 201".into());
                }
                let id = whole(body, &text(message), with_picture)?;
                if let Some(other) = self.acknowledged.iter().find(|other| {
                    **other != id
                        && self.born.get(other) == self.born.get(&id)
                        && !self.has_begun(**other)
                }) {
                    return Err(format!(
                        "a repeat answers {id}, and the post answered {other}"
                    ));
                }
                self.acknowledged.insert(id);
            }
            (Ask::Post(message, _) | Ask::Hold(message, _), 410) => {
                let mut begun = self.born.iter().filter(|(id, _)| self.has_begun(**id));
                if !begun.any(|(_, says)| *says == text(message)) {
                    return Err("410 for what nobody deleted".into());
                }
            }
            (Ask::Post(..) | Ask::Hold(..), 403) if self.removal_begun => {}
            // What was pending for 15 minutes was cleared away meanwhile.
            (Ask::Post(..), 503)
            | (Ask::Hold(..), 202 | 503)
            | (Ask::Moderate(_) | Ask::TakeDown(_) | Ask::RemoveSender | Ask::LetIn, 404)
            | (Ask::Moderate(_), 409)
            | (Ask::TakeDown(_), 204 | 409)
            | (
                Ask::ClearUp
                | Ask::Republish
                | Ask::Approve(_)
                | Ask::Reject(_)
                | Ask::Restore(_)
                | Ask::LetIn,
                200,
            ) => {}
            (Ask::Delete(_) | Ask::Moderate(_), 204) => {
                let id = id.unwrap();
                self.gone.insert(id);
                self.kept.extend(self.born.get(&id).cloned());
            }
            // Nor where the first try was answered to nobody, and its delete was finished by who cleared up.
            (Ask::Delete(_), 404) => {
                let (objects, _) = moderated::public(world, &id.unwrap().to_string());
                if !objects.is_empty() {
                    return Err("a delete does not find an acknowledged post".into());
                }
            }
            // What was removed can be restored.
            (Ask::RemoveSender, 200) if self.moderated.is_some() => {}
            (Ask::RemoveSender, 200) => {
                self.is_removed |= world.database.as_ref().unwrap().refuses();
            }
            (Ask::Read, 200) => self.page(body, acknowledged, gone)?,
            (Ask::ReadOne(_), 200) => {
                let found = self.shown(body)?;
                if gone.contains(&found) {
                    return Err("after an acknowledged delete the message is read".into());
                }
            }
            (Ask::ReadOne(_), 404) => {
                let id = id.unwrap();
                if acknowledged.contains(&id) && !self.has_begun(id) {
                    return Err("an acknowledged post is not read".into());
                }
            }
            _ => return Err(format!("{ask:?} is answered {status} {body}")),
        }
        Ok(())
    }

    fn page(
        &self,
        page: &Value,
        acknowledged: &BTreeSet<MessageId>,
        gone: &BTreeSet<MessageId>,
    ) -> Result<(), String> {
        let messages = page["messages"]
            .as_array()
            .ok_or("a page without messages")?;
        let shown = messages.iter().map(|message| self.shown(message));
        let shown: Vec<_> = shown.collect::<Result<_, _>>()?;
        if !shown.is_sorted_by(|newer, older| newer > older) {
            return Err(format!("a page is not newest first: {shown:?}"));
        }
        if let Some(id) = shown.iter().find(|id| gone.contains(*id)) {
            return Err(format!("after an acknowledged delete {id} is on the page"));
        }
        let missing = |id: &&MessageId| !shown.contains(*id) && !self.has_begun(**id);
        if let Some(id) = acknowledged.iter().find(missing) {
            return Err(format!("an acknowledged post is not on the page: {id}"));
        }
        Ok(())
    }

    /// The id of a message that a reader sees.
    fn shown(&self, message: &Value) -> Result<MessageId, String> {
        let id = message["id"].as_str().and_then(|id| id.parse().ok());
        let says = id.and_then(|id| self.born.get(&id));
        let says = says.ok_or_else(|| format!("a message that is none: {message}"))?;
        whole(message, says, !message["picture"].is_null())
    }

    /// Learns of new rows, and says what is wrong with what is in the bucket, where that is asked.
    pub fn look(&mut self, world: &World<Answer>, is_asked: bool) -> Result<(), String> {
        let rows = world.database.as_ref().unwrap().messages();
        if let Some(moderated) = &mut self.moderated {
            moderated.look(world, rows.first())?;
        }
        for row in rows {
            if let Ok(id) = row.id.parse() {
                self.born.entry(id).or_insert(row.text);
            }
        }
        if !is_asked {
            return Ok(());
        }
        let mut seen = BTreeSet::new();
        for (id, says) in &self.born {
            let (objects, pictures) = moderated::public(world, &id.to_string());
            let (object, picture) = (!objects.is_empty(), !pictures.is_empty());
            if there(world, &key(*id)) && !picture && Self::has_picture(world, *id) {
                return Err("a message is seen without its picture".into());
            }
            if !object && self.acknowledged.contains(id) && !self.has_begun(*id) {
                return Err("an acknowledged post is not seen".into());
            }
            if (object || picture) && (self.is_removed || self.gone.contains(id)) {
                let what = if object { "message" } else { "picture" };
                return Err(format!("after an acknowledged delete the {what} is seen"));
            }
            if object && !seen.insert(says) {
                return Err("a message is seen twice".into());
            }
            if self.gone.contains(id) && Self::has_small(world, *id) {
                return Err("after an acknowledged delete the picture is seen small".into());
            }
        }
        Ok(())
    }

    /// Whether anything is there that was made of its picture.
    fn has_small(world: &World<Answer>, id: MessageId) -> bool {
        let of = format!("/{id}.png");
        let mut keys = world.bucket.objects.keys();
        keys.any(|key| key.starts_with("small") && key.contains(&of))
    }

    fn has_picture(world: &World<Answer>, id: MessageId) -> bool {
        let body = &world.bucket.objects[&key(id)].bytes;
        let body: Value = serde_json::from_slice(body).unwrap();
        !body["picture"].is_null()
    }

    /// What is wrong where nothing is under way any more, and nothing is left to be cleared up.
    pub fn rest(world: &World<Answer>, is_moderated: bool) -> Result<(), String> {
        let rows = world.database.as_ref().unwrap().messages();
        let mut without = world.bucket.objects.clone();
        for row in &rows {
            if !["posted", "held"].contains(&&*row.status) {
                return Err(format!("a row stays {}", row.status));
            }
            let of_row = moderated::of_row(row);
            if !there(world, &of_row[0]) {
                return Err(format!("a {} row has no object", row.status));
            }
            for key in &of_row {
                without.remove(key);
            }
            // And what was made of its picture.
            let picture = of_row[1].replace("images/", "/");
            without.retain(|key, _| !key.contains(&picture));
            // What it was published from, and the zero bytes of earlier generations, go with it, or by a rule of the bucket.
            let is_its_own = |key: &str| key.contains(&row.id) || key.contains(&mirrored(&row.id));
            without.retain(|key, object| {
                let is_left = key.starts_with("held/") || object.bytes.is_empty();
                !(is_left && is_moderated && is_its_own(key))
            });
        }
        without.remove("board/newest.json");
        match without.first_key_value() {
            Some((key, _)) => Err(format!("without a row there stays {key}")),
            None => Ok(()),
        }
    }
}

/// The id of a message that is answered, and says what it should.
fn whole(message: &Value, says: &str, with_picture: bool) -> Result<MessageId, String> {
    let id = message["id"]
        .as_str()
        .and_then(|id| id.parse::<MessageId>().ok());
    let id = id.ok_or_else(|| format!("a message without an id: {message}"))?;
    let url = message["picture"]["url"].as_str();
    let is_its_own = |url: &str| url.starts_with(&format!("/images/{id}"));
    let is_whole = message["text"] == says
        && message["createdAt"] == id.created_at()
        && url.is_some() == with_picture
        && url.is_none_or(is_its_own);
    is_whole
        .then_some(id)
        .ok_or_else(|| format!("a message that is not whole: {message}"))
}
