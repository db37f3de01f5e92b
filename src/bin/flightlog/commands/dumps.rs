//! The dump files.

use std::{
    fs, io,
    io::{IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::row::short_id;
use crate::{
    Failure, Found,
    args::Options,
    filter::begins_or_ends,
    read::open_regular,
    say,
    term::{Ink, Screen, cut},
    time,
};

/// A dump by its name: `20261120T103000.123456Z-500-0198c0de-0000-7000-8000-000000000001.json`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DumpFile {
    pub(crate) name: String,
    pub(crate) at: u64,
    pub(crate) trigger: String,
    pub(crate) id: String,
    pub(crate) path: PathBuf,
}

impl DumpFile {
    fn of(dir: &Path, name: &str) -> Option<Self> {
        let (time, rest) = name.strip_suffix(".json")?.split_once('-')?;
        let (trigger, id) = rest.split_once('-')?;
        let part = |from, to| time.get(from..to);
        let written = format!(
            "{}-{}-{}T{}:{}:{}",
            part(0, 4)?,
            part(4, 6)?,
            part(6, 8)?,
            part(9, 11)?,
            part(11, 13)?,
            part(13, 27.min(time.len()))?
        );
        let at = time::Clock::default().any(&written)?;
        let is_id = id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        is_id.then(|| Self {
            name: name.to_owned(),
            at,
            trigger: trigger.to_owned(),
            id: id.to_owned(),
            path: dir.join(name),
        })
    }
}

/// The dumps of a directory, newest first; none where there is no directory.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<DumpFile>> {
    let items = match fs::read_dir(dir) {
        Ok(items) => items,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut dumps: Vec<_> =
        items.flatten().filter_map(|item| DumpFile::of(dir, item.file_name().to_str()?)).collect();
    dumps.sort_by(|a, b| b.name.cmp(&a.name));
    Ok(dumps)
}

/// The one dump of an id, as `named` finds it; an error where the id is the beginning or end of several.
pub(crate) fn only(dir: &Path, id: &str) -> Result<DumpFile, Failure> {
    let newest = named(dir, id)?;
    // `show` takes the newest exchange, which may have none. Who looks is told; a script has asked for it.
    if id.starts_with("latest") && io::stderr().is_terminal() {
        say(&format!("the newest dump: {}", newest.name));
    }
    let mut ids: Vec<_> = list(dir).unwrap_or_default().into_iter().map(|dump| dump.id).collect();
    ids.retain(|other| begins_or_ends(other.as_bytes(), id.as_bytes()));
    ids.dedup();
    if ids.len() < 2 {
        return Ok(newest);
    }
    ids.truncate(SEVERAL);
    Err(Failure::usage(format!("`{id}` begins or ends several ids:\n  {}", ids.join("\n  "))))
}

/// So many ids are named where an id is not enough.
const SEVERAL: usize = 10;

/// The newest dump of an id: `latest`, the first or last digits of a request's id, or the name of the file.
pub(crate) fn named(dir: &Path, id: &str) -> Result<DumpFile, Failure> {
    let found = list(dir).map_err(|error| Failure::usage(format!("{}: {error}", dir.display())))?;
    let shown = dir.display();
    if found.is_empty() {
        return Err(Failure::usage(format!(
            "there is no dump in {shown}\nsay where they are: --dump-dir DIR"
        )));
    }
    let wanted = |dump: &&DumpFile| {
        matches!(id, "latest" | "latest:error")
            || begins_or_ends(dump.id.as_bytes(), id.as_bytes())
            || dump.name == id
    };
    let mut matching = found.iter().filter(wanted);
    match matching.next() {
        Some(dump) => Ok(dump.clone()),
        None => Err(Failure::usage(format!(
            "there is no dump of `{id}` in {shown}\nflightlog dumps lists them; flightlog show {id} reads the log"
        ))),
    }
}

/// A larger file is no dump.
const LARGEST: u64 = 64 << 20;

/// Reads a dump as JSON.
pub(crate) fn read(path: &Path) -> io::Result<Value> {
    let (file, meta) = open_regular(path)?;
    if meta.len() > LARGEST {
        return Err(io::Error::other("it is too large for a dump"));
    }
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text)?;
    let value: Value = serde_json::from_slice(&text)?;
    match value.get("schema").and_then(Value::as_str) {
        Some("flightlog.dump/1") => Ok(value),
        Some(other) => {
            Err(io::Error::other(format!("its format is {other}, this program reads flightlog.dump/1")))
        }
        None => Err(io::Error::other("it is no dump")),
    }
}

