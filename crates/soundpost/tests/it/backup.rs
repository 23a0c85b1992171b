//! Backup and restore: a house comes back whole, on either database, or not at all.

use testkit::database::{Database, on_sqlite};

use crate::said;
use crate::server::{Client, Premises, recording, wait_until};

testkit::both_databases! {
    async fn a_house_comes_back_in_another_place(database: &Database) {
        let premises = Premises::new(database);
        let key = premises.account("ada");
        let server = premises.serve(&[]);
        let client = Client::new(&premises, &key);
        let Some((200, reply)) = client.simple(&[("action", "start"), ("title", "Kept")], &recording(1.0)) else {
            panic!("{}", server.log())
        };
        let uuid = reply["data"]["uuid"].as_str().unwrap_or_default().to_owned();
        wait_until("the production is done", || client.status(&uuid) == Some(3));
        let archive = premises.folder().join("house.tar");
        let archive = archive.to_str().unwrap_or_default();
        let written = premises.ask(&["backup", archive], "");
        assert!(written["files"].as_u64() > Some(2) && written["with_key"] == false, "{written}");
        let (_, before) = client.get(&format!("/api/production/{uuid}.json")).unwrap_or_default();
        assert_eq!(server.end(), Some(0));
        // Into a house that is not empty it does not go.
        let refused = premises.command(&["restore", archive]).output().unwrap_or_else(|error| panic!("{error}"));
        assert!(said(&refused).contains("has accounts already"), "{}", said(&refused));
        // From this database, whichever it is, to SQLite.
        let archive = archive.to_owned();
        let (key, before) = (key.clone(), before.clone());
        std::thread::spawn(move || {
            on_sqlite(async |other: &Database| {
                let premises = Premises::new(other);
                // A cut archive is none.
                let cut = premises.folder().join("cut.tar");
                let bytes = std::fs::read(&archive).unwrap_or_default();
                std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap_or_default();
                let refused = premises.command(&["restore", cut.to_str().unwrap_or_default()]).output();
                let refused = refused.unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
                premises.ask(&["restore", &archive], "");
                let _server = premises.serve(&[]);
                let client = Client::new(&premises, &key);
                let (_, after) = client.get(&format!("/api/production/{uuid}.json")).unwrap_or_default();
                assert_eq!(after["data"]["metadata"], before["data"]["metadata"]);
                let checksum = |details: &serde_json::Value| details["data"]["output_files"][0]["checksum"].clone();
                assert_eq!(checksum(&after), checksum(&before));
                let url = after["data"]["output_files"][0]["download_url"].as_str().unwrap_or_default().to_owned();
                assert_eq!(client.get_bytes(&url).map(|(status, _)| status), Some(200));
            });
        })
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}
