//! `GET /api/presets.json`: presets of the caller, newest first.

use app::Page;
use axum::extract::{RawQuery, State};
use wire::productions::{Detail, Listed, ListedPreset, Listing, MinimalPreset, Preset, PresetListReply};

use super::admit::Asking;
use super::list::listing;
use super::reply::{Refusals, Reply, reply};
use crate::settings::Web;

/// Presets of the caller, newest first.
#[utoipa::path(
    get,
    path = "/api/presets.json",
    operation_id = "preset_list",
    tag = "presets",
    params(
        ("limit" = Option<u32>, Query, description = "At most so many, 1 000 if nothing is said."),
        ("offset" = Option<u32>, Query, description = "So many passed over before."),
        ("uuids_only" = Option<bool>, Query, description = "Only uuids."),
        ("minimal_data" = Option<bool>, Query, description = "Only what a list on a screen needs."),
    ),
    responses((status = 200, description = "Presets.", body = PresetListReply), Refusals)
)]
pub(super) async fn get(
    State(web): State<Web>,
    Asking(caller): Asking,
    RawQuery(query): RawQuery,
) -> Reply<Vec<ListedPreset>> {
    let Listing { limit, offset, detail } = listing(query)?;
    let page = Page { limit: limit.into(), offset: offset.into() };
    let presets = web.app().presets().list(&caller, page).await?;
    let listed = presets.iter().map(|preset| match detail {
        Detail::Full => Listed::Full(Box::new(Preset::of(preset, &[], &web))),
        Detail::Minimal => Listed::Minimal(MinimalPreset::from(preset)),
        Detail::Uuid => Listed::Uuid(preset.id.to_string()),
    });
    reply(listed.collect())
}
