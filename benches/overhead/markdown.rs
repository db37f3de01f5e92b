//! Tables, in Markdown.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

use crate::Result;

/// The head of a table.
pub(crate) fn head(first: &str, columns: &[&str]) -> Result<()> {
    line(first, columns)?;
    let mut out = io::stdout().lock();
    writeln!(out, "|---|{}", "---:|".repeat(columns.len()))?;
    Ok(())
}

/// A row.
pub(crate) fn line(first: &str, cells: &[impl Display]) -> Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "| {first} |")?;
    for cell in cells {
        write!(out, " {cell} |")?;
    }
    writeln!(out)?;
    Ok(())
}

/// A difference, with its sign.
#[allow(dead_code, reason = "not every bench has differences")]
pub(crate) fn more(figure: f64, digits: usize) -> String {
    let text = number(figure.abs(), digits);
    if figure < 0.0 && text.contains(|digit: char| digit.is_ascii_digit() && digit != '0') {
        format!("-{text}")
    } else {
        format!("+{text}")
    }
}

/// With a comma for each thousand.
pub(crate) fn number(figure: f64, digits: usize) -> String {
    let text = format!("{figure:.digits$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}
