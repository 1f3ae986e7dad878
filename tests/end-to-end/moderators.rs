//! What tests do as moderators.

use std::collections::BTreeSet;

use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::answer::{Answer, ask};
use crate::board::{Board, file, http, picture};

/// A board where messages are reviewed.
pub fn reviewed() -> Board {
    Board::start_with(|command| {
        command.env("POSTING", "reviewed");
    })
}

impl Board {
    pub async fn get_as_moderator(&self, path: &str) -> Answer {
        let get = http().get(self.url(&format!("/api/moderation{path}")));
        ask(get.bearer_auth(self.moderator_token())).await
    }

    /// What became of the decision on a message.
    pub async fn decide(&self, decision: &str, ids: &[&str]) -> Vec<String> {
        let post = http().post(self.url(&format!("/api/moderation/{decision}")));
        let post = post.bearer_auth(self.moderator_token());
        let answer = ask(post.json(&json!({ "messageIds": ids }))).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let outcomes = answer.json()["outcomes"].as_array().unwrap().clone();
        let asked = ids.iter().zip(&outcomes);
        assert!(
            asked
                .clone()
                .all(|(id, outcome)| outcome["messageId"] == *id)
        );
        let outcome = |outcome: &Value| outcome["outcome"].as_str().unwrap().to_owned();
        outcomes.iter().map(outcome).collect()
    }

    pub async fn is_decided(&self, decision: &str, message: &Value) {
        let id = message["id"].as_str().unwrap();
        assert_eq!(self.decide(decision, &[id]).await, ["done"], "{decision}");
    }

    /// Posts what is held, and gives the message with its token.
    pub async fn post_held(&self, text: &str, with: Option<&str>) -> Value {
        let post = http().post(self.url("/api/messages"));
        let post = match with {
            None => post.json(&json!({ "text": text })),
            Some(name) => {
                let form = Form::new().text("text", text.to_owned());
                post.multipart(form.part("picture", file(picture(name), "a")))
            }
        };
        let answer = ask(post).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        assert_eq!(answer.header("cache-control"), "no-store");
        let message = answer.json();
        assert_eq!(message["status"], "held");
        message
    }

    pub async fn set_posting(&self, posting: &str) -> Answer {
        let put = http().put(self.url("/api/moderation/posting"));
        let put = put.bearer_auth(self.moderator_token());
        ask(put.json(&json!({ "posting": posting }))).await
    }

    /// The texts of what moderators are shown.
    pub async fn listed(&self, which: &str) -> Vec<String> {
        let answer = self.get_as_moderator(which).await.json();
        let messages = answer["messages"].as_array().unwrap().clone();
        let text = |message: &Value| message["text"].as_str().unwrap().to_owned();
        messages.iter().map(text).collect()
    }

    pub async fn is_public(&self, message: &Value) -> bool {
        let id = message["id"].as_str().unwrap();
        let one = self.get(&format!("/api/messages/{id}")).await.status == 200;
        let listed = self.messages().await;
        assert_eq!(listed.iter().any(|it| it["id"] == id), one);
        one
    }

    /// Keys with bytes.
    pub async fn held_keys(&self) -> BTreeSet<String> {
        let keys = self.media().keys().await.into_iter();
        keys.filter(|key| key.starts_with("held/")).collect()
    }

    pub async fn delete_as_moderator(&self, message: &Value, query: &str) -> u16 {
        let path = format!("/api/messages/{}{query}", message["id"].as_str().unwrap());
        let delete = http().delete(self.url(&path));
        ask(delete.bearer_auth(self.moderator_token())).await.status
    }
}
