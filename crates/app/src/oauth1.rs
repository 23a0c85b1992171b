//! OAuth 1.0 and 1.0a: signed requests, and the tokens that people allow by way of them. RFC 5849.
//!
//! The grammar is in `protocols`. Whose signature it is, is found out here; asking people is in `oauth1/asking.rs`.

mod asking;

use std::time::Duration;

use model::RegisteredApp;
use protocols::oauth1::{Callback, Problem, Revision, Secrets, SignedRequest, TokenReply, is_callback_of};
use protocols::{Key, KeyKind, Secret};
use sha2::{Digest as _, Sha256};
use store::Digest;
use store::grants::Protocol;
use store::oauth1::{AccessToken, RequestToken};

pub use self::asking::{Answer, Question, Unasked};
use crate::apps::Speaker;
use crate::callers::{Caller, Scopes, Via};
use crate::secret::digest;
use crate::{App, AppError, seconds};

/// How long a person has to decide.
const QUESTION_LIFE: Duration = Duration::from_mins(30);

/// Wrong verifiers after which a request token dies.
const MOST_TRIES: u32 = 5;

/// How long a use is not noted again.
const NOTED_FOR: Duration = Duration::from_mins(1);

/// OAuth 1.0 and 1.0a.
pub struct OAuth1<'a>(pub(crate) &'a App);

