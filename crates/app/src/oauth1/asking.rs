//! A person is asked whether an app may have a token, at the address that the app sent them to.

use model::{AuditKind, RegisteredApp};
use protocols::key::OobVerifier;
use protocols::oauth1::{Revision, callback_with};
use protocols::oauth2::ScopeSet;
use protocols::{Key, KeyKind};
use store::oauth1::RequestToken;

use super::{OAuth1, may_call_back};
use crate::AppError;
use crate::callers::{Caller, Peer, scope_set};
use crate::oauth2::{in_person, told};
use crate::secret::digest;

/// What there is to ask a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub app: RegisteredApp,
    /// Who answers for the app, by name.
    pub owner: String,
    /// The request token.
    pub token: String,
    /// What is asked for.
    pub scopes: ScopeSet,
    /// Where the answer goes, if anywhere.
    pub callback: Option<String>,
    /// Whether whoever brings the answer back has to show that it is the same person. In OAuth 1.0 nobody has.
    pub revision: Revision,
}

/// Why there is nothing to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unasked {
    /// No token, one that is not known, too old, or was refused.
    Unknown,
    /// Somebody answered before.
    Answered,
    /// The app wants the answer sent to a place that is not its own.
    Elsewhere,
}

/// What happens when a person answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The browser goes there.
    Redirect(String),
    /// The person types this over.
    Verifier(OobVerifier),
    /// The person goes back to the app by themselves.
    Nothing,
}

impl OAuth1<'_> {
    /// What a request token asks. `callback` is what stands in the address beside it, which counts in OAuth 1.0 only.
    pub async fn ask(&self, token: &str, callback: Option<&str>) -> Result<Result<Question, Unasked>, AppError> {
        let found = store::oauth1::find_request(self.0.store(), token, self.0.now()).await?;
        let Some(asked) = found else { return Ok(Err(Unasked::Unknown)) };
        if asked.allowed_by.is_some() {
            return Ok(Err(Unasked::Answered));
        }
        let Some(app) = store::apps::find(self.0.store(), asked.app).await? else { return Ok(Err(Unasked::Unknown)) };
        let (callback, revision) = match where_to(&asked, &app, callback) {
            Ok(there) => there,
            Err(unasked) => return Ok(Err(unasked)),
        };
        let owner = store::accounts::find(self.0.store(), app.owner).await?;
        Ok(Ok(Question {
            owner: owner.map(|owner| owner.username.to_string()).unwrap_or_default(),
            token: asked.token,
            scopes: scope_set(&asked.scopes)?,
            callback,
            revision,
            app,
        }))
    }

    /// The person at the browser allows it.
    pub async fn allow(
        &self,
        caller: &Caller,
        question: &Question,
        from: Peer,
    ) -> Result<Result<Answer, Unasked>, AppError> {
        in_person(caller)?;
        let random = self.0.random();
        let (verifier, answer) = match (&question.callback, question.revision) {
            (Some(url), Revision::A) => {
                let verifier = Key::new(KeyKind::OAuth1Verifier, random).reveal().to_owned();
                let pairs = [("oauth_token", question.token.as_str()), ("oauth_verifier", verifier.as_str())];
                let answer = redirect(url, &pairs);
                (Some(verifier), answer)
            }
            (None, Revision::A) => {
                let [a, b, c, d, e, f, g, h, ..] = random;
                let verifier = OobVerifier::new([a, b, c, d, e, f, g, h]);
                (Some(verifier.reveal().to_owned()), Answer::Verifier(verifier))
            }
            (Some(url), Revision::Original) => (None, redirect(url, &[("oauth_token", &question.token)])),
            (None, Revision::Original) => (None, Answer::Nothing),
        };
        let verifier = verifier.map(|verifier| digest(&verifier));
        // In OAuth 1.0 the row has no callback, and stays without: that is what tells the two apart.
        let callback = match question.revision {
            Revision::A => Some(question.callback.as_deref().unwrap_or("oob")),
            Revision::Original => None,
        };
        let scopes = question.scopes.to_string();
        let tx = self.0.begin().await?;
        let mine = store::oauth1::allow(&tx, &question.token, caller.account.id, callback, verifier.as_ref()).await?;
        if !mine {
            return Ok(Err(Unasked::Answered));
        }
        self.0.audit().note(&tx, told(AuditKind::ConsentGiven, caller, &question.app, &scopes, from)).await?;
        tx.commit().await?;
        Ok(Ok(answer))
    }

    /// The person at the browser does not allow it: the token is worth nothing from then on.
    pub async fn refuse(&self, caller: &Caller, question: &Question, from: Peer) -> Result<Answer, AppError> {
        in_person(caller)?;
        let scopes = question.scopes.to_string();
        let tx = self.0.begin().await?;
        store::oauth1::remove(&tx, &question.token).await?;
        self.0.audit().note(&tx, told(AuditKind::ConsentRefused, caller, &question.app, &scopes, from)).await?;
        tx.commit().await?;
        Ok(question.callback.as_ref().map_or(Answer::Nothing, |url| redirect(url, &[("denied", &question.token)])))
    }
}

/// Where the answer goes. What was signed counts before what stands in an address that anybody could have made.
fn where_to(
    asked: &RequestToken,
    app: &RegisteredApp,
    callback: Option<&str>,
) -> Result<(Option<String>, Revision), Unasked> {
    match asked.callback.as_deref() {
        Some("oob") => Ok((None, Revision::A)),
        Some(url) => Ok((Some(url.to_owned()), Revision::A)),
        None => match callback.filter(|callback| !callback.is_empty() && *callback != "oob") {
            Some(url) if may_call_back(app, url) => Ok((Some(url.to_owned()), Revision::Original)),
            Some(_) => Err(Unasked::Elsewhere),
            None => Ok((app.oauth1_callback.clone(), Revision::Original)),
        },
    }
}

fn redirect(url: &str, pairs: &[(&str, &str)]) -> Answer {
    // It was looked at when it was registered or sent; one that cannot be added to is shown as none.
    callback_with(url, pairs).map_or(Answer::Nothing, Answer::Redirect)
}