pub(crate) fn dumps(options: &Options, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let dir = options.dump_dir();
    let found = list(&dir).map_err(|error| Failure::usage(format!("{}: {error}", dir.display())))?;
    let most = options.lines.unwrap_or(50);
    let mut rows = Vec::new();
    for dump in found.iter().take(most) {
        let value = read(&dump.path).unwrap_or_else(|error| {
            say(&format!("{}: {error}", dump.path.display()));
            Value::Null
        });
        if options.json {
            screen.json(&as_json(dump, &value).to_string())?;
        } else {
            rows.push(Row::of(dump, &value));
        }
    }
    let widest = rows.iter().map(|row| row.route.chars().count()).max().unwrap_or(0).min(WIDEST);
    let now = time::now();
    for row in rows {
        row.show(screen, widest, now)?;
    }
    if found.is_empty() && !options.json {
        screen.line(Ink::Dim, &format!("no dumps in {}", dir.display()))?;
    } else if found.len() > most && !options.json {
        screen.line(Ink::Dim, &format!("and {} older ones (--lines N)", found.len() - most))?;
    }
    Ok((!found.is_empty()).into())
}

fn as_json(dump: &DumpFile, value: &Value) -> Value {
    let part = |path: &str| value.pointer(path);
    serde_json::json!({
        "dump": dump.name,
        "path": dump.path,
        "timestamp": time::full(dump.at),
        "trigger": dump.trigger,
        "request_id": dump.id,
        "method": part("/request/method"),
        "endpoint": part("/request/endpoint"),
        "status_code": part("/response/status"),
        "error": part("/error/message"),
        "similar": part("/similar"),
    })
}

/// Columns of a route at most, where there is more to say behind it.
const WIDEST: usize = 44;
/// Characters of a message.
const MESSAGE: usize = 80;

/// What is shown of a dump: `  5m 12s ago  500     00000001  POST /orders/{id}  could not place the order  3 alike`.
struct Row {
    at: u64,
    trigger: String,
    id: String,
    route: String,
    message: String,
    alike: u64,
}

impl Row {
    fn of(dump: &DumpFile, value: &Value) -> Self {
        let text = |path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or_default();
        Self {
            at: dump.at,
            trigger: dump.trigger.clone(),
            id: short_id(&dump.id).to_owned(),
            route: format!("{} {}", text("/request/method"), text("/request/endpoint")),
            message: text("/error/message").lines().next().unwrap_or_default().to_owned(),
            alike: value.pointer("/similar/count").and_then(Value::as_u64).unwrap_or(0),
        }
    }

    fn show(&self, screen: &mut Screen<'_>, widest: usize, now: u64) -> io::Result<()> {
        let age = now
            .checked_sub(self.at)
            .map_or_else(|| "ahead".into(), |age| format!("{} ago", time::human(age)));
        screen.put(Ink::Dim, &format!("{age:>11}"));
        screen.space(2);
        screen.put(Ink::Alarm, &format!("{:<7}", self.trigger));
        screen.space(1);
        screen.put(Ink::Plain, &self.id);
        screen.space(2);
        let route = &self.route;
        screen.put(Ink::Plain, &format!("{:<widest$}", cut(route, 4 * WIDEST)));
        screen.space(2);
        screen.put(Ink::Red, &cut(&self.message, MESSAGE));
        if self.alike > 0 {
            screen.put(Ink::Dim, &format!("  {} alike", self.alike));
        }
        screen.end_line()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_dumps_say_when_why_and_which() {
        let name = "20261120T103000.135799Z-500-0198c0de-0000-7000-8000-000000000001.json";
        let dump = DumpFile::of(Path::new("d"), name).unwrap();
        assert_eq!((dump.at, dump.trigger.as_str()), (1_795_170_600_135_799, "500"));
        assert_eq!(dump.id, "0198c0de-0000-7000-8000-000000000001");
        for other in ["", "x.json", "20261120T103000.135799Z-500-x.json", "a-b-c.json", ".tmp-1"] {
            assert_eq!(DumpFile::of(Path::new("d"), other), None, "{other}");
        }
    }
}
