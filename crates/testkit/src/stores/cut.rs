//! A wire that is cut: passes connections on to a server, and ends some of them after so many bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A wire to a server on loopback.
pub struct Cut {
    /// The port that it is reached by.
    pub port: u16,
    passing: JoinHandle<()>,
}

impl Cut {
    /// Passes connections on to a port. The first in whose one direction or the other so many bytes pass is cut there; those
    /// that come after it are left alone.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn after(bytes: u64, to: u16) -> Self {
        let listener =
            TcpListener::bind("127.0.0.1:0").await.unwrap_or_else(|error| panic!("there is no port: {error}"));
        let port = listener.local_addr().unwrap_or_else(|error| panic!("a listener has no address: {error}")).port();
        let most = Arc::new(AtomicU64::new(bytes));
        let passing = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let most = Arc::clone(&most);
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(("127.0.0.1", to)).await else { return };
                    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                    // Whichever direction ends first takes the other with it.
                    tokio::select! {
                        () = pass(near_in, far_out, &most) => {}
                        () = pass(far_in, near_out, &most) => {}
                    }
                });
            }
        });
        Self { port, passing }
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        self.passing.abort();
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, most: &AtomicU64) {
    let (mut piece, mut passed) = (vec![0; 4 << 10], 0);
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        passed += count as u64;
        if passed > most.load(Ordering::SeqCst) {
            most.store(u64::MAX, Ordering::SeqCst);
            return;
        }
        if to.write_all(&piece[..count]).await.is_err() {
            return;
        }
    }
}
