//! Codes, refresh tokens and the like are traded for tokens; tokens are revoked and asked about.

use model::{Account, GrantId, RegisteredApp};
use protocols::oauth2::{
    ErrorCode, Grant, Introspection, Refusal, ScopeSet, TokenQuestion, TokenReply, TokenRequest, Verifier,
};
use protocols::{Key, KeyKind, Secret};
use store::grants::Protocol;
use store::oauth2::{Spent, Token, TokenKind};
use store::{Digest, Tx};

use super::{OAuth2, refused};
use crate::callers::{Operator, Peer, scope_set};
use crate::secret::digest;
use crate::{AppError, seconds};

impl OAuth2<'_> {
    /// Trades what an app brings for tokens.
    pub async fn trade(&self, request: TokenRequest, from: Peer) -> Result<TokenReply, AppError> {
        let app = self.authenticate(&request.client).await?;
        match request.grant {
            Grant::AuthorizationCode { code, redirect_uri, verifier } => {
                self.trade_code(&app, &code, redirect_uri.as_deref(), verifier.as_ref()).await
            }
            Grant::RefreshToken { token, scopes } => self.refresh(&app, &token, scopes).await,
            Grant::Password { username, password, scopes } => {
                self.trade_password(&app, &username, &password, scopes, from).await
            }
            Grant::OAuth1Token { token, scopes } => self.trade_oauth1(&app, &token, scopes).await,
        }
    }

    /// Revokes a token (RFC 7009). A refresh token takes everything of its grant with it. One that is not known, or not the app's, is
    /// not there any more: that is what was wished.
    pub async fn revoke(&self, question: &TokenQuestion) -> Result<(), AppError> {
        let app = self.authenticate(&question.client).await?;
        let digest = digest(question.token.reveal());
        let tx = self.0.begin().await?;
        if let Some((token, _)) = store::oauth2::find_token(&tx, &digest).await?
            && token.app == app.id
        {
            match token.kind {
                TokenKind::Access => store::oauth2::remove_token(&tx, &digest).await?,
                TokenKind::Refresh => store::grants::remove(&tx, token.grant).await?,
            };
        }
        Ok(tx.commit().await?)
    }

    /// Tells an app about one of its tokens (RFC 7662). `issuer` is this server's public address.
    pub async fn introspect(&self, question: &TokenQuestion, issuer: &str) -> Result<Introspection, AppError> {
        let app = self.authenticate(&question.client).await?;
        if app.is_public {
            return Err(refused(ErrorCode::UnauthorizedClient, "A public app cannot ask about tokens."));
        }
        let found = store::oauth2::find_token(self.0.store(), &digest(question.token.reveal())).await?;
        let alive = found.filter(|(token, _)| token.app == app.id && !token.is_spent && token.expires > self.0.now());
        let Some((token, account)) = alive else { return Ok(Introspection::Dead) };
        Ok(Introspection::Alive {
            scope: scope_set(&token.scopes)?,
            client_id: token.app.to_string(),
            username: account.username.to_string(),
            expires: seconds(token.expires),
            issued: seconds(token.created),
            subject: account.id.to_string(),
            issuer: issuer.to_owned(),
        })
    }

    /// The operator gives an app tokens for an account, as if the account had allowed it.
    pub async fn issue(
        &self,
        _: &Operator,
        app: &RegisteredApp,
        account: &Account,
        scopes: ScopeSet,
    ) -> Result<TokenReply, AppError> {
        self.give_anew(app, account, Some(scopes)).await
    }

    async fn trade_code(
        &self,
        app: &RegisteredApp,
        code: &Secret,
        redirect_uri: Option<&str>,
        verifier: Option<&Verifier>,
    ) -> Result<TokenReply, AppError> {
        let wrong =
            || refused(ErrorCode::InvalidGrant, "This code is wrong, too old, or another app's. Ask the person again.");
        let digest = digest(code.reveal());
        let tx = self.0.begin().await?;
        let code = store::oauth2::find_code(&tx, &digest).await?.filter(|code| code.app == app.id).ok_or_else(wrong)?;
        // Spent first, whatever else is wrong: a code is good for one try.
        if !store::oauth2::spend_code(&tx, &digest).await? {
            // Somebody has it who should not, and one of the two has tokens of it (RFC 6749, section 4.1.2).
            let code = store::oauth2::find_code(&tx, &digest).await?;
            if let Some(Spent::For(Some(grant))) = code.map(|code| code.spent) {
                store::grants::remove(&tx, grant).await?;
                tracing::warn!(app = %app.id, "a code came twice, and what it gave was taken back");
            }
            tx.commit().await?;
            let why = "This code was used before. What it gave was taken back, since somebody else may have it.";
            return Err(refused(ErrorCode::InvalidGrant, why));
        }
        if code.expires <= self.0.now() {
            tx.commit().await?;
            return Err(wrong());
        }
        let fault = wrong_redirect(&code, redirect_uri).or_else(|| wrong_verifier(code.challenge.as_deref(), verifier));
        if let Some(why) = fault {
            tx.commit().await?;
            return Err(refused(ErrorCode::InvalidGrant, why));
        }
        let account = store::accounts::find(&tx, code.account).await?.ok_or_else(wrong)?;
        let grant = self.grant(&tx, app, &account, &code.scopes).await?;
        store::oauth2::note_grant(&tx, &digest, grant).await?;
        let scopes = scope_set(&code.scopes)?;
        let reply = self.give(&tx, app, &account, grant, Given { access: scopes, refresh: scopes }).await?;
        tx.commit().await?;
        Ok(reply)
    }

    async fn refresh(
        &self,
        app: &RegisteredApp,
        token: &Secret,
        wished: Option<ScopeSet>,
    ) -> Result<TokenReply, AppError> {
        let wrong =
            || refused(ErrorCode::InvalidGrant, "This refresh token is wrong, revoked, too old, or another app's.");
        let digest = digest(token.reveal());
        let tx = self.0.begin().await?;
        let found = store::oauth2::find_token(&tx, &digest).await?;
        let (token, account) = found
            .filter(|(token, _)| {
                token.app == app.id && token.kind == TokenKind::Refresh && token.expires > self.0.now()
            })
            .ok_or_else(wrong)?;
        let granted = scope_set(&token.scopes)?;
        let scopes = wished.unwrap_or(granted);
        if !scopes.is_subset(granted) {
            let why = "More was asked for than was allowed. Ask the person again.";
            return Err(refused(ErrorCode::InvalidScope, why));
        }
        if !store::oauth2::spend_token(&tx, &digest).await? {
            store::grants::remove(&tx, token.grant).await?;
            tx.commit().await?;
            tracing::warn!(app = %app.id, "a refresh token came twice, and what was allowed is taken back");
            let why = "This refresh token was used before. Everything that came of it was revoked, since somebody else may have it.";
            return Err(refused(ErrorCode::InvalidGrant, why));
        }
        let reply = self.give(&tx, app, &account, token.grant, Given { access: scopes, refresh: granted }).await?;
        tx.commit().await?;
        Ok(reply)
    }

    async fn trade_password(
        &self,
        app: &RegisteredApp,
        username: &str,
        password: &Secret,
        wished: Option<ScopeSet>,
        from: Peer,
    ) -> Result<TokenReply, AppError> {
        if !app.may_password {
            let why = "This app may not take passwords. Send people to /oauth2/authorize/, or ask the operator.";
            return Err(refused(ErrorCode::UnauthorizedClient, why));
        }
        let checked = self.0.accounts().by_password_alone(username, password.reveal(), from).await;
        let account = match checked {
            Err(AppError::Unauthenticated(why)) => return Err(refused(ErrorCode::InvalidGrant, why)),
            checked => checked?,
        };
        self.give_anew(app, &account, wished).await
    }

    async fn trade_oauth1(
        &self,
        app: &RegisteredApp,
        token: &Secret,
        wished: Option<ScopeSet>,
    ) -> Result<TokenReply, AppError> {
        let wrong =
            || refused(ErrorCode::InvalidGrant, "This token of OAuth 1.0a is wrong, revoked, or another app's.");
        let tx = self.0.begin().await?;
        let found = store::oauth1::find_access(&tx, token.reveal()).await?;
        let (token, account) = found.filter(|(token, _)| token.app == app.id).ok_or_else(wrong)?;
        let granted = scope_set(&token.scopes)?;
        let scopes = wished.unwrap_or(granted);
        if !scopes.is_subset(granted) {
            let why = "More was asked for than the token is good for.";
            return Err(refused(ErrorCode::InvalidScope, why));
        }
        // Traded, not copied: of two that come with the same one, the second finds nothing.
        if !store::grants::remove(&tx, token.grant).await? {
            return Err(wrong());
        }
        let grant = self.grant(&tx, app, &account, &scopes.to_string()).await?;
        let reply = self.give(&tx, app, &account, grant, Given { access: scopes, refresh: scopes }).await?;
        tx.commit().await?;
        Ok(reply)
    }

    async fn give_anew(
        &self,
        app: &RegisteredApp,
        account: &Account,
        wished: Option<ScopeSet>,
    ) -> Result<TokenReply, AppError> {
        let scopes = match wished {
            Some(scopes) => scopes,
            None => scope_set(&app.scopes)?,
        };
        let tx = self.0.begin().await?;
        let grant = self.grant(&tx, app, account, &scopes.to_string()).await?;
        let reply = self.give(&tx, app, account, grant, Given { access: scopes, refresh: scopes }).await?;
        tx.commit().await?;
        Ok(reply)
    }

    async fn grant(&self, tx: &Tx, app: &RegisteredApp, account: &Account, scopes: &str) -> Result<GrantId, AppError> {
        self.0.grants().insert(tx, app, account.id, Protocol::OAuth2, scopes).await
    }

    /// Makes an access token and a refresh token of a grant.
    async fn give(
        &self,
        tx: &Tx,
        app: &RegisteredApp,
        account: &Account,
        grant: GrantId,
        given: Given,
    ) -> Result<TokenReply, AppError> {
        let now = self.0.now();
        let (access_life, refresh_life) = (self.0.rules().access_token_life, self.0.rules().refresh_token_life);
        let token = |kind, scopes: ScopeSet, expires| Token {
            kind,
            grant,
            app: app.id,
            account: account.id,
            scopes: scopes.to_string(),
            created: now,
            expires,
            is_spent: false,
            used: None,
        };
        let access = self.key(KeyKind::AccessToken);
        let refresh = self.key(KeyKind::RefreshToken);
        let row = token(TokenKind::Access, given.access, now + access_life);
        store::oauth2::insert_token(tx, &row, &access.1).await?;
        let row = token(TokenKind::Refresh, given.refresh, now + refresh_life);
        store::oauth2::insert_token(tx, &row, &refresh.1).await?;
        Ok(TokenReply {
            access_token: access.0,
            expires_in: access_life.as_secs(),
            refresh_token: refresh.0,
            scope: given.access,
            user_name: account.username.to_string(),
        })
    }

    fn key(&self, kind: KeyKind) -> (Secret, Digest) {
        let key = Key::new(kind, self.0.random());
        (Secret::new(key.reveal()), digest(key.reveal()))
    }
}

