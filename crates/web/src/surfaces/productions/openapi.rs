//! The API described in OpenAPI 3.1.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::{Modify, OpenApi};
use wire::productions::{Envelope, MinimalPreset, MinimalProduction, Nothing};

use super::reply::Refusals;

/// The description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Soundpost: productions",
        description = "Recordings in, mastered and tagged files out. The API of Auphonic, so that its clients work when only \
                       their base address is changed; what goes beyond it is marked by its tag.",
        version = "1",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        super::simple::post,
        super::list::get,
        super::create::post,
        super::details::get,
        super::update::post,
        super::remove::delete,
        super::upload::post,
        super::start::post,
        super::stop::post,
        super::publish::post,
        super::status::get,
        super::events::get,
        super::clear::chapters,
        super::clear::output_files,
        super::clear::outgoing_services,
        super::clear::multi_input_file,
        super::resumable::options,
        super::resumable::post,
        super::resumable::head,
        super::resumable::patch,
        super::resumable::delete,
        super::preset_list::get,
        super::preset_create::post,
        super::preset_details::get,
        super::preset_update::post,
        super::preset_remove::delete,
        super::preset_upload::post,
        super::preset_webhook::get,
        super::preset_webhook::post,
        super::preset_webhook::delete,
        super::service_connect::post,
        super::service_list::get,
        super::service_files::get,
        super::service_remove::delete,
        super::store_add::post,
        super::store_change::post,
        super::store_check::post,
        super::deliveries::get,
        super::user::get,
        super::info::all,
        super::info::algorithms,
        super::info::file_endings,
        super::info::output_files,
        super::info::production_status,
        super::info::service_types,
        super::download::result,
        super::download::production_cover,
        super::download::preset_cover,
    ),
    components(schemas(Envelope<Nothing>, MinimalProduction, MinimalPreset)),
    modifiers(&Shared),
    tags(
        (name = "productions", description = "Pieces of audio being made."),
        (name = "presets", description = "Named sets of a production's settings."),
        (name = "services", description = "Where recordings come from and productions go to: apps and stores; and who was told what."),
        (name = "files", description = "Results and pictures."),
        (name = "uploads", description = "Uploads that go on where the line broke: tus 1.0. Ours."),
        (name = "account", description = "Who asks."),
        (name = "info", description = "What can be asked for; readable without credentials."),
    )
)]
struct Description;

/// The description as it is served and committed, pretty.
pub(crate) fn json() -> String {
    Description::openapi().to_pretty_json().unwrap_or_default()
}

/// What operations have in common: the ways to say who one is, and refusals.
struct Shared;

impl Modify for Shared {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        components.add_security_scheme("basic", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)));
        for (name, response) in Refusals::described() {
            components.responses.insert(name.to_owned(), response.into());
        }
        let described = "An API key in the address; only for files, where players cannot send headers.";
        let key = ApiKeyValue::with_description("bearer_token", described);
        components.add_security_scheme("bearer_token", SecurityScheme::ApiKey(ApiKey::Query(key)));
        let none: [String; 0] = [];
        let ways = ["bearer", "basic"].map(|name| SecurityRequirement::new(name, none.clone()));
        openapi.security = Some(ways.to_vec());
    }
}
