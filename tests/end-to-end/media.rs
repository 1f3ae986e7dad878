//! The media bucket, through the AWS SDK.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures_util::{StreamExt as _, stream};

use crate::board::{BUCKET, Board};

pub const CARROUSEL: &str = "carrousel/carrousel.json";

/// The bucket. Clones share connections, so it stays with the test that made it.
#[derive(Clone)]
pub struct Media(Client);

impl Board {
    pub fn media(&self) -> Media {
        Media(self.s3())
    }
}

impl Media {
    pub async fn put(&self, key: &str, body: impl Into<ByteStream>) {
        let put = self.0.put_object().bucket(BUCKET).key(key);
        put.body(body.into()).send().await.unwrap();
    }

    pub async fn put_as(&self, key: &str, media_type: &str, body: &'static [u8]) {
        let put = self.0.put_object().bucket(BUCKET).key(key);
        let put = put.content_type(media_type);
        put.body(ByteStream::from_static(body))
            .send()
            .await
            .unwrap();
    }

    /// Puts a few bytes under each of the keys, many at a time.
    pub async fn put_all(&self, keys: &[String]) {
        stream::iter(keys)
            .for_each_concurrent(32, |key| self.put(key, b"pixels".to_vec()))
            .await;
    }

    pub async fn get(&self, key: &str) -> Option<Vec<u8>> {
        match self.0.get_object().bucket(BUCKET).key(key).send().await {
            Ok(object) => Some(object.body.collect().await.unwrap().to_vec()),
            Err(error) => {
                assert!(error.into_service_error().is_no_such_key());
                None
            }
        }
    }

    pub async fn delete(&self, key: &str) {
        let delete = self.0.delete_object().bucket(BUCKET).key(key);
        delete.send().await.unwrap();
    }

    pub async fn delete_all(&self, keys: &[String]) {
        for keys in keys.chunks(1_000) {
            let objects = keys
                .iter()
                .map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
            let delete = Delete::builder().set_objects(Some(objects.collect()));
            let delete = self.0.delete_objects().delete(delete.build().unwrap());
            let deleted = delete.bucket(BUCKET).send().await.unwrap();
            assert!(deleted.errors().is_empty(), "{deleted:?}");
        }
    }

    /// Every key of the bucket under which there are bytes, in order: zero bytes are what is left of what was deleted.
    pub async fn keys(&self) -> Vec<String> {
        let mut pages = self.0.list_objects_v2().bucket(BUCKET);
        pages = pages.max_keys(1_000);
        let mut pages = pages.into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let objects = page.unwrap().contents.unwrap_or_default().into_iter();
            let there = objects.filter(|object| object.size.unwrap() > 0);
            keys.extend(there.map(|object| object.key.unwrap()));
        }
        keys
    }
}
