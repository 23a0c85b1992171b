//! The surface described in OpenAPI 3.1.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// The description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Soundpost: narration",
        description = "Articles in, players out. The API of Audyo, so that its clients work when only their base address is changed; what \
                       goes beyond it says so.",
        version = "1",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(super::create::post, super::find::get, super::player::get, super::editor_url::get),
    modifiers(&Keys),
    tags((name = "narration", description = "Articles that are read aloud."))
)]
struct Description;

/// The description as it is served and committed, pretty.
pub(crate) fn json() -> String {
    Description::openapi().to_pretty_json().unwrap_or_default()
}

/// The two halves of a key.
struct Keys;

impl Modify for Keys {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let basic = |about: &str| {
            let mut scheme = Http::new(HttpAuthScheme::Basic);
            scheme.description = Some(about.to_owned());
            SecurityScheme::Http(scheme)
        };
        components.add_security_scheme(
            "private_key",
            basic("The private half, `sk_live_…`, as user name without a password; from server to server only."),
        );
        components.add_security_scheme(
            "public_key",
            basic("The public half, `pk_live_…`, as user name without a password; from pages of the organization's domains, for reading."),
        );
    }
}
