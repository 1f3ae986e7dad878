use super::{
    Alt, Author, Format, MessageId, MessageText, Name, Picture, SMALL_WIDTHS, small_height,
};

/// A message as it is to be posted, everything in it valid.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Who signs it.
    pub author: Option<Author>,
    /// Empty only with a picture.
    pub text: MessageText,
    /// The picture, if any.
    pub picture: Option<NewPicture>,
}

/// A picture that is to be posted with a message.
#[derive(Debug, Clone)]
pub struct NewPicture {
    /// The checked picture.
    pub picture: Picture,
    /// Its description.
    pub alt: Option<Alt>,
}

/// A message of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, which is also its time.
    pub id: MessageId,
    /// How often it was restored: what is public of it is named by that.
    pub generation: u32,
    /// Who signed it.
    pub author: Option<String>,
    /// Empty only with a picture.
    pub text: String,
    /// The picture in the media bucket.
    pub picture: Option<PostedPicture>,
}

/// What the board knows of a picture; the picture itself is in the media bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedPicture {
    /// Its format, which is also its key's extension.
    pub format: Format,
    /// In pixels, as displayed.
    pub width: u32,
    /// In pixels, as displayed.
    pub height: u32,
    /// Whether it moves; not known of one that was posted by code that did not look.
    pub animated: Option<bool>,
    /// Its description.
    pub alt: Option<String>,
}

impl PostedPicture {
    /// The widths and heights of its small versions, smallest first: none that is as large as the picture.
    pub fn small_sizes(&self) -> impl Iterator<Item = (u32, u32)> {
        let Self { width, height, .. } = *self;
        let smaller = SMALL_WIDTHS.into_iter().filter(move |small| *small < width);
        smaller.map(move |small| (small, small_height(width, height, small)))
    }

    /// Whether both are known as the same picture, also where only one is known to move or not.
    pub fn is(&self, other: &Self) -> bool {
        let animated = self.animated.and(other.animated);
        let alike = |picture: &Self| Self {
            animated: animated.and(picture.animated),
            ..picture.clone()
        };
        alike(self) == alike(other)
    }
}

impl Message {
    /// Under which its object and its picture are published.
    pub fn name(&self) -> Name {
        Name {
            id: self.id,
            generation: self.generation,
        }
    }
}

impl NewMessage {
    /// The picture without its description.
    pub fn checked_picture(&self) -> Option<&Picture> {
        self.picture.as_ref().map(|new| &new.picture)
    }

    /// The message that this becomes under an id.
    pub fn with_id(&self, id: MessageId) -> Message {
        Message {
            id,
            generation: 0,
            author: self
                .author
                .as_ref()
                .map(|author| author.as_str().to_owned()),
            text: self.text.as_str().to_owned(),
            picture: self.picture.as_ref().map(|new| PostedPicture {
                format: new.picture.format(),
                width: new.picture.width(),
                height: new.picture.height(),
                animated: Some(new.picture.is_animated()),
                alt: new.alt.as_ref().map(|alt| alt.as_str().to_owned()),
            }),
        }
    }
}
