//! How many cases each module has, how many of them are failures, in how many our check run alone says more than
//! ansible-core's, and in how many we differ from it otherwise; the rest agrees, in per cent of the cases.

use std::{collections::BTreeMap, io::Write};

use serde_json::Value;

use crate::{case::Case, recording};

/// The argument that asks for it.
pub const ARGUMENT: &str = "--agreement";

#[derive(Default)]
struct Row {
    cases: usize,
    recorded: usize,
    failures: usize,
    predicted: usize,
    differing: usize,
}

/// Prints a table, a line for each module, and the sum.
pub fn print(cases: &[Case]) -> std::io::Result<()> {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut sum = Row::default();
    for case in cases {
        let recorded = recording::recorded(case).ok().flatten();
        let fails =
            case.body.contains_key("fails") || recorded.as_ref().is_some_and(|all| all["run"]["failed"] == true);
        let differs = case.body.get("differs").and_then(Value::as_object).is_some_and(|parts| !parts.is_empty());
        let predicts = !differs && case.body.contains_key("predicts");
        for row in [rows.entry(&case.module).or_default(), &mut sum] {
            row.cases += 1;
            row.recorded += usize::from(recorded.is_some());
            row.failures += usize::from(fails);
            row.predicted += usize::from(predicts);
            row.differing += usize::from(differs);
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:<24}{:>7}{:>10}{:>10}{:>10}{:>10}{:>10}",
        "module", "cases", "failures", "recorded", "predict", "differ", "agree"
    )?;
    for (module, row) in rows.iter().map(|(module, row)| (*module, row)).chain([("all", &sum)]) {
        let Row { cases, recorded, failures, predicted, differing } = row;
        let agreeing = 100.0 * (cases - differing) as f64 / *cases as f64;
        writeln!(
            out,
            "{module:<24}{cases:>7}{failures:>10}{recorded:>10}{predicted:>10}{differing:>10}{agreeing:>8.1} %"
        )?;
    }
    Ok(())
}
