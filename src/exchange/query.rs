//! Queries that database crates tell through `tracing`, as steps.

use std::time::Duration;

use super::{Redacted, Step, StepKind, Trail, TrailEvent, Value};

/// How a crate tells of a query that is done.
struct Teller {
    target: &'static str,
    /// Fields with the statement: the first that there is and says something.
    statement: [&'static str; 2],
    /// The field with the seconds it took.
    seconds: &'static str,
    /// Fields with numbers of rows, of which one is zero.
    rows: [&'static str; 2],
}

/// sqlx 0.8 and 0.9, which is also what SeaORM sends its queries with.
const TELLERS: [Teller; 1] = [Teller {
    target: "sqlx::query",
    statement: ["db.statement", "summary"],
    seconds: "elapsed_secs",
    rows: ["rows_returned", "rows_affected"],
}];

/// The queries in a trail, in the order in which they ended.
pub(super) fn steps(trail: &Trail) -> impl Iterator<Item = Step> {
    trail.events().iter().filter_map(|event| {
        let teller = TELLERS.iter().find(|teller| teller.target == event.target)?;
        teller.read(event)
    })
}

impl Teller {
    fn read(&self, event: &TrailEvent) -> Option<Step> {
        let field =
            |name: &str| event.fields.iter().find(|field| field.name == name).map(|field| &field.value);
        let text = |name: &&str| match field(name) {
            Some(Value::Text(text)) => Some(Redacted::in_one_line(text)).filter(|text| !text.is_empty()),
            _ => None,
        };
        let Some(Value::Float(seconds)) = field(self.seconds) else { return None };
        let length = Duration::try_from_secs_f64(*seconds).ok()?;
        let rows = self.rows.iter().filter_map(|name| match field(name) {
            Some(Value::Unsigned(rows)) => Some(*rows),
            _ => None,
        });
        let name = self.statement.iter().find_map(text)?;
        let mut step = Step::new(name, StepKind::Query, event.at.saturating_sub(length), length);
        step.rows = rows.max();
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    /// What is read of an event of this target with these fields, 10 ms after the request came.
    fn read(target: &str, fields: Json) -> Vec<Step> {
        let event = json!({"at_ms": 10.0, "level": "DEBUG", "target": target, "fields": fields});
        let trail = Trail::read(vec![serde_json::from_value(event).unwrap()], 0, None);
        steps(&trail).collect()
    }

    #[test]
    fn a_query_is_told_by_its_statement_on_one_line() {
        let told = read(
            "sqlx::query",
            json!({
                "summary": "SELECT name FROM articles …",
                "db.statement": "\n\nSELECT name\n  FROM articles WHERE id = ?\n",
                "rows_affected": 0, "rows_returned": 3, "elapsed": "2.5ms", "elapsed_secs": 0.0025,
            }),
        );
        let [step] = told.as_slice() else { panic!("{told:#?}") };
        assert_eq!(
            (step.name.as_str(), step.kind),
            ("SELECT name FROM articles WHERE id = ?", StepKind::Query)
        );
        assert_eq!((step.start.as_micros(), step.length.as_micros(), step.rows), (7_500, 2_500, Some(3)));
        let short = read(
            "sqlx::query",
            json!({"summary": "DELETE FROM orders", "db.statement": "", "rows_affected": 2, "rows_returned": 0, "elapsed_secs": 1.0}),
        );
        assert_eq!((short[0].name.as_str(), short[0].rows), ("DELETE FROM orders", Some(2)));
        assert_eq!(short[0].start, Duration::ZERO, "one that began before the request");
    }

    #[test]
    fn what_is_no_query_gives_no_step() {
        let fields = json!({"summary": "COMMIT", "elapsed_secs": 0.5});
        assert_eq!(read("sqlx::query", fields.clone()).len(), 1);
        assert_eq!(read("sqlx::query_as", fields).len(), 0);
        for broken in [
            json!({}),
            json!({"summary": "COMMIT"}),
            json!({"elapsed_secs": 0.5}),
            json!({"summary": "", "db.statement": " \n", "elapsed_secs": 0.5}),
            json!({"summary": "COMMIT", "elapsed_secs": -1.0}),
            json!({"summary": "COMMIT", "elapsed_secs": null}),
            json!({"summary": "COMMIT", "elapsed_secs": 1e300}),
            json!({"summary": 7, "elapsed_secs": "0.5"}),
        ] {
            assert_eq!(read("sqlx::query", broken.clone()).len(), 0, "{broken}");
        }
    }
}
