//! `GET /api/user.json`: the account that asks.

use app::Scope;
use wire::productions::{Envelope, User};

use super::admit::Asking;
use super::reply::{Refusals, Reply, reply};

/// The account that asks.
#[utoipa::path(
    get,
    path = "/api/user.json",
    operation_id = "user_find",
    tag = "account",
    responses((status = 200, description = "The account.", body = Envelope<User>), Refusals)
)]
pub(super) async fn get(Asking(caller): Asking) -> Reply<User> {
    caller.may(Scope::Profile)?;
    reply(User::from(&*caller.account))
}
