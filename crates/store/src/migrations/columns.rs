//! What tables are made of, so that every column of one kind is the same on both databases.

use sea_orm_migration::prelude::*;

pub(super) fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).take()
}

pub(super) fn index(table: &'static str, name: &'static str) -> IndexCreateStatement {
    Index::create().name(name).table(table).take()
}

pub(super) fn reference(
    from: &'static str,
    column: &'static str,
    to: &'static str,
    removed: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(format!("{from}_{column}")).from(from, column).to(to, "id").on_delete(removed).take()
}

pub(super) fn id() -> ColumnDef {
    text("id").primary_key().take()
}

pub(super) fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

pub(super) fn optional_text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().null().take()
}

pub(super) fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

pub(super) fn optional_number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
}

pub(super) fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().take()
}

pub(super) fn optional_flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().null().take()
}

pub(super) fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().not_null().take()
}

pub(super) fn document(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().not_null().take()
}

pub(super) fn optional_bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().null().take()
}

pub(super) fn optional_document(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().null().take()
}
