//! The portal's API over HTTP: the published changes by name and parameter, who may, several organizations at once, and how much may be asked.

use std::time::Duration;

use app::Scopes;
use app::organizations::By;
use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use testkit::house::{HERE, PASSWORD};

use crate::credentials::basic;
use crate::server::{Answer, Server};

/// Asks with a key.
async fn ask_with(server: &Server, key: &str, query: &str, variables: Value) -> Answer {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/graphql")
        .header(AUTHORIZATION, format!("Bearer {key}"))
        .header(CONTENT_TYPE, "application/json");
    server.send(request.body(Body::from(body)).unwrap()).await
}

/// What is answered to ada.
async fn ask(server: &Server, query: &str, variables: Value) -> Value {
    data(&ask_with(server, &server.key, query, variables).await)
}

/// What came, where nothing was wrong.
fn data(answer: &Answer) -> Value {
    let mut json = answer.json();
    assert_eq!((answer.status, &json["errors"]), (StatusCode::OK, &Value::Null), "{json:#}");
    json["data"].take()
}

/// The codes of what was wrong, and the words of the first.
fn wrong(answer: &Answer) -> (Vec<String>, String) {
    let json = answer.json();
    let errors = json["errors"].as_array().unwrap_or_else(|| panic!("nothing was wrong: {json:#}"));
    let code = |error: &Value| error["extensions"]["code"].as_str().unwrap_or_default().to_owned();
    (errors.iter().map(code).collect(), errors[0]["message"].as_str().unwrap_or_default().to_owned())
}

async fn refused(server: &Server, key: &str, query: &str, variables: Value) -> (String, String) {
    let (codes, words) = wrong(&ask_with(server, key, query, variables).await);
    (codes.join(","), words)
}

async fn organization(server: &Server, name: &str) -> String {
    let made = ask(
        server,
        "mutation($name: String!) { createOrganization(name: $name) { id name role createdAt updatedAt } }",
        json!({ "name": name }),
    )
    .await;
    let made = &made["createOrganization"];
    assert_eq!((&made["name"], &made["role"]), (&json!(name), &json!("ADMIN")));
    made["id"].as_str().unwrap().to_owned()
}

