//! Requests that an app signs as a whole: `{"data": JWT}`.

use std::time::Duration;

use model::RegisteredApp;
use protocols::Secret;
use protocols::jwt::{CallRefusal, SignedCall};
use serde_json::{Map, Value};

use crate::{App, AppError, seconds};

/// How long a request is remembered: its time may be five minutes off, either way.
const REMEMBERED: Duration = Duration::from_secs(601);

/// Requests that an app signs as a whole.
pub struct Calls<'a>(pub(crate) &'a App);

/// A request that an app signed, and what it asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Who signed it.
    pub app: RegisteredApp,
    /// The parameters.
    pub arguments: Map<String, Value>,
}

/// Whether the same request may come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// It does something, so it may not.
    Refused,
    /// It only asks, and times are in whole seconds.
    Fine,
}

impl Calls<'_> {
    /// Finds out who signed a request, in the order in which each refusal has its turn.
    pub async fn verify(&self, body: &[u8], method: &str, path: &str, repeats: Repeats) -> Result<Call, AppError> {
        let call = SignedCall::parse(body)?;
        let app = self.0.apps().find(call.issuer().0).await?.filter(|app| !app.is_public);
        let app = app.ok_or(CallRefusal::IssuerUnknown)?;
        if !app.may_encode {
            return Err(CallRefusal::IssuerNotAllowed.into());
        }
        let now = self.0.now();
        let secrets = self.0.apps().secrets(self.0.store(), app.id).await?;
        let verify = |secret: &Secret| call.verify(secret.reveal().as_bytes(), seconds(now), method, path);
        // While an app has two secrets, either will do; what else is wrong is said of the one that fits.
        let call = secrets.iter().map(verify).find(|said| !matches!(said, Err(CallRefusal::Signature)));
        let call = call.ok_or(CallRefusal::Signature)??;
        if repeats == Repeats::Refused && !self.0.is_new(*call.fingerprint(), now + REMEMBERED).await? {
            return Err(CallRefusal::Replayed.into());
        }
        let arguments = call.arguments()?.clone();
        Ok(Call { app, arguments })
    }
}

impl From<CallRefusal> for AppError {
    fn from(refusal: CallRefusal) -> Self {
        Self::Call(refusal)
    }
}