/// What the two tokens of a pair are good for.
#[derive(Clone, Copy)]
struct Given {
    access: ScopeSet,
    refresh: ScopeSet,
}

/// RFC 6749, section 4.1.3: the address is said again where it was said before, and is the same.
fn wrong_redirect(code: &store::oauth2::Code, redirect_uri: Option<&str>) -> Option<&'static str> {
    match redirect_uri {
        Some(sent) if sent == code.redirect_uri => None,
        None if !code.redirect_uri_sent => None,
        Some(_) => Some("The redirect_uri is not the one that the person was sent with."),
        None => Some("The redirect_uri is missing: say again the one that the person was sent with."),
    }
}

/// A verifier without a challenge is refused, too: somebody may have cut the challenge off on the way (RFC 9700, section 4.8.2).
fn wrong_verifier(challenge: Option<&str>, verifier: Option<&Verifier>) -> Option<&'static str> {
    use protocols::oauth2::Challenge;
    match (challenge, verifier) {
        (None, None) => None,
        (None, Some(_)) => Some("There is a code_verifier, and the person was sent without a code_challenge."),
        (Some(_), None) => Some("The code_verifier is missing."),
        (Some(challenge), Some(verifier)) => {
            let fits = Challenge::parse(challenge).is_some_and(|challenge| challenge.fits(verifier));
            (!fits).then_some("The code_verifier is not the one that the code_challenge was made of.")
        }
    }
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        Self::OAuth2(refusal)
    }
}
