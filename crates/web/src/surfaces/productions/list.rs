//! `GET /api/productions.json`: productions of the caller, newest first.

use std::collections::HashMap;

use app::Page;
use axum::extract::{RawQuery, State};
use wire::productions::{
    Detail, Listed, ListedProduction, Listing, MinimalProduction, Production, ProductionListReply,
};

use super::admit::Asking;
use super::reply::{Refusals, Reply, reply};
use super::simple::pairs;
use crate::settings::Web;

/// Productions of the caller, newest first.
#[utoipa::path(
    get,
    path = "/api/productions.json",
    operation_id = "production_list",
    tag = "productions",
    params(
        ("limit" = Option<u32>, Query, description = "At most so many, 1 000 if nothing is said."),
        ("offset" = Option<u32>, Query, description = "So many passed over before."),
        ("uuids_only" = Option<bool>, Query, description = "Only uuids."),
        ("minimal_data" = Option<bool>, Query, description = "Only what a list on a screen needs."),
    ),
    responses((status = 200, description = "Productions.", body = ProductionListReply), Refusals)
)]
pub(super) async fn get(
    State(web): State<Web>,
    Asking(caller): Asking,
    RawQuery(query): RawQuery,
) -> Reply<Vec<ListedProduction>> {
    let Listing { limit, offset, detail } = listing(query)?;
    let page = Page { limit: limit.into(), offset: offset.into() };
    let productions = web.app().productions().list(&caller, page).await?;
    let published = productions.iter().filter(|production| !production.draft.services.is_empty());
    let published: Vec<_> = published.map(|production| production.id).collect();
    let beside = if detail == Detail::Full && !published.is_empty() {
        web.app().services().beside(caller.account.id, &published).await?
    } else {
        HashMap::new()
    };
    let services = |id| beside.get(id).map_or(&[][..], Vec::as_slice);
    let listed = productions.iter().map(|production| match detail {
        Detail::Full => {
            let shown = Production::of(production, &[], &web).with_services(services(&production.id));
            Listed::Full(Box::new(shown))
        }
        Detail::Minimal => Listed::Minimal(MinimalProduction::of(production, &web)),
        Detail::Uuid => Listed::Uuid(production.id.to_string()),
    });
    reply(listed.collect())
}

/// Reads the query of a listing.
pub(super) fn listing(query: Option<String>) -> Result<Listing, wire::productions::FormErrors> {
    let pairs = pairs(query.unwrap_or_default().as_bytes());
    Listing::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}
