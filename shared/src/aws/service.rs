use std::fmt::{Debug, Formatter, Result};
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use aws_types::SdkConfig;

/// A service's client, made when it is first used. Clones are the same one.
///
/// Making one takes 0.8 million instructions (the SDK reads its table of regions), a quarter of what message-board
/// took to its first event with two, and most requests use one service only.
pub struct Service<C>(Arc<LazyLock<C, Make<C>>>);

type Make<C> = Box<dyn FnOnce() -> C + Send>;

impl<C: 'static> Service<C> {
    /// The client that `make` will make of the configuration.
    pub fn new(config: &SdkConfig, make: fn(&SdkConfig) -> C) -> Self {
        let config = config.clone();
        Self::by(move || make(&config))
    }

    fn by(make: impl FnOnce() -> C + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(make))))
    }
}

impl<C: Send + 'static> From<C> for Service<C> {
    fn from(client: C) -> Self {
        Self::by(|| client)
    }
}

impl<C> Deref for Service<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C> Clone for Service<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> Debug for Service<C> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        formatter.write_str("Service")
    }
}
