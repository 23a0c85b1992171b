//! From names to addresses, and no further than is allowed. What this hands out is what is connected to: between the check and
//! the connection nobody looks the name up again.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::address::NotPublic;
use super::allow::AllowNetworks;

/// Whoever knows the addresses of names.
pub trait Lookup: Send + Sync {
    /// All addresses of a name.
    fn lookup(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;
}

/// Lookups of the operating system under way at once. A lookup holds a thread until the name server answers or the system
/// gives up, so that many names with dead servers would otherwise hold every thread there is.
const MOST_LOOKUPS: usize = 64;

/// The operating system: `/etc/hosts`, its name servers, its caches, as every other program on the machine has them.
pub struct SystemLookup(Arc<Semaphore>);

impl Default for SystemLookup {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_LOOKUPS)))
    }
}

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let (name, turns) = (name.to_owned(), Arc::clone(&self.0));
        Box::pin(async move {
            let turn = turns.acquire_owned().await.map_err(io::Error::other)?;
            // The thread keeps the turn: whoever asked may have given up long before the system does.
            let asked = tokio::task::spawn_blocking(move || {
                let addresses = (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|at| at.ip()).collect());
                drop(turn);
                addresses
            });
            asked.await.map_err(io::Error::other)?
        })
    }
}

/// Why a name is not connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LookupFault {
    /// One of its addresses is not public.
    #[error("{address} is {why}")]
    Refused {
        /// The address.
        address: IpAddr,
        /// What is wrong with it.
        why: NotPublic,
    },
    /// It has none.
    #[error("the name leads nowhere")]
    Unknown,
}

/// The resolver that the client is given: it looks names up and hands out what may be connected to.
pub(super) struct Guarded {
    lookup: Arc<dyn Lookup>,
    allow: Arc<AllowNetworks>,
}

impl Guarded {
    pub(super) fn new(lookup: Arc<dyn Lookup>, allow: Arc<AllowNetworks>) -> Self {
        Self { lookup, allow }
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, allow) = (Arc::clone(&self.lookup), Arc::clone(&self.allow));
        Box::pin(async move {
            let addresses = checked(&*lookup, name.as_str(), &allow).await?;
            // Port 0 is replaced by that of the URL.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// The addresses of a name, all of which may be connected to.
pub(super) async fn checked(
    lookup: &dyn Lookup,
    name: &str,
    allow: &AllowNetworks,
) -> Result<Vec<IpAddr>, LookupFault> {
    let addresses = lookup.lookup(name).await.map_err(|_| LookupFault::Unknown)?;
    check(&addresses, allow)?;
    Ok(addresses)
}

/// Whether all addresses of a name may be connected to.
///
/// A name that leads both out and in is refused whole. To use the public part only would be as safe; but such a name is either
/// an attempt or a mistake, and both are better told at once than working on some days.
fn check(addresses: &[IpAddr], allow: &AllowNetworks) -> Result<(), LookupFault> {
    if addresses.is_empty() {
        return Err(LookupFault::Unknown);
    }
    let refused = addresses.iter().find_map(|address| Some((*address, allow.refusal(*address)?)));
    refused.map_or(Ok(()), |(address, why)| Err(LookupFault::Refused { address, why }))
}
