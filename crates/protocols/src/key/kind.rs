//! The kinds of keys, by what they begin with.

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// A person's own key for programs.
    Personal,
    /// What a browser is given when a person signs in.
    Session,
    /// The name of an app: `client_id`, consumer key, `APP_ID`. Not a secret.
    App,
    /// The secret of an app: `client_secret`, consumer secret, `APP_SECRET`.
    AppSecret,
    /// An access token of OAuth 2.0.
    AccessToken,
    /// A refresh token of OAuth 2.0.
    RefreshToken,
    /// An authorization code of OAuth 2.0.
    AuthorizationCode,
    /// A request token of OAuth 1.0. It travels in addresses; without its secret and the app's it is good for nothing.
    OAuth1RequestToken,
    /// An access token of OAuth 1.0.
    OAuth1AccessToken,
    /// The secret of either token of OAuth 1.0.
    OAuth1TokenSecret,
    /// What a browser brings back from a user who allowed a request token (1.0a). The one that is typed over is an
    /// [`OobVerifier`](super::OobVerifier).
    OAuth1Verifier,
    /// The half of an organization's key that browsers of listeners see. Not a secret.
    OrganizationPublic,
    /// The half of an organization's key that only its servers know.
    OrganizationPrivate,
    /// What an invitation to an organization is accepted with.
    Invitation,
    /// A way into the editor that stands in an address, and is good once.
    EditorLink,
    /// What a browser has of it from then on.
    EditorSession,
}

impl KeyKind {
    /// Every kind there is.
    pub const ALL: [Self; 16] = [
        Self::Personal,
        Self::Session,
        Self::App,
        Self::AppSecret,
        Self::AccessToken,
        Self::RefreshToken,
        Self::AuthorizationCode,
        Self::OAuth1RequestToken,
        Self::OAuth1AccessToken,
        Self::OAuth1TokenSecret,
        Self::OAuth1Verifier,
        Self::OrganizationPublic,
        Self::OrganizationPrivate,
        Self::Invitation,
        Self::EditorLink,
        Self::EditorSession,
    ];

    /// What keys of this kind begin with. No prefix begins another.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Personal => "spk_",
            Self::Session => "sps_",
            Self::App => "spa_",
            Self::AppSecret => "spx_",
            Self::AccessToken => "spo_",
            Self::RefreshToken => "spr_",
            Self::AuthorizationCode => "spc_",
            Self::OAuth1RequestToken => "sp1r_",
            Self::OAuth1AccessToken => "sp1a_",
            Self::OAuth1TokenSecret => "sp1s_",
            Self::OAuth1Verifier => "sp1v_",
            Self::OrganizationPublic => "pk_live_",
            Self::OrganizationPrivate => "sk_live_",
            Self::Invitation => "spn_",
            Self::EditorLink => "spl_",
            Self::EditorSession => "spe_",
        }
    }

    /// How much of a key is random.
    pub(super) fn size(self) -> Size {
        match self {
            Self::App | Self::OAuth1RequestToken | Self::OAuth1Verifier | Self::OrganizationPublic => Size::Short,
            _ => Size::Full,
        }
    }
}

/// How much of a key is random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// 128 bits: what is no secret, lives for minutes, or has to fit into an address.
    Short,
    /// 256 bits.
    Full,
}

impl Size {
    /// Characters of the random part: 62²² is more than 2¹²⁸, 62⁴³ more than 2²⁵⁶.
    pub(super) const fn characters(self) -> usize {
        match self {
            Self::Short => 22,
            Self::Full => 43,
        }
    }
}
