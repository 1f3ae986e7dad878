//! What the handlers share.

use std::sync::{Arc, Mutex, PoisonError};

use board::{Board, Page};

use crate::caching::Tagged;
use crate::problem::Problem;
use crate::settings::Settings;

/// What the handlers share.
pub struct AppState {
    pub settings: Settings,
    pub board: Board,
    /// The first page that was answered last, and its answer, which most requests ask for.
    answered: Mutex<Option<(Arc<Page>, Tagged)>>,
}

impl AppState {
    pub fn new(settings: Settings, board: Board) -> Self {
        Self {
            settings,
            board,
            answered: Mutex::default(),
        }
    }

    /// The answer that `make` makes of a page, kept until another page is answered.
    pub fn answer_of(
        &self,
        page: &Arc<Page>,
        make: impl FnOnce(&Page) -> Result<Tagged, Problem>,
    ) -> Result<Tagged, Problem> {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, answer)) = &*answered
            && Arc::ptr_eq(known, page)
        {
            return Ok(answer.clone());
        }
        let answer = make(page)?;
        *answered = Some((Arc::clone(page), answer.clone()));
        Ok(answer)
    }
}
