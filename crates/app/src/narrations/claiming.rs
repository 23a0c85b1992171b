//! Accounts that an organization had made for its people become their own: with a name and a password, or as part of the account that they have already.

use model::{Account, AuditKind};
use store::{StoreError, Tx};

use super::Narrations;
use super::editing::{EditedBy, Editor};
use crate::AppError;
use crate::accounts::{NewAccount, SignedIn};
use crate::audit::Entry;
use crate::callers::Caller;
use crate::organizations::whole;
use crate::sessions::Visitor;

impl Narrations<'_> {
    /// Whether somebody whom their organization sent has an account that is nobody's own yet.
    pub async fn can_claim(&self, editor: &Editor) -> Result<bool, AppError> {
        if editor.by() != EditedBy::Sent {
            return Ok(false);
        }
        let account = store::accounts::find(self.0.store(), editor.account()).await?;
        Ok(account.is_some_and(|account| account.username.is_of_shell()))
    }

    /// Somebody whom their organization sent makes the account their own that was made for them: with a name and a password.
    pub async fn claim(&self, editor: &Editor, new: NewAccount, visitor: &Visitor) -> Result<SignedIn, AppError> {
        let account = still_nobodys(editor, store::accounts::find(self.0.store(), editor.account()).await?)?;
        // Nobody comes to run the house in this way.
        let new = NewAccount { is_admin: false, ..new };
        let (claimed, hash) = self.0.accounts().named(account, new).await?;
        let tx = self.0.begin().await?;
        // Of two whom their organization calls the same, one was first.
        self.shell(&tx, editor).await?;
        self.0.accounts().rename(&tx, &claimed, &hash).await?;
        self.0.audit().note(&tx, Entry::new(AuditKind::AccountClaimed, claimed.id, Some(visitor.from))).await?;
        let signed_in = self.0.admit(&tx, claimed, visitor, serde_json::json!({})).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    /// Somebody whom their organization sent, and who is signed in, takes what was made for them into the account that they have: that is its
    /// owner's consent. From then on the organization's name for them means that account, and the one that was made for them is gone.
    pub async fn link(&self, editor: &Editor, caller: &Caller, visitor: &Visitor) -> Result<(), AppError> {
        whole(caller)?;
        let own = caller.account.id;
        let tx = self.0.begin().await?;
        let shell = self.shell(&tx, editor).await?;
        if !store::leaving::list_running(&tx, shell.id).await?.is_empty() {
            return Err(AppError::Conflict(
                "Something that was asked for in your name is being made. Do this again when it is done.".to_owned(),
            ));
        }
        store::leaving::hand_over(&tx, shell.id, own).await.map_err(|error| match error {
            StoreError::Conflict => AppError::Conflict(
                "An article was made for you twice, once in either account. Remove one of the two, and do this again."
                    .to_owned(),
            ),
            other => other.into(),
        })?;
        self.0.audit().note(&tx, Entry::new(AuditKind::AccountLinked, own, Some(visitor.from))).await?;
        Ok(tx.commit().await?)
    }

    /// The account that was made for an editor, which nobody else can claim until the transaction ends.
    async fn shell(&self, tx: &Tx, editor: &Editor) -> Result<Account, AppError> {
        still_nobodys(editor, store::accounts::find_for_update(tx, editor.account()).await?)
    }
}

/// The account, where it is an editor's who was sent and nobody's own yet.
fn still_nobodys(editor: &Editor, account: Option<Account>) -> Result<Account, AppError> {
    let is_sent = editor.by() == EditedBy::Sent;
    account
        .filter(|account| is_sent && account.username.is_of_shell())
        .ok_or_else(|| AppError::Conflict("This account has a name already. Sign in with it.".to_owned()))
}
