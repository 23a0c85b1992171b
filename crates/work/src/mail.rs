//! The way out for letters: one SMTP server, which the operator names. Beside `outbound.rs` nothing else of the program goes out, and this goes to no address
//! that anybody but the operator chose.
//!
//! The texts of letters are here, too. They hold codes and no addresses that do anything by being opened.

use std::time::{Duration, SystemTime};

use app::letters::{About, CODE_LIFE, Written};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use model::Time;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The operator's mail server, and who we are there.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    public_url: String,
}

/// Why letters cannot be sent, or one could not.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The settings make no sense.
    #[error("{0}")]
    Settings(&'static str),
    /// The letter cannot be written to that address.
    #[error("the address cannot be written to")]
    Address,
    /// The server does not take it, and would not later.
    #[error("the mail server refuses: {0}")]
    Refused(String),
    /// The server cannot be reached, or wants to be asked later.
    #[error("the mail server does not take it now: {0}")]
    Later(String),
}

/// The address of the server may hold a password.
impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Mailer {
    /// A mailer by the operator's settings. Nothing is sent yet.
    pub fn new(smtp_url: &str, from: &str, public_url: &str) -> Result<Self, MailError> {
        let host = public_url.split_once("://").map_or(public_url, |(_, rest)| rest).split([':', '/']).next();
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp_url)
            .map_err(|_| MailError::Settings("SOUNDPOST_SMTP_URL is no address of a mail server."))?
            .timeout(Some(PATIENCE))
            .hello_name(ClientId::Domain(host.unwrap_or("localhost").to_owned()))
            .build();
        let from = from.parse().map_err(|_| MailError::Settings("SOUNDPOST_MAIL_FROM is no e-mail address."))?;
        Ok(Self { transport, from, public_url: public_url.to_owned() })
    }

    /// Whether the server answers and lets us in. Nothing is sent.
    pub async fn reach(&self) -> Result<(), MailError> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MailError::Later("it does not answer as a mail server does".to_owned())),
            Err(error) if error.is_permanent() => Err(MailError::Refused(error.to_string())),
            Err(error) => Err(MailError::Later(error.to_string())),
        }
    }

    /// Sends a letter. `reference` tells it apart from all others.
    pub async fn send(&self, letter: &Written, reference: &str, now: Time) -> Result<(), MailError> {
        let (subject, text) = text(letter, &self.public_url);
        let to = letter.to.parse().map_err(|_| MailError::Address)?;
        let date = SystemTime::UNIX_EPOCH + Duration::from_millis(now.as_ms().max(0).unsigned_abs());
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .date(date)
            .message_id(Some(format!("<{reference}@{}>", self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|_| MailError::Address)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(MailError::Refused(error.to_string())),
            Err(error) => Err(MailError::Later(error.to_string())),
        }
    }
}

/// Subject and text of a letter.
fn text(letter: &Written, public_url: &str) -> (&'static str, String) {
    let (name, minutes) = (&letter.username, CODE_LIFE.as_secs() / 60);
    match &letter.about {
        About::Address(code) => (
            "Is this your address?",
            format!(
                "Hello {name},\n\nyour account at {public_url} has this address. To show that it is yours, open\n\n    {public_url}/account\n\nwhile you are signed in, and type this code:\n\n    {code}\n\nIt works once, for {minutes} minutes. You have no account there? Then somebody mistyped theirs, and there is nothing to do.\n"
            ),
        ),
        About::Password(code) => (
            "A new password for your account",
            format!(
                "Hello {name},\n\nsomebody, most likely you, asked for a new password for your account at {public_url}. Open\n\n    {public_url}/reset/code\n\nand type this code:\n\n    {code}\n\nIt works once, for {minutes} minutes, and signs all your browsers out. It was not you? Then there is nothing to do: without the code nobody gets in. Give it to nobody, not even to the operator.\n"
            ),
        ),
        About::Disabled { host, why } => (
            "A webhook is told nothing any more",
            format!(
                "Hello {name},\n\nyour productions at {public_url} told {host} when they were done, and do so no more. {why}\n\nWhat was sent and what came back is kept here for 30 days, and can be sent once more from there:\n\n    {public_url}/account/deliveries\n"
            ),
        ),
        About::Moved => (
            "Your account has another address",
            format!(
                "Hello {name},\n\nyour account at {public_url} has another e-mail address from now on, and letters go there. This one was the last to this address.\n\nIt was not you? Then somebody else is in your account. Sign in, set another password and sign the other browsers out:\n\n    {public_url}/account/sessions\n\nIf you cannot get in, ask the operator of that server.\n"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_make_no_sense_are_named_and_not_repeated() {
        let said = |url: &str, from: &str| {
            Mailer::new(url, from, "https://audio.example.org").map_err(|error| error.to_string()).err()
        };
        assert_eq!(said("smtp://ada:hunter2@mail.example.org:587?tls=required", "Soundpost <sound@example.org>"), None);
        for wrong in ["", "mail.example.org", "http://ada:hunter2@mail.example.org"] {
            assert_eq!(
                said(wrong, "sound@example.org").as_deref(),
                Some("SOUNDPOST_SMTP_URL is no address of a mail server."),
                "{wrong}"
            );
        }
        assert_eq!(said("smtp://localhost", "sound").as_deref(), Some("SOUNDPOST_MAIL_FROM is no e-mail address."));
    }
}
