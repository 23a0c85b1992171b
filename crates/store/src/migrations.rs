//! How the schema came to be, step by step, for both databases at once.
//!
//! A migration that was released is never changed. A new one first only adds (*expand*), so that the program of the day before
//! still runs on it; what nobody reads any more goes in a later release (*contract*). A name begins with the moment it was
//! written, and that is the order in which they run.

mod columns;
mod m20261125_180000_first_schema;
mod m20261125_220000_identity;
mod m20261125_230000_account_safety;
mod m20261126_010000_deliveries;
mod m20261126_040000_stores;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// All of them.
pub(crate) struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261125_180000_first_schema::Migration),
            Box::new(m20261125_220000_identity::Migration),
            Box::new(m20261125_230000_account_safety::Migration),
            Box::new(m20261126_010000_deliveries::Migration),
            Box::new(m20261126_040000_stores::Migration),
        ]
    }
}
