//! Taking everything along, and going: what is handed out is the caller's, and what is left afterwards is nothing.

use app::AppError;
use app::accounts::NewAccount;
use app::leaving::Piece;
use app::productions::NewProduction;
use model::production::{Edit, Input};
use testkit::house::{HERE, House, PASSWORD};

use crate::{browser, content, files_below, upload};

testkit::both_databases! {
    async fn an_export_has_everything_of_the_account_and_nothing_else(database: &Database) {
        let house = House::open(database);
        let (by_key, key) = house.account("ada").await;
        let (eve, _) = house.account("eve").await;
        let ada = browser(&house, "ada").await;
        for caller in [&by_key, &eve] {
            let file = upload(&house.app, caller, b"RIFF of somebody").await;
            let edit = Edit { input: Some(Input::File(file)), ..Edit::default() };
            house.app.productions().create(caller, NewProduction { edit, ..NewProduction::default() }).await.unwrap();
        }
        let fresh = house.app.sessions().fresh(&ada).await.unwrap();
        let mut pieces = house.app.leaving().begin_export(&fresh, HERE).await.unwrap();
        let (found, more) = house.app.leaving().go_on_exporting(&ada, 0).await.unwrap();
        assert_eq!(found, 1);
        pieces.extend(more);
        assert_eq!(house.app.leaving().go_on_exporting(&ada, found).await.unwrap(), (0, Vec::new()));
        let mut names = Vec::new();
        for piece in &pieces {
            match piece {
                Piece::Document { name, bytes } => {
                    let text = String::from_utf8(bytes.clone()).unwrap();
                    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{name}");
                    assert!(!text.contains(&key) && !text.contains("argon2") && !text.contains("eve@example.org"), "{name}: {text}");
                    names.push(name.clone());
                }
                Piece::File { name, key, size } => {
                    assert_eq!(content(&house.app, key).await.unwrap().len() as u64, *size);
                    names.push(name.clone());
                }
            }
        }
        assert!(names.iter().any(|name| name == "account.json") && names.iter().any(|name| name.ends_with("/original/talk.wav")), "{names:?}");
    }

    async fn whoever_goes_leaves_nothing(database: &Database) {
        let house = House::open(database);
        let (by_key, key) = house.account("ada").await;
        let (eve, _) = house.account("eve").await;
        for caller in [&by_key, &eve] {
            let file = upload(&house.app, caller, b"RIFF").await;
            let edit = Edit { input: Some(Input::File(file)), ..Edit::default() };
            let new = NewProduction { edit, start: true, ..NewProduction::default() };
            house.app.productions().create(caller, new).await.unwrap();
        }
        let ada = browser(&house, "ada").await;
        let fresh = house.app.sessions().fresh(&ada).await.unwrap();
        let much = house.app.leaving().belongings(&fresh).await.unwrap();
        assert_eq!((much.productions, much.files, much.bytes, much.keys), (1, 1, 4, 1));
        house.app.leaving().remove(&fresh, HERE).await.unwrap();
        assert!(house.app.accounts().find("ada").await.is_err());
        assert!(house.app.callers().by_key(&key, HERE).await.is_err());
        assert!(house.app.accounts().sign_in("ada", PASSWORD, HERE).await.is_err());
        house.app.sweeps().sweep().await.unwrap();
        assert_eq!(files_below(&house.folder().join("files")), 1, "eve's is there");
        assert_eq!(house.app.productions().count(&eve).await.unwrap(), 1);
        let counts = store::jobs::counts(database.store(), house.app.now()).await.unwrap();
        assert_eq!(counts.ready, 1, "nothing is made for nobody");
    }

    async fn the_last_one_who_runs_the_house_stays(database: &Database) {
        let house = House::open(database);
        let admin = |name: &str| NewAccount { username: name.to_owned(), email: String::new(), password: PASSWORD.to_owned(), is_admin: true };
        house.app.accounts().create(admin("root")).await.unwrap();
        let root = browser(&house, "root").await;
        let fresh = house.app.sessions().fresh(&root).await.unwrap();
        assert!(matches!(house.app.leaving().remove(&fresh, HERE).await, Err(AppError::Conflict(_))));
        house.app.accounts().create(admin("other")).await.unwrap();
        house.app.leaving().remove(&fresh, HERE).await.unwrap();
    }
}
