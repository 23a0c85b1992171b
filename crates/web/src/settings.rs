//! What the web wing is given: the verbs, and what the operator decided about answering.

use std::num::NonZeroU32;
use std::sync::Arc;

use app::App;
use ipnet::IpNet;
use model::{Dice, PresetId, ProductionId};
use tokio::sync::{Semaphore, watch};
use wire::productions::{Addresses, Offer};

use crate::http::percent;
use crate::http::rate::Limiter;
use crate::http::request_id::Names;

/// What the web wing is given.
pub struct Settings {
    /// The verbs.
    pub app: App,
    /// What this build of the program can make.
    pub offer: Offer,
    /// Where the world finds this server, without a slash at the end: `https://sound.example`.
    pub public_url: String,
    /// Whoever throws the dice, for the ids of requests.
    pub dice: Arc<dyn Dice>,
    /// Proxies whose word is taken on where a request came from.
    pub trusted_proxies: Vec<IpNet>,
    /// How much one caller may ask.
    pub rates: Rates,
    /// Whether this is the sandbox, where passwords are taken and nothing lasts.
    pub sandbox: bool,
    /// Whether there is a call that says back what was understood of a signed request, for whoever builds a client.
    pub echo_calls: bool,
    /// Turns true when the program is about to end; streams that would never end by themselves end then.
    pub stopping: watch::Receiver<bool>,
}

/// Requests in a minute, or no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Of one account.
    pub per_account: Option<NonZeroU32>,
    /// From one address, where nobody was recognised.
    pub per_peer: Option<NonZeroU32>,
}

impl Default for Rates {
    fn default() -> Self {
        Self { per_account: NonZeroU32::new(1_200), per_peer: NonZeroU32::new(300) }
    }
}

/// Event streams of productions that are open at once, and as many of players: everybody may look at those, and whoever works is not
/// to wait for an audience.
const MOST_STREAMS: usize = 512;

/// What every handler is given. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Web(Arc<Inner>);

struct Inner {
    settings: Settings,
    limiter: Limiter,
    names: Names,
    streams: Arc<Semaphore>,
    player_streams: Arc<Semaphore>,
}

impl Web {
    pub(crate) fn new(mut settings: Settings) -> Self {
        let end = settings.public_url.trim_end_matches('/').len();
        settings.public_url.truncate(end);
        let limiter = Limiter::new(settings.rates, settings.app.clone());
        let names = Names::new(&*settings.dice);
        let [streams, player_streams] = [(); 2].map(|()| Arc::new(Semaphore::new(MOST_STREAMS)));
        Self(Arc::new(Inner { settings, limiter, names, streams, player_streams }))
    }

    pub(crate) fn app(&self) -> &App {
        &self.0.settings.app
    }

    pub(crate) fn offer(&self) -> Offer {
        self.0.settings.offer
    }

    pub(crate) fn dice(&self) -> &dyn Dice {
        &*self.0.settings.dice
    }

    /// Names for requests that have none.
    pub(crate) fn names(&self) -> &Names {
        &self.0.names
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    /// Places for event streams of productions.
    pub(crate) fn streams(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.streams)
    }

    /// Places for event streams of players.
    pub(crate) fn player_streams(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.player_streams)
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.settings.stopping.clone()
    }

    /// Proxies whose word is taken on where a request came from.
    pub(crate) fn trusted_proxies(&self) -> &[IpNet] {
        &self.0.settings.trusted_proxies
    }

    /// Whether browsers come by https, so that cookies stay there.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.settings.public_url.starts_with("https://")
    }

    /// Scheme and host of the public address, as clients know them.
    pub(crate) fn origin(&self) -> (&'static str, &str) {
        let url = self.0.settings.public_url.as_str();
        let (scheme, rest) = match url.split_once("://") {
            Some(("https", rest)) => ("https", rest),
            Some((_, rest)) => ("http", rest),
            None => ("http", url),
        };
        (scheme, rest.split('/').next().unwrap_or_default())
    }

    /// Whether this is the sandbox.
    pub(crate) fn is_sandbox(&self) -> bool {
        self.0.settings.sandbox
    }

    /// Whether signed requests can be tried by a call that does nothing.
    pub(crate) fn echoes_calls(&self) -> bool {
        self.0.settings.echo_calls
    }

    /// Whether this server is reached on its own machine only, so that whoever asks builds a client and may be told more than a
    /// stranger should know.
    pub(crate) fn is_development(&self) -> bool {
        let (scheme, host) = self.origin();
        scheme == "http"
            && ["127.0.0.1", "localhost", "[::1]"]
                .iter()
                .any(|own| host == *own || host.starts_with(&format!("{own}:")))
    }

    /// An address of this server.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.0.settings.public_url)
    }
}

impl wire::social::Addresses for Web {
    fn person(&self, number: u64) -> String {
        self.address(&format!("/users/{number}"))
    }

    fn person_page(&self, permalink: &str) -> String {
        self.address(&format!("/{permalink}"))
    }

    fn no_picture(&self) -> String {
        self.address(&crate::pages::asset("mark.svg"))
    }
}

impl Addresses for Web {
    fn file(&self, production: ProductionId, name: &str) -> String {
        self.address(&format!("/api/download/audio-result/{production}/{}", percent::encode(name)))
    }

    fn production_cover(&self, production: ProductionId) -> String {
        self.address(&format!("/api/download/cover/production/{production}"))
    }

    fn preset_cover(&self, preset: PresetId) -> String {
        self.address(&format!("/api/download/cover/preset/{preset}"))
    }

    fn status_page(&self, production: ProductionId) -> String {
        self.address(&format!("/productions/{production}"))
    }

    fn edit_page(&self, production: ProductionId) -> String {
        self.status_page(production)
    }
}
