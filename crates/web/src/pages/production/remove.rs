//! Asking before a production is deleted: it destroys, so the count and the consequence are said, and the button repeats them.

use askama::Template;
use model::production::Production;

use super::super::frame::Frame;
use super::view::{Consequence, title};

/// The page that asks.
#[derive(Clone, Debug, Template)]
#[template(path = "delete.html")]
pub(crate) struct Ask {
    frame: Frame,
    uuid: String,
    title: String,
    consequence: String,
    button: String,
    token: String,
}

impl Ask {
    /// Puts the page together. `frame` needs its user and host only.
    pub(crate) fn new(frame: Frame, production: &Production) -> Self {
        let consequence = Consequence::of(production);
        let what = consequence.what();
        let size = consequence.size().map_or_else(String::new, |size| format!(", {size} together"));
        let token = frame.user.as_ref().map_or_else(String::new, |user| user.token.clone());
        Self {
            frame: Frame { title: "Delete a production".to_owned(), ..frame },
            uuid: production.id.to_string(),
            title: title(production),
            consequence: format!(
                "This deletes {what}{size}, and this page. There is no way back, and whoever has the address of a file finds \
                 nothing there any more."
            ),
            button: format!("Delete {what}"),
            token,
        }
    }
}