testkit::both_databases! {
    async fn the_published_changes_answer_by_name_and_parameter(database: &Database) {
        let server = Server::on(database).await;
        let id = organization(&server, "Tide News").await;
        let named = ask(
            &server,
            "mutation($id: ID!, $name: String!) { updateOrganizationDetails(organizationId: $id, name: $name) { id name } }",
            json!({ "id": id, "name": "Tide Post" }),
        )
        .await;
        assert_eq!(named["updateOrganizationDetails"], json!({ "id": id, "name": "Tide Post" }));
        let first = ask(
            &server,
            "mutation($id: ID!) { generateOrganizationApiKey(organizationId: $id) { id publicKey secretKey status revokesAt } }",
            json!({ "id": id }),
        )
        .await["generateOrganizationApiKey"].take();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        assert!(text(&first["publicKey"]).starts_with("pk_live_") && text(&first["secretKey"]).starts_with("sk_live_"));
        assert_eq!((&first["status"], &first["revokesAt"]), (&json!("LIVE"), &Value::Null));

        let regenerate = "mutation($id: ID!, $now: Boolean!) { \
            regenerateOrganizationApiKey(organizationId: $id, revokeImmediately: $now) { publicKey secretKey status } }";
        server.house.clock.pass(Duration::from_mins(1));
        let second = ask(&server, regenerate, json!({ "id": id, "now": false })).await["regenerateOrganizationApiKey"].take();
        assert_eq!(second["publicKey"], first["publicKey"]);
        assert_ne!(second["secretKey"], first["secretKey"]);
        let listed = "query($id: ID!) { organization(id: $id) { apiKeys { publicKey secretKey status revokesAt hint } } }";
        let keys = ask(&server, listed, json!({ "id": id })).await["organization"]["apiKeys"].take();
        let states: Vec<_> = keys.as_array().unwrap().iter().map(|key| (&key["status"], key["revokesAt"].is_null())).collect();
        // The old one works on for a day, and says until when.
        assert_eq!(states, [(&json!("LIVE"), true), (&json!("LIVE"), false)]);
        assert!(keys.as_array().unwrap().iter().all(|key| key["secretKey"].is_null()));
        server.house.clock.pass(Duration::from_hours(25));
        let keys = ask(&server, listed, json!({ "id": id })).await["organization"]["apiKeys"].take();
        assert_eq!((&keys[0]["status"], &keys[1]["status"]), (&json!("LIVE"), &json!("REVOKED")));
        ask(&server, regenerate, json!({ "id": id, "now": true })).await;
        let keys = ask(&server, listed, json!({ "id": id })).await["organization"]["apiKeys"].take();
        assert_eq!((&keys[0]["status"], &keys[1]["status"]), (&json!("LIVE"), &json!("REVOKED")));

        // Whoever is admin of one organization need not say which.
        let add = "mutation($url: String!, $id: ID) { addOrganizationWebhookUrl(webhookUrl: $url, organizationId: $id) { message } }";
        let added = ask(&server, add, json!({ "url": "https://hooks.example/a" })).await;
        assert!(text(&added["addOrganizationWebhookUrl"]["message"]).contains("https://hooks.example/a"));
        let other = organization(&server, "River News").await;
        let (code, words) = refused(&server, &server.key, add, json!({ "url": "https://hooks.example/b" })).await;
        assert_eq!(code, "invalid");
        assert!(words.contains("several organizations"), "{words}");
        ask(&server, add, json!({ "url": "https://hooks.example/b", "id": other })).await;
        let (code, _) = refused(&server, &server.key, add, json!({ "url": "ftp://x", "id": other })).await;
        assert_eq!(code, "invalid");
    }

    async fn what_belongs_to_several_organizations_comes_to_each_its_own(database: &Database) {
        let server = Server::on(database).await;
        let (_, bobs) = server.house.account("bob").await;
        let mut names = Vec::new();
        for name in ["First", "Second", "Third"] {
            let id = organization(&server, name).await;
            server.house.clock.pass(Duration::from_secs(1));
            let add = "mutation($id: ID!, $domain: String!) { \
                addOrganizationWhitelistedDomain(organizationId: $id, domain: $domain) { message } }";
            ask(&server, add, json!({ "id": id, "domain": format!("{}.example", name.to_lowercase()) })).await;
            ask(&server, "mutation($id: ID!) { generateOrganizationApiKey(organizationId: $id) { id } }", json!({ "id": id })).await;
            names.push((name, id));
        }
        // Bob is a creator in the first, and admin of one of his own.
        let invite = "mutation($id: ID!) { inviteOrganizationMember(organizationId: $id, role: CREATOR, note: \"Bob\") { url } }";
        let invited = ask(&server, invite, json!({ "id": names[0].1 })).await;
        let url = invited["inviteOrganizationMember"]["url"].as_str().unwrap();
        let (page, code) = url.split_once('#').unwrap();
        assert_eq!(page, "https://s.example/invitation");
        let accept = "mutation($code: String!) { acceptOrganizationInvitation(invitation: $code) { name role } }";
        let joined = data(&ask_with(&server, &bobs, accept, json!({ "code": code })).await);
        assert_eq!(joined["acceptOrganizationInvitation"], json!({ "name": "First", "role": "CREATOR" }));
        assert_eq!(refused(&server, &bobs, accept, json!({ "code": code })).await.0, "not_found");

        let whole = "{ organizations { name members { username role } whitelistedDomains { domain organizationId } \
            apiKeys { organizationId } publications { name organizationId } invitations { note } webhookUrls { url } } }";
        let all = ask(&server, whole, Value::Null).await["organizations"].take();
        let all = all.as_array().unwrap();
        assert_eq!(all.len(), 3);
        for (seen, (name, id)) in all.iter().zip(&names) {
            assert_eq!(seen["name"], *name);
            let domain = json!([{ "domain": format!("{}.example", name.to_lowercase()), "organizationId": id }]);
            assert_eq!(seen["whitelistedDomains"], domain);
            assert_eq!(seen["apiKeys"], json!([{ "organizationId": id }]));
            assert_eq!(seen["publications"], json!([{ "name": "", "organizationId": id }]));
            let mut members = vec![json!({ "username": "ada", "role": "ADMIN" })];
            if *name == "First" {
                members.push(json!({ "username": "bob", "role": "CREATOR" }));
            }
            assert_eq!(seen["members"], json!(members));
        }

        let ids: Vec<_> = names.into_iter().map(|(_, id)| id).collect();
        // What he may not see says so, and what he may see comes all the same.
        let own = "mutation { createOrganization(name: \"Bob's\") { id } }";
        data(&ask_with(&server, &bobs, own, Value::Null).await);
        let both = "{ organizations { name apiKeys { id } } }";
        let (codes, words) = wrong(&ask_with(&server, &bobs, both, Value::Null).await);
        assert_eq!(codes, ["forbidden"]);
        assert!(words.contains("admins of First"), "{words}");
        let seen = data(&ask_with(&server, &bobs, "{ organizations { name members { username } } }", Value::Null).await);
        assert_eq!(seen["organizations"].as_array().unwrap().len(), 2);
        for change in [
            "generateOrganizationApiKey(organizationId: $id) { id }",
            "updateOrganizationDetails(organizationId: $id, name: \"Mine\") { id }",
            "addOrganizationWebhookUrl(organizationId: $id, webhookUrl: \"https://b.example/\") { message }",
        ] {
            let change = format!("mutation($id: ID!) {{ {change} }}");
            assert_eq!(refused(&server, &bobs, &change, json!({ "id": ids[0] })).await.0, "forbidden");
            assert_eq!(refused(&server, &bobs, &change, json!({ "id": ids[1] })).await.0, "not_found");
            assert_eq!(refused(&server, &bobs, &change, json!({ "id": "../etc" })).await.0, "not_found");
        }
    }

    async fn who_asks_is_known(database: &Database) {
        let server = Server::on(database).await;
        let plain = |body: &str| {
            let request = Request::builder().method(Method::POST).uri("/graphql").header(CONTENT_TYPE, "application/json");
            request.body(Body::from(body.to_owned())).unwrap()
        };
        let viewer = json!({ "query": "{ viewer { username } }" }).to_string();
        let nobody = server.send(plain(&viewer)).await;
        assert_eq!((nobody.status, wrong(&nobody).0), (StatusCode::UNAUTHORIZED, vec!["unauthenticated".to_owned()]));
        let mut named = plain(&viewer);
        named.headers_mut().insert(AUTHORIZATION, basic("ada", PASSWORD).parse().unwrap());
        let named = server.send(named).await;
        assert_eq!(named.status, StatusCode::UNAUTHORIZED);
        assert!(wrong(&named).1.contains("password is not taken"), "{}", named.json());
        assert_eq!(ask(&server, "{ viewer { username } }", Value::Null).await, json!({ "viewer": { "username": "ada" } }));

        // A browser says that it was meant: other sites can send its cookie, and nothing else.
        let signed_in = server.house.app.accounts().sign_in("ada", PASSWORD, HERE).await.unwrap();
        let cookie = format!("__Host-soundpost={}", signed_in.key.reveal());
        let browser = async |name: &str, value: &str| {
            let mut request = plain(&viewer);
            request.headers_mut().insert(COOKIE, cookie.parse().unwrap());
            request.headers_mut().insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
            server.send(request).await
        };
        assert_eq!(data(&browser("sec-fetch-site", "same-origin").await)["viewer"]["username"], "ada");
        for (name, value) in [("sec-fetch-site", "cross-site"), ("x-csrf-token", "guessed"), ("origin", "https://evil.example")] {
            let refused = browser(name, value).await;
            assert_eq!((refused.status, wrong(&refused).0), (StatusCode::FORBIDDEN, vec!["csrf".to_owned()]), "{name}");
        }
        // A form of another site's cannot be a question.
        let mut form = plain(&viewer);
        form.headers_mut().insert(CONTENT_TYPE, "text/plain".parse().unwrap());
        form.headers_mut().insert(AUTHORIZATION, format!("Bearer {}", server.key).parse().unwrap());
        assert_eq!(server.send(form).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let read = server.get("/graphql?query={viewer{username}}").await;
        assert_eq!(read.status, StatusCode::METHOD_NOT_ALLOWED);

        // A key that is good for one thing does not get to organizations.
        let scopes = Scopes::parse("production.read").unwrap();
        let (_, narrow) = server.house.app.api_keys().create(&server.ada.account, "narrow", &scopes, None).await.unwrap();
        let narrow = narrow.reveal();
        assert_eq!(refused(&server, narrow, "{ organizations { name } }", Value::Null).await.0, "forbidden");
        data(&ask_with(&server, narrow, "{ productions { title } }", Value::Null).await);
        let create = "mutation { createProduction(input: { title: \"Talk\" }) { id } }";
        assert_eq!(refused(&server, narrow, create, Value::Null).await.0, "forbidden");
    }

    async fn a_question_has_bounds(database: &Database) {
        let server = Server::on(database).await;
        let id = organization(&server, "Tide News").await;
        // So deep that no answer could have it, and so wide that no answer should.
        let deep = format!("{{ __schema {{ types {{ fields {{ type {}{{ name }}{} }} }} }} }}", "{ ofType ".repeat(12), "}".repeat(12));
        let (_, words) = wrong(&ask_with(&server, &server.key, &deep, Value::Null).await);
        assert!(words.contains("deep"), "{words}");
        // What there is to ask is in the documents; a server that is open to others does not say.
        let about = ask_with(&server, &server.key, "{ __schema { mutationType { fields { name } } } }", Value::Null).await;
        assert!(!about.json().to_string().contains("createOrganization"), "{}", about.json());
        let fields: Vec<_> = (0..300).map(|n| format!("a{n}: deliveries(first: 100) {{ id url }} ")).collect();
        let (_, words) = wrong(&ask_with(&server, &server.key, &format!("{{ {} }}", fields.concat()), Value::Null).await);
        assert!(words.contains("complex"), "{words}");
        let lists = "{ organizations { narrations(first: 100) { segments { text } } } }";
        assert!(wrong(&ask_with(&server, &server.key, lists, Value::Null).await).1.contains("complex"));
        for first in [0, -1, 101, i32::MAX] {
            let (code, words) = refused(&server, &server.key, &format!("{{ productions(first: {first}) {{ id }} }}"), Value::Null).await;
            assert_eq!(code, "invalid");
            assert!(words.contains("1 to 100"), "{words}");
        }
        assert_eq!(refused(&server, &server.key, "{ productions(offset: -1) { id } }", Value::Null).await.0, "invalid");
        let long = "x".repeat(300 << 10);
        assert_eq!(ask_with(&server, &server.key, &long, Value::Null).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        for body in ["", "[]", "{", "{\"query\": 1}", "[{\"query\": \"{ viewer { id } }\"}]", "\u{0}"] {
            let request = server.request(Method::POST, "/graphql").header(CONTENT_TYPE, "application/json");
            let answer = server.send(request.body(Body::from(body)).unwrap()).await;
            assert_eq!((answer.status, wrong(&answer).0), (StatusCode::BAD_REQUEST, vec!["invalid".to_owned()]), "{body}");
        }
        for question in ["{ nothing }", "query {", "mutation { createOrganization }", "{ organization(id: {a: 1}) { id } }"] {
            assert!(refused(&server, &server.key, question, Value::Null).await.0.starts_with("invalid"), "{question}");
        }
        let (_, words) = refused(&server, &server.key, "mutation($n: String!) { createOrganization(name: $n) { id } }", json!({ "n": "  " })).await;
        assert_eq!(words, "Give it a name.");
        let hostile = json!({ "n": "<script>\u{202e}\u{0}", "id": id });
        let (code, _) = refused(&server, &server.key, "mutation($id: ID!, $n: String!) { updateOrganizationDetails(organizationId: $id, name: $n) { id } }", hostile).await;
        assert_eq!(code, "invalid");
    }

    async fn a_narration_is_changed_by_several_and_nothing_is_lost(database: &Database) {
        let server = Server::on(database).await;
        let organization_id = organization(&server, "Tide News").await;
        let organizations = server.house.app.organizations();
        let own = organization_id.parse().unwrap();
        organizations.add_webhook(By::Admin(&server.ada), own, "https://hooks.example/own").await.unwrap();
        let key = organizations.generate_key(By::Admin(&server.ada), own).await.unwrap().private;
        let partner = organizations.by_private_key(key.reveal()).await.unwrap();
        let wanted = app::narrations::Request {
            address: "https://tides.example/gauges".to_owned(),
            user: "u-1".to_owned(),
            publication: Some("p-1".to_owned()),
            ..app::narrations::Request::default()
        };
        let id = server.house.app.narrations().request(&partner, wanted).await.unwrap().id;
        let listed = "query($id: ID!) { organization(id: $id) { narrations { id url playerUrl title status error } \
            userMappings { organizationUserId audyoUserId } publicationMappings { organizationPublicationId audyoPublicationId } } }";
        let all = ask(&server, listed, json!({ "id": organization_id })).await["organization"].take();
        assert_eq!(all["narrations"][0]["status"], "GENERATING");
        assert_eq!(all["narrations"][0]["playerUrl"], format!("https://s.example/p/{id}"));
        assert_eq!(all["userMappings"][0]["organizationUserId"], "u-1");
        assert_eq!(all["publicationMappings"][0]["organizationPublicationId"], "p-1");
        server.house.read_article(database, "One.|Two.").await;

        let shown = "query($id: ID!) { narration(id: $id) { revision publishedRevision duration status \
            segments { id kind text voice pauseMs } pronunciations { word said } } }";
        let seen = ask(&server, shown, json!({ "id": id })).await["narration"].take();
        assert_eq!((&seen["status"], &seen["duration"]), (&json!("READY"), &json!(5.0)));
        let (revision, first) = (seen["revision"].clone(), seen["segments"][0]["id"].clone());
        let second = seen["segments"][1]["id"].clone();
        let change = "mutation($id: ID!, $revision: Int!, $changes: [ScriptChange!]!) { \
            changeNarration(narrationId: $id, revision: $revision, changes: $changes) { revision segments { text pauseMs } } }";
        let changes = json!([
            { "text": { "segment": first, "text": "Uno." } },
            { "pause": { "segment": second, "pauseMs": 900 } },
            { "insert": { "after": second, "text": "Three." } },
        ]);
        let changed = ask(&server, change, json!({ "id": id, "revision": revision, "changes": changes })).await["changeNarration"].take();
        let texts: Vec<_> = changed["segments"].as_array().unwrap().iter().map(|segment| segment["text"].clone()).collect();
        assert_eq!(texts, ["Uno.", "Two.", "Three."]);
        // Somebody else had the old text before them: of the same place, and of another.
        let late = json!([{ "text": { "segment": first, "text": "Ein." } }]);
        let (code, _) = refused(&server, &server.key, change, json!({ "id": id, "revision": revision, "changes": late })).await;
        assert_eq!(code, "changed");
        let elsewhere = json!([{ "move": { "segment": second } }]);
        let (code, _) = refused(&server, &server.key, change, json!({ "id": id, "revision": revision, "changes": elsewhere })).await;
        assert_eq!(code, "changed", "its pause was changed");
        let two = json!([{ "text": { "segment": first, "text": "x" }, "remove": { "segment": first } }]);
        assert!(!wrong(&ask_with(&server, &server.key, change, json!({ "id": id, "revision": revision, "changes": two })).await).1.is_empty());

        let undo = "mutation($id: ID!, $revision: Int!) { undoNarration(narrationId: $id, revision: $revision) { segments { text } } }";
        let back = ask(&server, undo, json!({ "id": id, "revision": changed["revision"] })).await["undoNarration"].take();
        assert_eq!(back["segments"].as_array().unwrap().len(), 2);
        let say = "mutation($id: ID!, $said: String) { pronounceWord(narrationId: $id, word: \"Tide\", said: $said) { pronunciations { word said } } }";
        let said = ask(&server, say, json!({ "id": id, "said": "tyde" })).await;
        assert_eq!(said["pronounceWord"]["pronunciations"], json!([{ "word": "tide", "said": "tyde" }]));
        assert_eq!(ask(&server, say, json!({ "id": id, "said": null })).await["pronounceWord"]["pronunciations"], json!([]));
        let (code, words) = refused(&server, &server.key, "mutation($id: ID!) { publishNarration(narrationId: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(code, "conflict", "{words}");
        let render = "mutation($id: ID!) { renderNarration(narrationId: $id) { isRendering status } }";
        assert_eq!(ask(&server, render, json!({ "id": id })).await["renderNarration"], json!({ "isRendering": true, "status": "READY" }));
        server.house.read_article(database, "").await;
        ask(&server, "mutation($id: ID!) { publishNarration(narrationId: $id) { publishedRevision } }", json!({ "id": id })).await;

        // Members have articles read, too, each for themselves; what is deleted is gone.
        let create = "mutation($id: ID!, $url: String!) { createNarration(organizationId: $id, url: $url, title: \"Ferries\") { id url title status segmentCount segments { id } } }";
        let ferry = json!({ "id": organization_id, "url": "https://tides.example/ferry#part" });
        let made = ask(&server, create, ferry.clone()).await["createNarration"].take();
        assert_eq!((&made["url"], &made["status"], &made["segmentCount"]), (&json!("https://tides.example/ferry"), &json!("GENERATING"), &json!(0)));
        assert_eq!(ask(&server, create, ferry.clone()).await["createNarration"]["id"], made["id"]);
        assert_eq!(refused(&server, &server.key, create, json!({ "id": organization_id, "url": "x" })).await.0, "invalid");
        let delete = "mutation($id: ID!) { deleteNarration(narrationId: $id) { message } }";
        let (_, eve) = server.house.account("eve").await;
        assert_eq!(refused(&server, &eve, create, ferry).await.0, "not_found");
        assert_eq!(refused(&server, &eve, delete, json!({ "id": made["id"] })).await.0, "not_found");
        ask(&server, delete, json!({ "id": made["id"] })).await;
        assert_eq!(refused(&server, &server.key, shown, json!({ "id": made["id"] })).await.0, "not_found");

        // What its address was told, for its admins; to everybody else it is not there.
        let told = "query($id: ID!) { organization(id: $id) { deliveries(filter: { kind: PLAYER }) { kind url state attempts createdAt } } }";
        let deliveries = ask(&server, told, json!({ "id": organization_id })).await["organization"]["deliveries"].take();
        assert_eq!((&deliveries[0]["url"], &deliveries[0]["state"]), (&json!("https://hooks.example/own"), &json!("WAITING")));
        let (_, bobs) = server.house.account("bob").await;
        for (question, id) in [(told, organization_id.clone()), (shown, id.to_string()), (render, id.to_string())] {
            assert_eq!(refused(&server, &bobs, question, json!({ "id": id })).await.0, "not_found");
        }
    }

    async fn productions_are_made_started_and_told_of(database: &Database) {
        let server = Server::on(database).await;
        let create = "mutation($input: ProductionInput!) { createProduction(input: $input) { id title status files { name } } }";
        let input = json!({ "title": "Talk", "inputUrl": "https://h.example/talk.wav" });
        let made = ask(&server, create, json!({ "input": input })).await["createProduction"].take();
        assert_eq!((&made["title"], &made["files"]), (&json!("Talk"), &json!([])));
        let (code, words) = refused(&server, &server.key, create, json!({ "input": { "inputUrl": "not an address" } })).await;
        assert_eq!(code, "invalid", "{words}");
        assert_eq!(refused(&server, &server.key, create, json!({ "input": { "preset": "none" } })).await.0, "invalid");
        let id = &made["id"];
        let started = ask(&server, "mutation($id: ID!) { startProduction(productionId: $id) { status progress } }", json!({ "id": id })).await;
        assert_eq!(started["startProduction"]["status"], "Waiting");
        ask(&server, "mutation($id: ID!) { stopProduction(productionId: $id) { status } }", json!({ "id": id })).await;
        let done = server.done(database, "talk.mp3", b"0123456789").await;
        let shown = "query($id: ID!) { production(id: $id) { status duration error files { name format size url } } \
            productionDeliveries(productionId: $id) { delivery { state } attempts { reason } } }";
        let seen = ask(&server, shown, json!({ "id": done })).await;
        let file = &seen["production"]["files"][0];
        assert_eq!((&file["name"], &file["size"], &seen["production"]["duration"]), (&json!("talk.mp3"), &json!("10"), &json!(1.5)));
        let path = file["url"].as_str().unwrap().strip_prefix("https://s.example").unwrap();
        assert_eq!(server.get(path).await.body, "0123456789");
        let (_, bobs) = server.house.account("bob").await;
        assert_eq!(refused(&server, &bobs, shown, json!({ "id": done })).await.0.split(',').next(), Some("not_found"));
        let remove = "mutation($id: ID!) { deleteProduction(productionId: $id) { message } }";
        assert_eq!(refused(&server, &bobs, remove, json!({ "id": done })).await.0, "not_found");
        ask(&server, remove, json!({ "id": done })).await;
        assert_eq!(refused(&server, &server.key, remove, json!({ "id": done })).await.0, "not_found");
        // What is told is for whoever sits before a browser.
        assert_eq!(refused(&server, &server.key, "{ deliveries { id } }", Value::Null).await.0, "forbidden");
    }
}
