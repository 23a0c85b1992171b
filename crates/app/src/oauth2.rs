//! OAuth 2.0: what apps ask of people, and what comes of it. RFC 6749, 7636, 7009, 7662, and RFC 9700 throughout.
//!
//! The grammar is in `protocols`; who may, and what is kept, is here. Asking people is in `oauth2/asking.rs`, trading for tokens in
//! `oauth2/trading.rs`.

mod asking;
mod trading;

use model::{AppId, RegisteredApp};
use protocols::oauth2::{Client, ErrorCode, Refusal};

pub use self::asking::{Asked, Question};
pub(crate) use self::asking::{in_person, told};
use crate::{App, AppError};

/// OAuth 2.0.
pub struct OAuth2<'a>(pub(crate) &'a App);

impl OAuth2<'_> {
    /// The app that a request is from, once it showed that it is.
    async fn authenticate(&self, client: &Client) -> Result<RegisteredApp, AppError> {
        // One answer for all: which ids exist is nobody's business.
        let wrong = || {
            let why = "There is no app with this client_id and this secret. Copy both again from the app's page.";
            AppError::from(Refusal::new(ErrorCode::InvalidClient, why))
        };
        let app = self.0.apps().find(&client.id).await?.ok_or_else(wrong)?;
        let secret = client.authentication.secret();
        if app.is_public {
            return if secret.is_none() { Ok(app) } else { Err(wrong()) };
        }
        let secret = secret.ok_or_else(wrong)?;
        if self.fits(app.id, secret).await? { Ok(app) } else { Err(wrong()) }
    }

    async fn fits(&self, app: AppId, secret: &protocols::Secret) -> Result<bool, AppError> {
        // Every secret is compared, so that the time tells nothing about which one it was.
        let secrets = self.0.apps().secrets(self.0.store(), app).await?;
        Ok(secrets.iter().filter(|each| *each == secret).count() > 0)
    }
}

/// A refusal by its code.
fn refused(code: ErrorCode, why: &str) -> AppError {
    Refusal::new(code, why).into()
}
