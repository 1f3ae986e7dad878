use local_aws::s3::hex;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// An archive being forged: names are written as they are, whatever they are.
pub struct Forged(Builder<Vec<u8>>);

impl Forged {
    pub fn empty() -> Self {
        Self(Builder::new(vec![]))
    }

    pub fn new(messages: &[Value]) -> Self {
        Self::empty()
            .with("corkboard.json", br#"{"format":"corkboard","version":1}"#)
            .with_messages(messages)
    }

    pub fn with_messages(self, messages: &[Value]) -> Self {
        let lines: Vec<_> = messages.iter().map(Value::to_string).collect();
        self.with("messages.jsonl", lines.join("\n").as_bytes())
    }

    pub fn with(self, name: &str, bytes: &[u8]) -> Self {
        self.with_entry(name, EntryType::Regular, bytes.len() as u64, bytes)
    }

    pub fn with_entry(mut self, name: &str, kind: EntryType, size: u64, bytes: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(size);
        header.set_cksum();
        self.0.append(&header, bytes).unwrap();
        self
    }

    /// With the digests of `entries`, as versions above 1 of the format have them.
    pub fn with_sums(self, entries: &[(&str, &[u8])]) -> Self {
        let sum =
            |(name, bytes): &(&str, &[u8])| format!("{}  {name}\n", hex(&Sha256::digest(bytes)));
        let sums: String = entries.iter().map(sum).collect();
        let forged = entries
            .iter()
            .fold(self, |forged, (name, bytes)| forged.with(name, bytes));
        forged.with("SHA256SUMS", sums.as_bytes())
    }

    pub fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}
