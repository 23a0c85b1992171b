//! Stores of users, by the API: added, tested, listed, a recording fetched from one and what was made of it put to all of them; and what
//! people are told where that does not work.

use serde_json::{Value, json};
use testkit::s3::{ACCESS_KEY, BUCKET, S3, SECRET_KEY};
use testkit::stores::{PASSWORD, Server, ftpd, sftp_by_password, webdavd};

use crate::server::{Client, Premises, recording, wait_until};

fn add(client: &Client, store: &Value) -> String {
    let Some((200, reply)) = client.post("/api/services.json", store) else { panic!("{store} was not taken") };
    assert!(!reply.to_string().contains(PASSWORD) && !reply.to_string().contains(SECRET_KEY), "{reply}");
    assert_eq!((&reply["data"]["type"], &reply["data"]["last_check"]), (&store["type"], &Value::Null));
    reply["data"]["uuid"].as_str().unwrap_or_default().to_owned()
}

/// What a test of the connection found.
fn check(client: &Client, uuid: &str) -> Value {
    let Some((200, reply)) = client.post(&format!("/api/service/{uuid}/check.json"), &json!({})) else {
        panic!("it was not tested")
    };
    reply["data"].clone()
}

fn sftp(server: &Server) -> Value {
    json!({"type": "sftp", "display_name": "By SFTP", "host": "127.0.0.1", "port": server.port, "user": "ada", "password": PASSWORD,
        "base_url": "https://media.example/show"})
}

fn ftp(server: &Server) -> Value {
    json!({"type": "ftp", "display_name": "By FTP", "host": "127.0.0.1", "port": server.port, "user": "ada", "password": PASSWORD,
        "tls": "none"})
}

fn webdav(server: &Server) -> Value {
    let url = format!("http://127.0.0.1:{}", server.port);
    json!({"type": "webdav", "display_name": "By WebDAV", "url": url, "user": "ada", "password": PASSWORD})
}

fn bucket(server: &S3) -> Value {
    json!({"type": "amazons3", "display_name": "A bucket", "bucket": BUCKET, "endpoint": server.endpoint(), "path": "show",
        "access_key": ACCESS_KEY, "secret_key": SECRET_KEY})
}

/// How it went at each service of a production.
fn went(client: &Client, uuid: &str) -> Vec<(Option<bool>, String, Value)> {
    let (_, details) = client.get(&format!("/api/production/{uuid}.json")).unwrap_or_default();
    let services = details["data"]["outgoing_services"].as_array().cloned().unwrap_or_default();
    let one = |service: &Value| {
        let trouble = service["error_message"].as_str().unwrap_or_default().to_owned();
        (service["transfer_success"].as_bool(), trouble, service["result_urls"].clone())
    };
    services.iter().map(one).collect()
}

