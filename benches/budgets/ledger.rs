//! The budgets, which stand in one file, and what things have cost from one version to the next, in another.

use std::{collections::BTreeMap, fmt::Write as _, fs, process::Command};

use crate::{Result, count::Cost};

const BUDGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/budgets.tsv");
const TREND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/trend.tsv");
/// How far a cost may be from its budget.
const MARGIN: f64 = 0.05;
/// What is not worth a word, however small the budget: counts differ by so much.
const NOISE: f64 = 0.3;

const HEAD: &str = "\
# What things may cost, once, and a twentieth more; see benches/budgets.sh. Made by `benches/budgets.sh --renew`.
# case\tinstructions\tallocations
";

/// The budgets by case.
pub(crate) fn budgets() -> Result<BTreeMap<String, Cost>> {
    let text = fs::read_to_string(BUDGETS)?;
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [case, instructions, allocations] = columns.as_slice() else {
                return Err(format!("{BUDGETS}: {line:?} is not a case and two numbers").into());
            };
            let cost = Cost { instructions: instructions.parse()?, allocations: allocations.parse()? };
            Ok(((*case).to_owned(), cost))
        })
        .collect()
}

/// A cost that is far from its budget.
pub(crate) struct Wrong {
    pub(crate) told: String,
    pub(crate) is_over: bool,
}

pub(crate) fn judge(case: &str, what: &str, cost: f64, budget: f64) -> Option<Wrong> {
    let most = budget + (budget * MARGIN).max(NOISE);
    let least = budget - (budget * MARGIN).max(NOISE);
    let told = if cost > most {
        format!(
            "failed: {case}: {cost:.1} {what}, {most:.1} are allowed. Where they go: benches/budgets.sh {case:?}. \
             Where that is meant: benches/budgets.sh --renew"
        )
    } else if cost < least {
        format!("{case}: {cost:.1} {what}, the budget is {budget:.1}. Lower it: benches/budgets.sh --renew")
    } else {
        return None;
    };
    Some(Wrong { told, is_over: cost > most })
}

/// Writes all budgets anew, and a line for each case to the trend.
pub(crate) fn renew(costs: &[(&str, Cost)]) -> Result<()> {
    let commit = git(&["describe", "--always", "--dirty=+"])?;
    let date = git(&["log", "-1", "--format=%cs"])?;
    let mut budgets = String::from(HEAD);
    let mut trend = fs::read_to_string(TREND)?;
    for (case, Cost { instructions, allocations }) in costs {
        // No minus in front of nothing.
        let allocations = (allocations * 100.0).round() / 100.0 + 0.0;
        let figures = format!("{case}\t{instructions:.0}\t{allocations:.2}");
        writeln!(budgets, "{figures}")?;
        writeln!(trend, "{date}\t{}\t{commit}\tbudgets\t{figures}", env!("CARGO_PKG_VERSION"))?;
    }
    fs::write(BUDGETS, budgets)?;
    fs::write(TREND, trend)?;
    print!("{}", fs::read_to_string(BUDGETS)?);
    Ok(())
}

fn git(arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output()?;
    let told = String::from_utf8(output.stdout)?.trim().to_owned();
    Ok(if told.is_empty() { "-".to_owned() } else { told })
}
