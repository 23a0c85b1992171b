//! Tables: which of them hold data, and what stands in their cells.
//!
//! What belongs here: rows and columns. How a cell is read is told by `blocks`.

use crate::clutter::Page;
use crate::text::tidied;
use crate::tree::Id;

/// Cells of a row, at the most; what is wider is cut.
const MOST_COLUMNS: usize = 64;

/// Rows of a table, at the most; what is longer is cut.
const MOST_ROWS: usize = 500;

/// Bytes of a cell that is said again in each row it hangs down into. Only names of rows hang, and they are short.
const LONGEST_HANGING: usize = 60;

/// Letters of a cell that is still one piece of data, on the average.
const LONGEST_CELL: usize = 120;

/// Whether a table holds data, and does not only put things beside each other.
pub(crate) fn holds_data(page: &Page<'_>, table: Id) -> bool {
    let tree = page.tree;
    let role = tree.attribute(table, "role").unwrap_or_default();
    if matches!(role, "presentation" | "none") {
        return false;
    }
    let rows = rows_of(page, table);
    let widest = rows.iter().map(|row| cells_of(page, *row).len()).max().unwrap_or(0);
    let inside = |names: &[&str]| tree.within(table).skip(1).any(|id| names.contains(&tree.name(id)) && !page.gone[id]);
    if rows.len() < 2 || widest < 2 || inside(&["table", "h1", "h2", "h3", "blockquote", "pre", "figure", "form"]) {
        return false;
    }
    if inside(&["th", "caption", "thead"]) || matches!(role, "table" | "grid") {
        return true;
    }
    let cells: Vec<Id> = rows.iter().flat_map(|row| cells_of(page, *row)).collect();
    let filled = cells.iter().filter(|cell| page.letters[**cell] > 0).count();
    let several = |cell: &Id| tree.within(*cell).filter(|id| tree.name(*id) == "p").count() > 1;
    filled * 2 > cells.len() && page.letters[table] <= LONGEST_CELL * filled && !cells.iter().any(several)
}

/// The cells of a table, row by row. A cell that is several columns wide is followed by empty ones; one that is
/// several rows high stands in each of them, if it names them.
pub(crate) fn rows(page: &Page<'_>, table: Id, read: impl Fn(Id) -> String) -> Vec<Vec<String>> {
    let tree = page.tree;
    let span =
        |cell, name| tree.attribute(cell, name).and_then(|span| span.trim().parse::<usize>().ok()).unwrap_or(1).max(1);
    let mut rows = Vec::new();
    // Of each column, what hangs down into this row, and for how many rows.
    let mut hanging: Vec<(usize, String)> = Vec::new();
    for row in rows_of(page, table).into_iter().take(MOST_ROWS) {
        let mut cells: Vec<String> = Vec::new();
        let from_above = |cells: &mut Vec<String>, hanging: &mut Vec<(usize, String)>| {
            while let Some((rows, text)) = hanging.get_mut(cells.len()).filter(|(rows, _)| *rows > 0) {
                *rows -= 1;
                cells.push(text.clone());
            }
        };
        for cell in cells_of(page, row) {
            from_above(&mut cells, &mut hanging);
            let text = tidied(&read(cell));
            let high = span(cell, "rowspan").min(MOST_ROWS);
            for column in 0..span(cell, "colspan").min(MOST_COLUMNS) {
                if cells.len() >= MOST_COLUMNS {
                    break;
                }
                let text = if column == 0 { text.clone() } else { String::new() };
                if high > 1 {
                    hanging.resize(hanging.len().max(cells.len() + 1), (0, String::new()));
                    if let Some(place) = hanging.get_mut(cells.len()) {
                        let names = column == 0 && cells.is_empty() && text.len() <= LONGEST_HANGING;
                        *place = (high - 1, if names { text.clone() } else { String::new() });
                    }
                }
                cells.push(text);
            }
        }
        from_above(&mut cells, &mut hanging);
        let filled = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        if filled > 0 {
            cells.truncate(filled);
            cells.shrink_to_fit();
            rows.push(cells);
        }
    }
    rows
}

fn rows_of(page: &Page<'_>, table: Id) -> Vec<Id> {
    let tree = page.tree;
    let of = |id: Id, names: &'static [&'static str]| {
        tree.children(id).filter(move |id| names.contains(&tree.name(*id)) && !page.gone[*id])
    };
    // The parser puts rows into a body, so there are none directly in a table.
    of(table, &["thead", "tbody", "tfoot"]).flat_map(|part| of(part, &["tr"])).collect()
}

fn cells_of(page: &Page<'_>, row: Id) -> Vec<Id> {
    page.tree.children(row).filter(|id| matches!(page.tree.name(*id), "td" | "th") && !page.gone[*id]).collect()
}
