use serde_json::{Value, json};

use super::{By, Gathered, Tally};
use crate::{
    Failure,
    args::Options,
    commands::{
        groups::{self, Failures},
        row::short_id,
    },
    term::{Ink, Screen, bar_of, cut, grouped, sparkline},
    time::{self, human, size},
};

/// Rows of a table where nobody says.
const ROWS: usize = 20;
const SPARK: usize = 60;

/// For people.
pub(crate) fn people(
    options: &Options,
    gathered: &Gathered,
    failures: &Failures,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    let all = &gathered.all;
    if all.count == 0 {
        screen.line(Ink::Dim, "no exchanges")?;
        return Ok(());
    }
    head(gathered, screen)?;
    let top = options.top.or(options.lines).unwrap_or(ROWS);
    table(options, gathered, top, screen)?;
    slowest(gathered, top.min(5), screen)?;
    errors(failures, top.min(5), screen)
}

fn head(gathered: &Gathered, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let all = &gathered.all;
    let span = gathered.last.saturating_sub(gathered.first);
    screen.put(Ink::Bold, &grouped(all.count));
    screen.put(Ink::Plain, if all.count == 1 { " exchange" } else { " exchanges" });
    screen.put(Ink::Dim, &format!(" in {}, ", human(span)));
    // Of less than a second it says nothing.
    if gathered.seconds() >= 1.0 {
        screen.put(Ink::Plain, &format!("{:.1}/s", all.count as f64 / gathered.seconds()));
        screen.put(Ink::Dim, ", ");
    }
    let ink = if all.failed > 0 { Ink::Alarm } else { Ink::Green };
    screen.put(ink, &format!("{} failed ({})", grouped(all.failed), percent(all.error_rate())));
    if gathered.bytes > 0 {
        screen.put(Ink::Dim, &format!(", {} answered", size(gathered.bytes)));
    }
    screen.end_line()?;
    screen.line(
        Ink::Dim,
        &format!("{} to {} (UTC)", time::plain(gathered.first), time::plain(gathered.last)),
    )?;
    for (ink, timeline) in [(Ink::Cyan, &gathered.timeline), (Ink::Red, &gathered.failed_timeline)] {
        let counts = timeline.between(gathered.first, gathered.last, SPARK);
        if counts.iter().any(|count| *count > 0) {
            screen.put(ink, &sparkline(&counts));
            let most = counts.iter().max().copied().unwrap_or(0);
            let what = if ink == Ink::Red { "failures" } else { "exchanges" };
            screen.put(Ink::Dim, &format!("  {what}, at most {}", grouped(most)));
            screen.end_line()?;
        }
    }
    for (class, count) in gathered.classes.iter().enumerate().filter(|(_, count)| **count > 0) {
        let name = if class == 0 { "none".to_owned() } else { format!("{class}xx") };
        screen.put(Ink::of_status(class as u16 * 100, class == 0), &name);
        screen.put(Ink::Plain, &format!(" {}  ", grouped(*count)));
    }
    screen.end_line()?;
    let [hits, misses] = gathered.cache;
    if hits + misses > 0 {
        let share = hits as f64 / (hits + misses) as f64;
        screen.line(
            Ink::Plain,
            &format!("cache: {} of {} hit ({})", grouped(hits), grouped(hits + misses), percent(share)),
        )?;
    }
    let [input, output, cached, reasoning] = gathered.tokens;
    if input + output > 0 {
        let text = format!(
            "tokens: {} in ({} cached), {} out ({} reasoning)",
            grouped(input),
            grouped(cached),
            grouped(output),
            grouped(reasoning)
        );
        screen.line(Ink::Plain, &text)?;
    }
    if gathered.open > 0 {
        let ids: Vec<_> = gathered.open_ids.iter().map(|(_, id)| short_id(id)).collect();
        let text =
            format!("{} begun and never ended, or open still: {}", grouped(gathered.open), ids.join(" "));
        screen.line(Ink::Yellow, &text)?;
    }
    screen.end_line()?;
    Ok(())
}