impl OAuth1<'_> {
    /// Gives an app a request token, with which it sends a person here.
    pub async fn request_token(&self, request: &SignedRequest<'_>) -> Result<(TokenReply, Revision), AppError> {
        if request.token().is_some() {
            return Err(Problem::TokenRejected.into());
        }
        let Speaker { app, secrets } = self.speaker(request).await?;
        let (callback, revision) = match request.callback() {
            Some(Callback::OutOfBand) => (Some("oob".to_owned()), Revision::A),
            Some(Callback::Url(url)) if may_call_back(&app, url) => (Some(url.to_owned()), Revision::A),
            Some(Callback::Url(_)) => {
                return Err(Problem::from(protocols::oauth1::Rejected::Value("oauth_callback")).into());
            }
            None if app.may_oauth10 => (None, Revision::Original),
            None => return Err(Problem::ParameterAbsent(vec!["oauth_callback"]).into()),
        };
        self.check(request, &app, &secrets, None).await?;
        let now = self.0.now();
        let (token, secret) = (self.key(KeyKind::OAuth1RequestToken), self.key(KeyKind::OAuth1TokenSecret));
        let row = RequestToken {
            token: token.reveal().to_owned(),
            app: app.id,
            sealed: self.0.seal(&purpose(token.reveal()), secret.reveal().as_bytes())?,
            callback,
            allowed_by: None,
            verifier: None,
            tries: 0,
            scopes: app.scopes,
            created: now,
            expires: now + QUESTION_LIFE,
        };
        let tx = self.0.begin().await?;
        store::oauth1::insert_request(&tx, &row).await?;
        tx.commit().await?;
        Ok((TokenReply { token: row.token, secret }, revision))
    }

    /// Trades a request token that somebody allowed for an access token.
    pub async fn access_token(&self, request: &SignedRequest<'_>) -> Result<TokenReply, AppError> {
        let name = request.token().ok_or(Problem::ParameterAbsent(vec!["oauth_token"]))?;
        let Speaker { app, secrets } = self.speaker(request).await?;
        let found = store::oauth1::find_request(self.0.store(), name, self.0.now()).await?;
        let asked = found.filter(|token| token.app == app.id).ok_or(Problem::TokenRejected)?;
        self.check(request, &app, &secrets, Some(&self.0.open_text(&purpose(name), &asked.sealed)?)).await?;
        let account = asked.allowed_by.ok_or(Problem::PermissionUnknown)?;
        if asked.callback.is_none() && !app.may_oauth10 {
            return Err(Problem::PermissionDenied.into());
        }
        let tx = self.0.begin().await?;
        if let Some(wanted) = &asked.verifier {
            let sent = request.verifier().ok_or(Problem::ParameterAbsent(vec!["oauth_verifier"]))?;
            // Counted before it is looked at: whoever tries many at once waits here, one behind the other.
            let tries = store::oauth1::count_try(&tx, name).await?.ok_or(Problem::TokenUsed)?;
            if !is_verifier(sent, wanted) {
                if tries >= MOST_TRIES {
                    store::oauth1::remove(&tx, name).await?;
                }
                tx.commit().await?;
                return Err(Problem::VerifierInvalid.into());
            }
        }
        let (token, secret) = (self.key(KeyKind::OAuth1AccessToken), self.key(KeyKind::OAuth1TokenSecret));
        if !store::oauth1::remove(&tx, name).await? {
            return Err(Problem::TokenUsed.into());
        }
        let grant = self.0.grants().insert(&tx, &app, account, Protocol::OAuth1, &asked.scopes).await?;
        let row = AccessToken {
            token: token.reveal().to_owned(),
            app: app.id,
            sealed: self.0.seal(&purpose(token.reveal()), secret.reveal().as_bytes())?,
            account,
            grant,
            scopes: asked.scopes,
            created: self.0.now(),
            used: None,
        };
        store::oauth1::insert_access(&tx, &row).await?;
        tx.commit().await?;
        Ok(TokenReply { token: row.token, secret })
    }

    /// Whoever signed a request with an access token.
    pub async fn caller(&self, request: &SignedRequest<'_>) -> Result<Caller, AppError> {
        let name = request.token().ok_or(Problem::ParameterAbsent(vec!["oauth_token"]))?;
        let (speaker, found) = tokio::try_join!(self.speaker(request), async {
            Ok(store::oauth1::recognise(self.0.store(), name).await?)
        })?;
        let Speaker { app, secrets } = speaker;
        let found = found.filter(|found| found.0.app == app.id).ok_or(Problem::TokenRejected)?;
        let (token, account) = &*found;
        self.check(request, &app, &secrets, Some(&self.0.open_text(&purpose(name), &token.sealed)?)).await?;
        let now = self.0.now();
        if token.used.is_none_or(|used| now.since(used) > NOTED_FOR) {
            let tx = self.0.begin().await?;
            store::oauth1::touch(&tx, name, now).await?;
            store::grants::touch(&tx, token.grant, now).await?;
            tx.commit().await?;
        }
        let via = Via::App { app: app.id, grant: token.grant };
        Ok(Caller { account: account.clone(), via, scopes: Scopes::Only(crate::callers::scope_set(&token.scopes)?) })
    }

    /// The app that says to have signed a request. Its keys are public, so that it is unknown may be said.
    async fn speaker(&self, request: &SignedRequest<'_>) -> Result<Speaker, AppError> {
        let speaker = self.0.apps().speaker(request.consumer_key()).await?.ok_or(Problem::ConsumerKeyUnknown)?;
        // A public app has no secret to sign with, and an empty one is everybody's.
        if speaker.app.is_public { Err(Problem::ConsumerKeyRejected.into()) } else { Ok(speaker) }
    }

    /// Checks signature, time and nonce, in this order: only what an app really said is remembered.
    async fn check(
        &self,
        request: &SignedRequest<'_>,
        app: &RegisteredApp,
        secrets: &[Secret],
        token: Option<&Secret>,
    ) -> Result<(), AppError> {
        let token = token.map_or("", Secret::reveal);
        let fits = secrets.iter().any(|secret| request.verify(&Secrets { consumer: secret.reveal(), token }).is_ok());
        if !fits {
            return Err(Problem::SignatureInvalid.into());
        }
        // Only PLAINTEXT comes without one, and then over a connection that nobody listens to.
        let Some(stamp) = request.stamp() else { return Ok(()) };
        let now = self.0.now();
        stamp.check(seconds(now))?;
        let nonce = nonce(app, request.token(), stamp.seconds, stamp.nonce);
        // Until the timestamp is too old, whichever way the clocks differ.
        let expires = now + Duration::from_secs(2 * protocols::oauth1::WINDOW_SECONDS + 1);
        if self.0.is_new(nonce, expires).await? { Ok(()) } else { Err(Problem::NonceUsed.into()) }
    }

    fn key(&self, kind: KeyKind) -> Secret {
        Secret::new(Key::new(kind, self.0.random()).reveal())
    }
}

/// Whether an app may have people sent there: scheme, host and port are those of an address that it registered.
pub(crate) fn may_call_back(app: &RegisteredApp, url: &str) -> bool {
    app.oauth1_callback.iter().chain(&app.redirect_uris).any(|registered| is_callback_of(url, registered))
}

/// What a person typed over may differ in case; what a browser brought back may not.
fn is_verifier(sent: &str, wanted: &Digest) -> bool {
    let typed = protocols::key::OobVerifier::parse(sent).map(|verifier| digest(verifier.reveal()));
    &digest(sent) == wanted || typed.as_ref() == Some(wanted)
}

/// Each part with its length before it, so that no two requests run into each other.
fn nonce(app: &RegisteredApp, token: Option<&str>, seconds: u64, nonce: &str) -> Digest {
    let mut hash = Sha256::new();
    for part in ["oauth1", app.id.as_str(), token.unwrap_or_default(), &seconds.to_string(), nonce] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

fn purpose(token: &str) -> String {
    format!("oauth1 token {token}")
}

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        Self::OAuth1(problem)
    }
}
