//! What the server's log never has in it, however much it logs: anything that lets somebody in, whether it was right or wrong.

use std::process::Command;

use testkit::witness;

use crate::clients::script;
use crate::person::Person;
use crate::server::{PASSWORD, Premises, recording};

/// A password that is nobody's.
const WRONG: &str = "wrong-password-of-nobody";

/// How all that lets somebody in begins or what it has in it, in each form in which it travels.
const NEVER: &[(&str, &str)] = &[
    ("spk_", "an API key"),
    ("sps_", "the key of a browser"),
    ("spx_", "the secret of an app"),
    ("spo_", "an access token"),
    ("spr_", "a refresh token"),
    ("spc_", "an authorization code"),
    ("sp1a_", "an access token of OAuth 1.0a"),
    ("sp1s_", "the secret of a token of OAuth 1.0a"),
    ("sp1v_", "a verifier"),
    ("correct horse", "a password"),
    ("correct+horse", "a password in a form"),
    ("correct%20horse", "a password in an address"),
    (WRONG, "a wrong password"),
    ("YWRhOm", "name and password in base64"),
    ("eyJ", "a signed request"),
    ("oauth_signature=", "a signature"),
    ("oauth_verifier=", "what was typed over"),
    ("code_verifier=", "the verifier of PKCE"),
    ("dBjftJeZ4CVP", "the verifier of PKCE"),
    ("csrf=", "the token of a page"),
    ("0707070707070707", "the secret key of the installation"),
];

/// Sends what is wrong by every way in which it could be right, and expects nothing but a refusal.
fn send_wrong(address: &str, app: &str) {
    let key = |prefix: &str| format!("{prefix}{}", "A1b2C3d4".repeat(7));
    let curl = |arguments: &[&str]| {
        let all = [&["-sS", "-o", "/dev/null", "--max-time", "20", "-w", "%{http_code}"], arguments].concat();
        let said = witness::run("curl", &all);
        assert!(said.starts_with('4') || said == "303", "{arguments:?} was answered {said}");
    };
    let user = format!("{address}/api/user.json");
    for prefix in ["spk_", "sps_", "spx_", "spo_", "spr_", "sp1a_"] {
        curl(&[&user, "-H", &format!("Authorization: Bearer {}", key(prefix))]);
        curl(&[&format!("{address}/api/download/audio-result/{}/x.mp3?bearer_token={}", "0".repeat(22), key(prefix))]);
        curl(&[&user, "-u", &format!("ada:{}", key(prefix))]);
        curl(&[&format!("{address}/productions"), "-b", &format!("soundpost={}", key(prefix))]);
        let token = format!("{address}/oauth2/token/");
        curl(&[
            &token,
            "-u",
            &format!("{app}:{}", key("spx_")),
            "-d",
            &format!("grant_type=refresh_token&refresh_token={}", key(prefix)),
        ]);
        curl(&[
            &token,
            "-d",
            &format!(
                "grant_type=authorization_code&client_id={app}&client_secret={}&code={}",
                key("spx_"),
                key("spc_")
            ),
        ]);
        curl(&[&token, "-d", &format!("grant_type=password&client_id={app}&username=ada&password={WRONG}")]);
        curl(&[
            &format!("{address}/oauth2/introspect/"),
            "-u",
            &format!("{app}:{}", key("spx_")),
            "-d",
            &format!("token={}", key(prefix)),
        ]);
    }
    curl(&[&user, "-u", &format!("ada:{WRONG}")]);
    curl(&[&format!("{address}/me"), "-u", &format!("ada:{PASSWORD}")]);
    let plaintext = format!(
        "oauth_consumer_key={app}&oauth_signature_method=PLAINTEXT&oauth_signature={}%26{}&oauth_timestamp=1&oauth_nonce=1&oauth_token={}",
        key("spx_"),
        key("sp1s_"),
        key("sp1a_")
    );
    curl(&[&format!("{address}/me?{plaintext}")]);
    curl(&[&format!("{address}/oauth/access_token"), "-d", &format!("{plaintext}&oauth_verifier={}", key("sp1v_"))]);
    let data = format!("{{\"data\": \"eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.{}\"}}", "A".repeat(43));
    curl(&[&format!("{address}/v3/sl/echo"), "-H", "content-type: application/json", "-d", &data]);
}

testkit::both_databases! {
    async fn nothing_that_lets_somebody_in_is_in_the_log(database: &Database) {
        let premises = Premises::new(database).with("SOUNDPOST_LOG", "trace,sqlx=trace,sea_orm=trace").with("SOUNDPOST_DEVELOPMENT_ECHO_CALLS", "on");
        let key = premises.account("ada");
        let app = premises.app("ada", "Podhost");
        let server = premises.serve(&[]);
        let (address, talk) = (premises.address(), premises.folder().join("talk.wav"));
        std::fs::write(&talk, recording(0.2)).unwrap_or_default();

        // What is right, by every client of other people that there is here.
        let person = Person::sign_in(&premises, "ada");
        for (program, name) in [("node", "oauth4webapi.mjs"), ("ruby", "oauth.rb")] {
            person.attend(Command::new(program).arg(script(name)).args([&address, "ada", &app.id, &app.secret]));
        }
        witness::run("python3", &[&script("oauth.py"), &address, "ada", PASSWORD, &app.id, &app.secret]);
        witness::run("python3", &[&script("batch_upload.py"), &address, "ada", PASSWORD, &key, witness::text(&talk)]);
        witness::run("node", &[&script("jsonwebtoken.cjs"), &address, &app.id, &app.secret]);
        send_wrong(&address, &app.id);

        let log = server.log();
        let answered = log.lines().filter(|line| line.contains(r#""message":"answered""#)).count();
        assert!(answered > 150 && log.contains(r#""level":"DEBUG""#), "the log says too little: {answered} answers");
        for (text, what) in NEVER {
            let found = log.lines().find(|line| line.contains(text));
            assert!(found.is_none(), "the log has {what} in it: {}", found.unwrap_or_default());
        }
    }
}
