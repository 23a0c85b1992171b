//! A server that does nothing but answer a few words of JSON: what `make bench` holds the real one against.
//!
//! `cargo run --release -p web --example bare -- 127.0.0.1:8090`

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

/// As long as a reply of `status.json`.
const REPLY: &str = r#"{"status_code":200,"form_errors":{},"error_code":null,"error_message":"","data":{"status":3,"status_string":"Done"}}"#;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let router = Router::new().route("/", get(async || ([("content-type", "application/json")], REPLY)));
    axum::serve(TcpListener::bind(address).await?, router).await
}
