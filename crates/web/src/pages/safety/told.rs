//! What happened around an account, told in a sentence.

use model::{AuditEntry, AuditKind};

/// What happened.
pub(crate) fn sentence(entry: &AuditEntry) -> String {
    let text = |field: &str| entry.detail.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let named = |field: &str, otherwise: &str| {
        let name = text(field);
        if name.is_empty() { otherwise.to_owned() } else { format!("“{name}”") }
    };
    let by_operator = entry.peer.is_empty();
    match entry.kind {
        AuditKind::SignIn => match text("browser").as_str() {
            "" => "You signed in.".to_owned(),
            browser => format!("You signed in with {browser}."),
        },
        AuditKind::SignInRefused => "Somebody tried to sign in with a wrong password.".to_owned(),
        AuditKind::SignOut => "You signed out.".to_owned(),
        AuditKind::AccountChanged => match text("what").as_str() {
            "" => "Your account was changed.".to_owned(),
            what => format!("Your {what} was changed."),
        },
        AuditKind::PasswordChanged if by_operator => "The operator gave you another password.".to_owned(),
        AuditKind::PasswordChanged => "You changed your password. Other browsers were signed out.".to_owned(),
        AuditKind::FactorAdded => format!("You added {}.", factor(&text("factor"), &text("name"))),
        AuditKind::FactorRemoved if by_operator => {
            format!("The operator removed {}.", factor(&text("factor"), &text("name")))
        }
        AuditKind::FactorRemoved => format!("You removed {}.", factor(&text("factor"), &text("name"))),
        AuditKind::FactorUsed => format!("Your second step was {}.", factor(&text("factor"), &text("name"))),
        AuditKind::FactorRefused => "The password was right, and the second step was wrong.".to_owned(),
        AuditKind::RecoveryCodeUsed => "A recovery code was used, and is spent.".to_owned(),
        AuditKind::KeyMade if by_operator => {
            format!("The operator made the API key {}.", named("name", "without a name"))
        }
        AuditKind::KeyMade => format!("You made the API key {}.", named("name", "without a name")),
        AuditKind::KeyUsed => {
            format!("The API key {} was used from here, the first time that day.", named("name", "without a name"))
        }
        AuditKind::KeyRevoked => format!("The API key {} was revoked.", named("name", "without a name")),
        AuditKind::ConsentGiven => format!("You allowed {} to work with your account.", named("app", "an app")),
        AuditKind::ConsentRefused => format!("You refused {}.", named("app", "an app")),
        AuditKind::AppRevoked => format!("You took back what {} was allowed.", named("app", "an app")),
        AuditKind::SessionRevoked => match text("browser").as_str() {
            "" => "Other browsers were signed out.".to_owned(),
            browser => format!("{browser} was signed out."),
        },
        AuditKind::EmailVerified => format!("The address {} was shown to be yours.", named("email", "you gave")),
        AuditKind::ResetAsked => "Somebody asked for a letter to set a new password.".to_owned(),
        AuditKind::ResetDone => "A new password was set by letter. All browsers were signed out.".to_owned(),
        AuditKind::ReceiverDisabled => {
            let said = format!("Your productions tell {} nothing any more.", named("address", "somebody"));
            format!("{said} {}", text("why")).trim_end().to_owned()
        }
        AuditKind::StoreAdded => format!("The store {} was added.", named("name", "of yours")),
        AuditKind::StoreChanged => format!("The store {} was changed.", named("name", "of yours")),
        AuditKind::StoreRemoved => format!("The store {} was removed.", named("name", "of yours")),
        AuditKind::OrganizationChanged => match text("what").as_str() {
            "made" => format!("You made the organization {}.", text("organization")),
            "joined" => format!("You joined the organization {}.", text("organization")),
            "domain added" => {
                format!("You allowed {} to use the public keys of {}.", text("domain"), text("organization"))
            }
            "webhook added" => format!("{} hears of the narrations of {}.", text("address"), text("organization")),
            what => format!("You changed the organization {}: {what}.", text("organization")),
        },
        AuditKind::OrganizationKeyMade => format!("You made a key of the organization {}.", text("organization")),
        AuditKind::OrganizationKeyRevoked => format!("You revoked a key of the organization {}.", text("organization")),
        AuditKind::AccountClaimed => "You made this account yours.".to_owned(),
        AuditKind::AccountLinked => "You took over what an organization had made for you.".to_owned(),
        AuditKind::AccountExported => "Everything of your account was exported.".to_owned(),
        AuditKind::AccountRemoved => "The account was removed.".to_owned(),
    }
}

/// Whether it is worth a second look.
pub(crate) fn is_trouble(kind: AuditKind) -> bool {
    matches!(kind, AuditKind::SignInRefused | AuditKind::FactorRefused | AuditKind::ReceiverDisabled)
}

fn factor(kind: &str, name: &str) -> String {
    match kind {
        "passkey" if !name.is_empty() => format!("the passkey “{name}”"),
        "passkey" => "a passkey".to_owned(),
        "totp" => "the authenticator app".to_owned(),
        "recovery codes" => "recovery codes".to_owned(),
        _ => "a second factor".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use model::Time;
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_is_told_in_a_whole_sentence() {
        let id = "0123456789012345678901".parse();
        let Ok(id) = id else { panic!("that is an id") };
        for kind in AuditKind::ALL {
            for (detail, peer) in [(json!(null), ""), (json!({ "name": "x", "factor": "passkey" }), "192.0.2.7")] {
                let peer = peer.to_owned();
                let entry =
                    AuditEntry { id, account: None, app: None, kind: *kind, detail, peer, created: Time::from_ms(0) };
                let said = sentence(&entry);
                assert!(said.ends_with('.') && said.starts_with(char::is_uppercase) && !said.contains("“”"), "{said}");
            }
        }
    }
}
