//! `GET /developer/apps/{id}`: an app, and what its developer needs to know. A new secret is shown here, once.

use app::apps::OwnApp;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use model::RegisteredApp;
use model::registered_app::Services;

use super::own;
use crate::pages::frame::Frame;
use crate::pages::visit::{Refusal, Visit};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "developer/show.html")]
pub(crate) struct Show {
    pub(crate) frame: Frame,
    pub(crate) app: RegisteredApp,
    /// The base of every address here.
    pub(crate) base: String,
    /// The secret that was made just now.
    pub(crate) secret: Option<String>,
    pub(crate) token: String,
}

impl Show {
    /// The page about an app, with its new secret where there is one.
    pub(super) fn new(visit: &Visit, app: &OwnApp, secret: Option<String>) -> Self {
        let frame = visit.frame(&app.get().name);
        let token = frame.user.as_ref().map(|user| user.token.clone()).unwrap_or_default();
        Self { frame, app: app.get().clone(), base: visit.issuer(), secret, token }
    }

    /// How far the app is an external service, in a sentence.
    fn services(&self) -> &'static str {
        match self.app.services {
            Services::Pending => {
                "Only you can connect it as an external service. The operator of this server can open it for others."
            }
            Services::Hidden => "Everybody can connect it as an external service. It is in no list.",
            Services::Public => "Everybody can connect it as an external service, and finds it in the list.",
        }
    }
}

pub(super) async fn get(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let app = own(&visit, &id).await?;
    Ok(visit.page(StatusCode::OK, &Show::new(&visit, &app, None)))
}
