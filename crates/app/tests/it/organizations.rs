//! Organizations: keys and their time, domains, members, and what belongs to nobody else.

use std::time::Duration;

use app::organizations::{By, Details};
use app::{AppError, Operator};
use model::organization::Role;
use testkit::house::House;

/// What a refusal says, in a word.
#[expect(clippy::needless_pass_by_value, reason = "it is what a verb gives")]
fn word<T>(refused: Result<T, AppError>) -> &'static str {
    match refused {
        Ok(_) => "taken",
        Err(AppError::Unauthenticated(_)) => "unauthenticated",
        Err(AppError::Forbidden(_)) => "forbidden",
        Err(AppError::NotFound(_)) => "not found",
        Err(AppError::Conflict(_)) => "conflict",
        Err(AppError::Invalid(_)) => "invalid",
        Err(_) => "else",
    }
}

testkit::both_databases! {
    async fn a_key_is_made_anew_with_and_without_grace(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let (by, organizations) = (By::Admin(&ada), house.app.organizations());
        let id = organizations.create(&ada, " Tide   News ").await.unwrap().id;
        assert_eq!(organizations.find(&ada, id).await.unwrap().organization().name, "Tide News");
        assert_eq!(word(organizations.regenerate_key(by, id, true).await), "conflict");
        let first = organizations.generate_key(by, id).await.unwrap();
        assert!(first.key.public.starts_with("pk_live_") && first.private.reveal().starts_with("sk_live_"));
        let works = async |key: &protocols::Key| word(organizations.by_private_key(key.reveal()).await);
        assert_eq!(works(&first.private).await, "taken");

        // With grace both work for a day, and embeds go on with the same public half.
        let second = organizations.regenerate_key(by, id, false).await.unwrap();
        assert_eq!(second.key.public, first.key.public);
        house.clock.pass(Duration::from_hours(23));
        assert_eq!((works(&first.private).await, works(&second.private).await), ("taken", "taken"));
        house.clock.pass(Duration::from_hours(2));
        assert_eq!((works(&first.private).await, works(&second.private).await), ("unauthenticated", "taken"));

        // At once only the new one does, those within their grace included.
        let third = organizations.regenerate_key(by, id, false).await.unwrap();
        let fourth = organizations.regenerate_key(by, id, true).await.unwrap();
        for (key, said) in [(&second, "unauthenticated"), (&third, "unauthenticated"), (&fourth, "taken")] {
            assert_eq!(works(&key.private).await, said);
        }
        // Another pair that was revoked stays so: it is the newest of those that work that is replaced.
        let other = organizations.generate_key(by, id).await.unwrap();
        organizations.revoke_key(by, id, other.key.id).await.unwrap();
        let fifth = organizations.regenerate_key(by, id, true).await.unwrap();
        assert_eq!((&fifth.key.public, works(&fourth.private).await), (&first.key.public, "unauthenticated"));
        assert_eq!(word(organizations.by_public_key(&other.key.public, Some("x.example")).await), "unauthenticated");
        organizations.revoke_key(by, id, fifth.key.id).await.unwrap();
        assert_eq!(works(&fifth.private).await, "unauthenticated");
        assert_eq!(word(organizations.regenerate_key(by, id, true).await), "conflict");
        assert_eq!(word(organizations.by_public_key(&first.key.public, Some("x.example")).await), "unauthenticated");
        // Of a private half nothing is kept that could be used.
        assert!(organizations.keys(by, &[id]).await.unwrap().iter().all(|key| key.hint.len() == 12));
        assert_eq!(word(organizations.by_private_key(&fourth.key.public).await), "forbidden");
        assert_eq!(word(organizations.by_private_key("sk_live_x").await), "unauthenticated");
    }

    async fn a_public_key_is_good_on_allowed_domains_only(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let (by, organizations) = (By::Admin(&ada), house.app.organizations());
        let id = organizations.create(&ada, "Tide News").await.unwrap().id;
        let key = organizations.generate_key(by, id).await.unwrap().key.public;
        assert_eq!(word(organizations.add_domain(by, id, "https://tides.example").await), "invalid");
        let first = organizations.add_domain(by, id, "Tides.example").await.unwrap();
        assert_eq!(organizations.add_domain(by, id, "tides.example").await.unwrap().id, first.id);
        organizations.add_domain(by, id, "*.tides.example").await.unwrap();
        for (host, said) in [
            (Some("tides.example"), "taken"),
            (Some("www.tides.example"), "taken"),
            (Some("a.b.tides.example"), "taken"),
            (Some("xtides.example"), "forbidden"),
            (Some("tides.example:8080"), "forbidden"),
            (None, "forbidden"),
        ] {
            assert_eq!(word(organizations.by_public_key(&key, host).await), said, "{host:?}");
            let listed = host.is_some() && organizations.is_listed(host.unwrap_or_default()).await.unwrap();
            assert_eq!(listed, said == "taken", "{host:?}");
        }
        organizations.remove_domain(by, id, first.id).await.unwrap();
        assert_eq!(word(organizations.by_public_key(&key, Some("tides.example")).await), "forbidden");
    }

    async fn only_admins_keep_an_organization_and_one_of_them_stays(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let (bob, _) = house.account("bob").await;
        let (eve, _) = house.account("eve").await;
        let organizations = house.app.organizations();
        let id = organizations.create(&ada, "Tide News").await.unwrap().id;
        let invited = organizations.invite(By::Admin(&ada), id, Role::Creator, "Bob at the coast desk").await.unwrap();
        assert_eq!(organizations.invitation(invited.key.reveal()).await.unwrap().0.id, id);
        assert_eq!(organizations.accept(&bob, invited.key.reveal()).await.unwrap().role(), Role::Creator);
        // It is spent.
        assert_eq!(word(organizations.accept(&eve, invited.key.reveal()).await), "not found");
        assert_eq!(word(organizations.generate_key(By::Admin(&bob), id).await), "forbidden");
        assert_eq!(word(organizations.generate_key(By::Admin(&eve), id).await), "not found");
        let page = |page| Details { homepage: Some(page), ..Details::default() };
        let name = Details { name: Some("Mine"), ..Details::default() };
        assert_eq!(word(organizations.update(By::Admin(&bob), id, name).await), "forbidden");
        assert_eq!(word(organizations.update(By::Admin(&ada), id, page("x")).await), "invalid");
        let silent = Details { offers_download: Some(false), ..Details::default() };
        assert!(!organizations.update(By::Admin(&ada), id, silent).await.unwrap().offers_download);
        let renamed = organizations.update(By::Admin(&ada), id, page("https://tides.example")).await.unwrap();
        assert!(!renamed.offers_download, "what is not said stays");
        assert_eq!((renamed.name.as_str(), renamed.homepage.as_deref()), ("Tide News", Some("https://tides.example")));

        let members = organizations.members(&bob, &[id]).await.unwrap();
        let place = |name: &str| members.iter().find(|person| person.account.username.as_str() == name).unwrap().member.id;
        assert_eq!(word(organizations.remove_member(By::Admin(&ada), id, place("ada")).await), "conflict");
        assert_eq!(word(organizations.set_role(By::Admin(&ada), id, place("ada"), Role::Creator).await), "conflict");
        organizations.set_role(By::Admin(&ada), id, place("bob"), Role::Admin).await.unwrap();
        organizations.remove_member(By::Admin(&bob), id, place("ada")).await.unwrap();
        assert_eq!(word(organizations.find(&ada, id).await), "not found");
        // Bob leaves nobody behind.
        assert_eq!(word(organizations.remove_member(By::Admin(&bob), id, place("bob")).await), "conflict");

        let late = organizations.invite(By::Admin(&bob), id, Role::Admin, "").await.unwrap();
        house.clock.pass(Duration::from_hours(8 * 24));
        assert_eq!(word(organizations.accept(&eve, late.key.reveal()).await), "not found");
    }

    async fn an_admin_of_several_says_which_one(database: &Database) {
        let house = House::open(database);
        let (ada, _) = house.account("ada").await;
        let organizations = house.app.organizations();
        assert_eq!(word(organizations.only(&ada).await), "forbidden");
        let id = organizations.create(&ada, "Tide News").await.unwrap().id;
        assert_eq!(organizations.only(&ada).await.unwrap(), id);
        organizations.create(&ada, "Wave News").await.unwrap();
        assert_eq!(word(organizations.only(&ada).await), "invalid");
        assert_eq!(word(organizations.create(&ada, "  ").await), "invalid");
        let operator = Operator::at_the_console();
        assert_eq!(organizations.all(&operator, app::Page::first(9)).await.unwrap().len(), 2);
    }
}