fn table(options: &Options, gathered: &Gathered, top: usize, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let by = options.by.as_deref().unwrap_or("endpoint");
    // Of steps of time the last ones are wanted.
    let is_step = matches!(By::parse(by), Ok(By::Step(_)));
    let hidden = if is_step { gathered.groups.len().saturating_sub(top) } else { 0 };
    let rows = gathered.groups.iter().skip(hidden).take(top);
    let room = screen.width.map_or(44, |width| width.saturating_sub(figures_width(screen)).clamp(12, 44));
    let longest = rows.clone().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let widest = longest.max(by.len()).min(room);
    screen.put(Ink::Dim, &format!("{:<widest$}  {:>10}  {:>6}", cut(by, widest), "requests", "errors"));
    for (name, _) in quantiles(screen) {
        screen.put(Ink::Dim, &format!("  {name:>7}"));
    }
    screen.put(Ink::Dim, &format!("  {:>7}", "max"));
    screen.line(Ink::Dim, if screen.fits(WIDE) { "    time" } else { "" })?;
    for (name, tally) in rows {
        row(screen, &cut(name, widest), widest, tally, gathered.all.total)?;
    }
    let mut rest = gathered.others.clone().unwrap_or_default();
    for (_, tally) in gathered.groups.iter().take(hidden).chain(gathered.groups.iter().skip(hidden + top)) {
        rest.merge(tally);
    }
    if rest.count > 0 {
        let name = if is_step { "(before)" } else { "(others)" };
        row(screen, name, widest, &rest, gathered.all.total)?;
    }
    if gathered.groups.len() > 1 {
        row(screen, "(all)", widest, &gathered.all, gathered.all.total)?;
    }
    screen.end_line()?;
    Ok(())
}

fn row(screen: &mut Screen<'_>, name: &str, widest: usize, tally: &Tally, total: u64) -> Result<(), Failure> {
    screen.put(Ink::Plain, &format!("{name:<widest$}"));
    screen.put(Ink::Bold, &format!("  {:>10}", grouped(tally.count)));
    let ink = if tally.failed > 0 { Ink::Alarm } else { Ink::Dim };
    let share = if tally.failed > 0 { percent(tally.error_rate()) } else { "-".into() };
    screen.put(ink, &format!("  {share:>6}"));
    let known = |micros| if tally.is_timed() { human(micros) } else { "-".into() };
    for (_, quantile) in quantiles(screen) {
        screen.put(Ink::Plain, &format!("  {:>7}", known(tally.percentile(*quantile))));
    }
    screen.put(Ink::Plain, &format!("  {:>7}", known(tally.max)));
    if screen.fits(WIDE) {
        let share = tally.total as f64 / total.max(1) as f64;
        screen.put(Ink::Dim, &format!("  {:>6}", percent(share)));
        if screen.is_terminal {
            screen.space(1);
            screen.put(Ink::Cyan, bar_of(share, 10).trim_end());
        }
    }
    Ok(screen.end_line()?)
}

/// On fewer columns the share of time and some percentiles are left out.
const WIDE: usize = 100;

