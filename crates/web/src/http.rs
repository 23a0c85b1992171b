//! HTTP as such: what every surface needs and none owns.

pub(crate) mod body;
pub(crate) mod ceilings;
pub(crate) mod forwarded;
pub(crate) mod measure;
pub(crate) mod percent;
pub(crate) mod problem;
pub(crate) mod range;
pub(crate) mod rate;
pub(crate) mod request_id;
pub(crate) mod share;
pub(crate) mod slash;
pub(crate) mod stored;
