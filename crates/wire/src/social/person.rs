//! A person, as `/me` and `/users/{id}` show one.

use model::Account;
use serde_json::{Value, json};

use super::Representation;

/// Where things of this surface are.
pub trait Addresses {
    /// A person, for programs.
    fn person(&self, number: u64) -> String;

    /// A person, for people.
    fn person_page(&self, permalink: &str) -> String;

    /// The picture of somebody who has given none.
    fn no_picture(&self) -> String;
}

/// Somebody, in public: what everybody may see, which has no e-mail address in it.
pub fn person(account: &Account, addresses: &impl Addresses) -> Representation {
    let name = account.username.as_str();
    let values = json!({
        "id": account.number,
        "permalink": name,
        "username": name,
        "uri": addresses.person(account.number),
        "permalink_url": addresses.person_page(name),
        "avatar_url": addresses.no_picture(),
        "country": null,
        "full_name": name,
        "city": null,
        "description": null,
        "website": null,
        "website_title": null,
        "online": false,
        "track_count": 0,
        "playlist_count": 0,
        "followers_count": 0,
        "followings_count": 0,
        "public_favorites_count": 0,
    });
    let values = match values {
        Value::Object(values) => values,
        // It is written above as one.
        _ => serde_json::Map::new(),
    };
    Representation { name: "user", values }
}

#[cfg(test)]
mod tests {
    use model::Time;

    use super::super::Form;
    use super::*;

    struct Here;

    impl Addresses for Here {
        fn person(&self, number: u64) -> String {
            format!("https://audio.example/users/{number}")
        }

        fn person_page(&self, permalink: &str) -> String {
            format!("https://audio.example/{permalink}")
        }

        fn no_picture(&self) -> String {
            "https://audio.example/mark.svg".to_owned()
        }
    }

    #[test]
    fn a_person_is_the_same_either_way() -> Result<(), Box<dyn std::error::Error>> {
        let account = Account {
            id: "00000000123456789ABCDE".parse()?,
            number: 42,
            username: "hannes".parse()?,
            email: Some("hannes@example.org".to_owned()),
            is_admin: true,
            created: Time::from_ms(0),
        };
        let person = person(&account, &Here);
        insta::assert_snapshot!("person_json", person.write(Form::Json));
        insta::assert_snapshot!("person_xml", person.write(Form::Xml));
        assert!(!person.write(Form::Json).contains("example.org"));
        Ok(())
    }
}
