//! The sandbox: a world apart, alone or beside the live house, and thrown away on demand.

use std::net::{Ipv4Addr, TcpListener};

use testkit::witness;

use crate::server::{PASSWORD, Premises, wait_until};

/// What curl is answered with: the status, and the body.
fn curl(arguments: &[&str]) -> (String, String) {
    let all = [&["-sS", "--max-time", "20", "-w", "\n%{http_code}"], arguments].concat();
    let said = witness::run("curl", &all);
    let (body, status) = said.trim_end().rsplit_once('\n').unwrap_or(("", &said));
    (status.to_owned(), body.to_owned())
}

testkit::both_databases! {
    async fn the_sandbox_takes_passwords_and_shares_nothing(database: &Database) {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let beside = free.unwrap_or_else(|error| panic!("{error}"));
        let premises = Premises::new(database).with("SOUNDPOST_SANDBOX_LISTEN", beside.to_string());
        premises.account("ada");
        let create = ["admin", "user", "create", "--sandbox", "--username", "joey", "--password-stdin"];
        premises.ask(&create, PASSWORD);
        let _server = premises.serve(&["--no-workers"]);
        let (live, sandbox) = (format!("{}/me", premises.address()), format!("http://{beside}/me"));
        let joey = format!("joey:{PASSWORD}");
        let (status, me) = curl(&["-u", &joey, &sandbox]);
        assert!(status == "200" && me.contains(r#""username":"joey""#), "{status} {me}");
        // Neither has the other's people, and the live house takes no passwords there.
        assert_eq!(curl(&["-u", &format!("ada:{PASSWORD}"), &sandbox]).0, "401");
        let (status, refused) = curl(&["-u", &format!("ada:{PASSWORD}"), &live]);
        assert!(status == "401" && refused.contains("sandbox"), "{status} {refused}");
        premises.ask(&["admin", "sandbox", "reset"], "");
        assert_eq!(curl(&["-u", &joey, &sandbox]).0, "401");
        assert_eq!(curl(&[&format!("{}/users/ada", premises.address())]).0, "200");
    }

    async fn the_sandbox_can_be_served_alone(database: &Database) {
        let premises = Premises::new(database);
        premises.ask(&["admin", "user", "create", "--sandbox", "--username", "joey", "--password-stdin"], PASSWORD);
        let _server = premises.start("server", &["serve", "--sandbox", "--no-workers"]);
        let me = format!("{}/me", premises.address());
        let joey = format!("joey:{PASSWORD}");
        wait_until("the sandbox answers", || std::net::TcpStream::connect(me.trim_start_matches("http://").trim_end_matches("/me")).is_ok());
        assert_eq!(curl(&["-u", &joey, &me]).0, "200");
    }
}
