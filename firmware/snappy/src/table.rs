//! Aligned columns. Called by the verbs that list things.

use std::iter::zip;

/// Renders the rows below one another: columns as wide as their widest cell, two
/// spaces apart, no space at the end of a line.
pub(crate) fn render<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or(0));
    rows.iter().map(|row| render_row(row, &widths)).collect()
}

fn render_row(row: &[String], widths: &[usize]) -> String {
    let cells: Vec<String> = zip(row, widths)
        .map(|(cell, width)| format!("{cell:width$}"))
        .collect();
    format!("{}\n", cells.join("  ").trim_end())
}

#[cfg(test)]
mod tests {
    use super::render;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows =
            [["Part", "Active"], ["system", "*"], ["a", ""]].map(|row| row.map(String::from));
        assert_eq!(render(&rows), "Part    Active\nsystem  *\na\n");
    }

    #[test]
    fn nothing_renders_as_nothing() {
        assert_eq!(render::<3>(&[]), "");
    }
}
