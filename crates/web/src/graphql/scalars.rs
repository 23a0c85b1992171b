//! Ids, moments and parts of lists as they cross the wire.

use std::fmt::Display;
use std::str::FromStr;

use app::{AppError, Page};
use async_graphql::{ID, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use model::Time;
use wire::narration::{iso, moment};

use super::refused;

/// Rows of a list at most, and where nothing is said.
const MOST_ROWS: i32 = 100;
const USUAL_ROWS: i32 = 20;

/// Reads an id; one that is none is that of nothing.
pub(super) fn read<T: FromStr>(id: &ID, what: &'static str) -> async_graphql::Result<T> {
    id.parse().map_err(|_| refused(AppError::NotFound(what)))
}

pub(super) fn id(id: &impl Display) -> ID {
    ID(id.to_string())
}

/// A moment in UTC, in the form of ISO 8601 with milliseconds: `2026-11-26T09:30:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(pub(super) Time);

#[Scalar(name = "DateTime")]
impl ScalarType for Moment {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let wrong = || InputValueError::custom(format!("“{text}” is no moment. Write one as 2026-11-26T09:30:00Z."));
        moment(text).map(Self).ok_or_else(wrong)
    }

    fn to_value(&self) -> Value {
        Value::String(iso(self.0))
    }
}

impl From<Time> for Moment {
    fn from(time: Time) -> Self {
        Self(time)
    }
}

/// How much a list may cost, by how many rows were asked for.
pub(super) fn rows(first: Option<i32>) -> usize {
    usize::try_from(first.unwrap_or(USUAL_ROWS).clamp(1, MOST_ROWS)).unwrap_or(1)
}

/// Where a part of a list begins, and how long it may be.
pub(super) fn page(first: Option<i32>, offset: Option<i32>) -> async_graphql::Result<Page> {
    let first = first.unwrap_or(USUAL_ROWS);
    if !(1..=MOST_ROWS).contains(&first) {
        let message = format!("Ask for 1 to {MOST_ROWS} at once; this is {first}.");
        return Err(refused(AppError::invalid("first", message)));
    }
    let wrong = || refused(AppError::invalid("offset", "Begin at 0 or later."));
    let offset = u64::try_from(offset.unwrap_or(0)).map_err(|_| wrong())?;
    Ok(Page { limit: rows(Some(first)) as u64, offset })
}

/// A part of a list that is at hand.
pub(super) fn part<T>(
    list: Vec<T>,
    first: Option<i32>,
    offset: Option<i32>,
) -> async_graphql::Result<impl Iterator<Item = T>> {
    let page = page(first, offset)?;
    let clamped = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(list.into_iter().skip(clamped(page.offset)).take(clamped(page.limit)))
}