fn quantiles(screen: &Screen<'_>) -> &'static [(&'static str, f64)] {
    const ALL: &[(&str, f64)] = &[("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];
    const FEW: &[(&str, f64)] = &[("p50", 0.5), ("p99", 0.99)];
    if screen.fits(WIDE) { ALL } else { FEW }
}

/// The columns behind the name.
fn figures_width(screen: &Screen<'_>) -> usize {
    let behind = if screen.fits(WIDE) { 19 } else { 0 };
    12 + 8 + 9 * (quantiles(screen).len() + 1) + behind
}

fn slowest(gathered: &Gathered, top: usize, screen: &mut Screen<'_>) -> Result<(), Failure> {
    if gathered.slowest.is_empty() {
        return Ok(());
    }
    screen.line(Ink::Dim, "slowest")?;
    let slowest = gathered.slowest.iter().take(top);
    let widest = slowest.clone().map(|slow| slow.route.chars().count()).max().unwrap_or(0).min(44);
    for slow in slowest {
        screen.put(Ink::Yellow, &format!("{:>7}", human(slow.duration)));
        screen.space(2);
        let status = if slow.status == 0 { "---".into() } else { slow.status.to_string() };
        screen.put(Ink::of_status(slow.status, false), &status);
        screen.put(Ink::Dim, &format!("  {}  ", time::plain(slow.at)));
        screen.put(Ink::Plain, &format!("{:<widest$}", slow.route));
        screen.put(Ink::Dim, &format!("  {}", short_id(&slow.id)));
        screen.end_line()?;
    }
    Ok(screen.end_line()?)
}

fn errors(failures: &Failures, top: usize, screen: &mut Screen<'_>) -> Result<(), Failure> {
    if failures.groups.is_empty() {
        return Ok(());
    }
    screen.line(Ink::Dim, "errors (flightlog errors has all)")?;
    for group in failures.groups.iter().take(top) {
        screen.put(Ink::Bold, &format!("{:>6}x", grouped(group.count)));
        screen.space(2);
        screen.put(Ink::Plain, &group.route);
        screen.space(2);
        if !group.error_type.is_empty() {
            screen.put(Ink::Dim, &format!("{}: ", group.error_type));
        }
        screen.put(Ink::Red, &cut(group.message.lines().next().unwrap_or_default(), 80));
        screen.put(Ink::Dim, &format!("  {}", short_id(group.sample())));
        screen.end_line()?;
    }
    Ok(())
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".into(),
        small if small < 0.1 => "<0.1 %".into(),
        small if small < 10.0 => format!("{small:.1} %"),
        large => format!("{large:.0} %"),
    }
}

/// For machines: one object.
pub(crate) fn json(
    options: &Options,
    gathered: &Gathered,
    failures: &Failures,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    let rows = gathered.groups.iter().map(|(name, tally)| {
        let mut value = figures(tally, gathered.all.total);
        if let Some(object) = value.as_object_mut() {
            object.insert("key".into(), name.as_str().into());
        }
        value
    });
    let slowest = gathered.slowest.iter().map(|slow| {
        json!({"duration_ms": millis(slow.duration), "timestamp": time::full(slow.at), "status_code": slow.status,
               "request_id": slow.id, "route": slow.route})
    });
    let classes =
        gathered.classes.iter().enumerate().filter(|(_, count)| **count > 0).map(|(class, count)| {
            (if class == 0 { "none".to_owned() } else { format!("{class}xx") }, Value::from(*count))
        });
    let [hits, misses] = gathered.cache;
    let [input, output, cached, reasoning] = gathered.tokens;
    let mut value = json!({
        "from": gathered.since().map(time::full),
        "to": gathered.since().map(|_| time::full(gathered.last)),
        "by": options.by.as_deref().unwrap_or("endpoint"),
        "all": figures(&gathered.all, gathered.all.total),
        "rate_per_s": gathered.all.count as f64 / gathered.seconds().max(1.0),
        "response_bytes": gathered.bytes,
        "status": classes.collect::<serde_json::Map<_, _>>(),
        "groups": rows.collect::<Vec<_>>(),
        "slowest": slowest.collect::<Vec<_>>(),
        "errors": failures.groups.iter().map(groups::as_json).collect::<Vec<_>>(),
        "unanswered": {"count": gathered.open, "ids": gathered.open_ids.iter().map(|(_, id)| id).collect::<Vec<_>>()},
        "cache": {"hits": hits, "misses": misses},
        "tokens": {"input": input, "output": output, "cached": cached, "reasoning": reasoning},
    });
    if let (Some(others), Some(object)) = (&gathered.others, value.as_object_mut()) {
        object.insert("others".into(), figures(others, gathered.all.total));
    }
    Ok(screen.json(&value.to_string())?)
}

fn figures(tally: &Tally, total: u64) -> Value {
    let millis = |micros| tally.is_timed().then(|| millis(micros));
    json!({
        "requests": tally.count,
        "errors": tally.failed,
        "error_rate": tally.error_rate(),
        "p50_ms": millis(tally.percentile(0.5)),
        "p90_ms": millis(tally.percentile(0.9)),
        "p99_ms": millis(tally.percentile(0.99)),
        "p99_9_ms": millis(tally.percentile(0.999)),
        "max_ms": millis(tally.max),
        "share_of_time": tally.total as f64 / total.max(1) as f64,
    })
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}