testkit::both_databases! {
    async fn a_recording_comes_from_a_store_and_goes_to_four(database: &Database) {
        let (by_sftp, by_ftp, by_dav, s3) = (sftp_by_password(json!({"ask": "password"})), ftpd(json!({"tls": "none"})), webdavd().await, S3::start().await);
        let premises = Premises::new(database).with("SOUNDPOST_ALLOW_NETWORKS", "127.0.0.0/8");
        let key = premises.account("ada");
        let server = premises.serve(&[]);
        let client = Client::new(&premises, &key);
        by_sftp.has("talk.wav", &recording(1.0));
        by_sftp.has("notes.txt", b"not a recording");
        let stores = [sftp(&by_sftp), ftp(&by_ftp), webdav(&by_dav), bucket(&s3)];
        let uuids: Vec<_> = stores.iter().map(|store| add(&client, store)).collect();

        // Nobody has seen the key of that server yet, so nothing is sent there.
        let (_, listed) = client.get("/api/services.json").unwrap_or_default();
        let ways = |listed: &Value| listed["data"].as_array().map(|all| all.iter().map(|one| one["incoming"] == true).collect::<Vec<_>>());
        assert_eq!(ways(&listed), Some(vec![false, true, true, true]));
        for uuid in &uuids {
            let found = check(&client, uuid);
            assert_eq!((&found["last_check"]["may_read"], &found["last_check"]["may_write"]), (&true.into(), &true.into()), "{found}");
        }
        let (_, listed) = client.get("/api/services.json").unwrap_or_default();
        assert_eq!(ways(&listed), Some(vec![true; 4]));
        assert!(listed["data"][0]["host_key"].as_str().is_some_and(|key| key.starts_with("SHA256:")), "{listed}");
        let (_, files) = client.get(&format!("/api/service/{}/ls.json", uuids[0])).unwrap_or_default();
        assert_eq!(files["data"], json!(["talk.wav"]));

        let wish = json!({
            "service": uuids[0], "input_file": "talk.wav", "action": "start", "output_basename": "made",
            "output_files": [{"format": "mp3"}, {"format": "wav", "outgoing_services": [{"uuid": uuids[3]}]}],
            "outgoing_services": uuids.iter().map(|uuid| json!({"uuid": uuid})).collect::<Vec<_>>(),
        });
        let Some((200, made)) = client.post("/api/productions.json", &wish) else { panic!("{}", server.log()) };
        let uuid = made["data"]["uuid"].as_str().unwrap_or_default();
        wait_until("the production is done", || client.status(uuid) == Some(3));
        let address = json!(["https://media.example/show/made.mp3"]);
        let there = |urls: &Value| (Some(true), String::new(), urls.clone());
        let none = json!([]);
        assert_eq!(went(&client, uuid), [there(&address), there(&none), there(&none), there(&none)]);
        assert_eq!(by_sftp.names(), ["made.mp3", "notes.txt", "talk.wav"]);
        assert_eq!((by_ftp.names(), by_dav.names()), (vec!["made.mp3".to_owned()], vec!["made.mp3".to_owned()]));
        let mut in_bucket = s3.files();
        in_bucket.sort();
        assert_eq!(in_bucket, ["show/made.mp3", "show/made.wav"]);
        let (_, details) = client.get(&format!("/api/production/{uuid}.json")).unwrap_or_default();
        let md5 = details["data"]["output_files"][0]["checksum"].as_str().unwrap_or_default().to_owned();
        let found = testkit::witness::run("md5sum", &[testkit::witness::text(&by_ftp.files().join("made.mp3"))]);
        assert!(found.starts_with(&md5) && md5.len() == 32, "{found} is not {md5}");
        assert!(!server.log().contains(PASSWORD) && !server.log().contains("panicked"), "{}", server.log());
    }

    async fn what_does_not_work_is_said_and_the_production_is_done_all_the_same(database: &Database) {
        let by_dav = webdavd().await;
        let premises = Premises::new(database).with("SOUNDPOST_ALLOW_NETWORKS", "127.0.0.0/8");
        let key = premises.account("ada");
        let server = premises.serve(&[]);
        let client = Client::new(&premises, &key);
        let mut wrong = webdav(&by_dav);
        wrong["password"] = "another one".into();
        let uuid = add(&client, &wrong);
        let found = check(&client, &uuid);
        let said = found["last_check"]["error_message"].as_str().unwrap_or_default();
        assert_eq!(said, "127.0.0.1 does not let ada in. Check the name and the password.");
        assert_eq!((&found["incoming"], &found["outgoing"]), (&false.into(), &false.into()));
        let (status, refused) = client.get(&format!("/api/service/{uuid}/ls.json")).unwrap_or_default();
        assert_eq!((status, refused["error_message"].as_str()), (409, Some(said)));

        let services = json!([{"uuid": uuid}]);
        let fields = [("action", "start"), ("outgoing_services", uuid.as_str())];
        let Some((200, made)) = client.simple(&fields, &recording(1.0)) else { panic!("{}", server.log()) };
        let production = made["data"]["uuid"].as_str().unwrap_or_default();
        assert_eq!(made["data"]["outgoing_services"].as_array().map(Vec::len), services.as_array().map(Vec::len), "{made}");
        wait_until("the production is done", || client.status(production) == Some(3));
        assert_eq!(went(&client, production), [(Some(false), said.to_owned(), json!([]))]);

        // Put right, it is sent once more.
        let change = format!("/api/service/{uuid}.json");
        let Some((200, _)) = client.post(&change, &json!({"password": PASSWORD})) else { panic!("{}", server.log()) };
        assert_eq!(check(&client, &uuid)["outgoing"], true);
        let publish = format!("/api/production/{production}/publish.json");
        assert_eq!(client.post(&publish, &json!({})).map(|(status, _)| status), Some(200));
        wait_until("it is there", || went(&client, production)[0].0 == Some(true));
        wait_until("the production is done", || client.status(production) == Some(3));
        assert_eq!(by_dav.names(), ["talk.mp3"]);

        // Where nobody may go, no store is either.
        let Some((200, _)) = client.post(&change, &json!({"url": "http://10.0.0.1/", "password": PASSWORD})) else {
            panic!("{}", server.log())
        };
        let found = check(&client, &uuid);
        let said = found["last_check"]["error_message"].as_str().unwrap_or_default();
        assert!(said.contains("10.0.0.1"), "{said}");
        let (status, refused) = client.post(&change, &json!({"host": "elsewhere.example"})).unwrap_or_default();
        assert_eq!((status, refused["form_errors"]["host"][0].as_str()), (400, Some("host is no field of a store by WebDAV.")));
        let (status, _) = client.post(&format!("/api/service/{}/check.json", "0".repeat(22)), &json!({})).unwrap_or_default();
        assert_eq!(status, 404);
        assert!(!server.log().contains(PASSWORD) && !server.log().contains("another one"), "{}", server.log());
    }
}
