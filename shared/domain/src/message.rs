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
    /// How often the message was restored: the names of its public objects say it.
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
    /// Whether the picture moves; `None` where it was posted by an earlier release, which did not look.
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
    /// The name under which the message's object and its picture are published.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, animated: Option<bool>) -> PostedPicture {
        PostedPicture {
            format: Format::Jpeg,
            width,
            height,
            animated,
            alt: None,
        }
    }

    #[test]
    fn small_versions_are_smaller_than_the_picture() {
        let sizes =
            |width, height| -> Vec<_> { picture(width, height, None).small_sizes().collect() };
        assert_eq!(sizes(640, 480), []);
        assert_eq!(sizes(641, 480), [(640, 479)]);
        assert_eq!(sizes(1280, 720), [(640, 360), (960, 540)]);
        assert_eq!(sizes(4000, 3000), [(640, 480), (960, 720), (1280, 960)]);
        assert_eq!(sizes(16_384, 1), [(640, 1), (960, 1), (1280, 1)]);
    }

    #[test]
    fn a_picture_is_the_same_also_where_nobody_looked_whether_it_moves() {
        let of = |animated| picture(48, 32, animated);
        assert!(of(None).is(&of(Some(true))) && of(Some(false)).is(&of(None)));
        assert!(of(None).is(&of(None)) && of(Some(true)).is(&of(Some(true))));
        assert!(!of(Some(true)).is(&of(Some(false))));
        assert!(!of(None).is(&picture(48, 33, None)));
    }
}
