//! What it answers is true: held against a plain reading of the same lines.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::support::{Logs, text};

fn lines(logs: &Logs, name: &str) -> Vec<Value> {
    let log = fs::read_to_string(logs.path(name)).unwrap();
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn stats(logs: &Logs, arguments: &[&str]) -> Value {
    let mut all = vec!["stats", "--json"];
    all.extend(arguments);
    serde_json::from_str(&logs.say(&all)).unwrap()
}

#[test]
fn counts_are_exact_and_percentiles_within_one_percent() {
    let logs = Logs::generated(5000);
    let mut groups: BTreeMap<String, (Vec<f64>, u64)> = BTreeMap::new();
    for line in lines(&logs, "api.log").iter().filter(|line| line["type"] == "response") {
        let key = format!("{} {}", line["method"].as_str().unwrap(), line["endpoint"].as_str().unwrap());
        let group = groups.entry(key).or_default();
        group.0.push(line["duration_ms"].as_f64().unwrap());
        group.1 += u64::from(line["status_code"].as_u64().unwrap() >= 500);
    }
    let stats = stats(&logs, &[]);
    assert_eq!(stats["all"]["requests"], 5000);
    assert_eq!(stats["unanswered"]["count"], 0);
    assert_eq!(stats["groups"].as_array().unwrap().len(), groups.len());
    for group in stats["groups"].as_array().unwrap() {
        let (durations, failed) = groups.get_mut(group["key"].as_str().unwrap()).unwrap();
        durations.sort_by(f64::total_cmp);
        assert_eq!(group["requests"], durations.len());
        assert_eq!(group["errors"], *failed);
        assert_eq!(group["max_ms"].as_f64().unwrap(), *durations.last().unwrap());
        for (key, share) in [("p50_ms", 0.5), ("p90_ms", 0.9), ("p99_ms", 0.99), ("p99_9_ms", 0.999)] {
            let rank = (share * durations.len() as f64).ceil() as usize;
            let (exact, told) = (durations[rank - 1], group[key].as_f64().unwrap());
            assert!((exact - told).abs() <= exact * 0.01, "{key}: {exact} {told}");
        }
    }
    let errors: u64 =
        stats["errors"].as_array().unwrap().iter().map(|group| group["count"].as_u64().unwrap()).sum();
    assert_eq!(errors, lines(&logs, "errors.log").len() as u64);
}

#[test]
fn lines_of_any_key_order_are_counted_alike() {
    let logs = Logs::generated(500);
    let ours = stats(&logs, &["--by", "model"]);
    assert_eq!(ours["groups"].as_array().unwrap().len(), 3);
    for name in ["api.log", "errors.log"] {
        // serde_json's map sorts its keys: bodies with decoys of ours come first.
        let sorted: String = lines(&logs, name).iter().map(|line| format!("{line}\n")).collect();
        logs.put(name, sorted);
    }
    assert_eq!(stats(&logs, &["--by", "model"]), ours);
}

#[test]
fn rotated_files_are_one_stream() {
    let logs = Logs::generated(300);
    let (all, tail) = (stats(&logs, &[]), logs.say(&["-n", "100"]));
    let whole = fs::read_to_string(logs.path("api.log")).unwrap();
    let lines: Vec<_> = whole.split_inclusive('\n').collect();
    for (name, part) in
        [("api.log.2", &lines[..150]), ("api.log.1", &lines[150..420]), ("api.log", &lines[420..])]
    {
        logs.put(name, part.concat());
    }
    assert_eq!(stats(&logs, &[]), all);
    assert_eq!(logs.say(&["-n", "100"]), tail);
}

#[test]
fn filters_let_pass_what_a_plain_reading_finds() {
    let logs = Logs::generated(2000);
    let all = lines(&logs, "api.log");
    let requests: BTreeMap<_, _> = all
        .iter()
        .filter(|line| line["type"] == "request")
        .map(|line| (line["request_id"].as_str().unwrap(), line))
        .collect();
    let responses: Vec<_> = all.iter().filter(|line| line["type"] == "response").collect();
    let middle = responses[1000]["timestamp"].as_str().unwrap();
    type Wanted<'a> = Box<dyn Fn(&Value) -> bool + 'a>;
    let cases: Vec<(Vec<&str>, Wanted<'_>)> = vec![
        (
            vec!["--status", "4xx,201"],
            Box::new(|line| line["status_code"] == 404 || line["status_code"] == 201),
        ),
        (
            vec!["--endpoint", "/api/*", "--method", "post"],
            Box::new(|line| {
                line["endpoint"].as_str().unwrap().starts_with("/api/") && line["method"] == "POST"
            }),
        ),
        (vec!["--slow", "50ms"], Box::new(|line| line["duration_ms"].as_f64().unwrap() >= 50.0)),
        (vec!["--since", middle], Box::new(|line| line["timestamp"].as_str().unwrap() >= middle)),
        (vec!["--until", middle], Box::new(|line| line["timestamp"].as_str().unwrap() <= middle)),
        (
            vec!["--where", "status_code>=500 and request_body.model=\"m1\""],
            Box::new(|line| {
                let request = requests[line["request_id"].as_str().unwrap()];
                line["status_code"] == 500 && request["request_body"]["model"] == "m1"
            }),
        ),
        (vec!["--where", "not (error_type or status_code<300)"], Box::new(|line| line["status_code"] == 404)),
    ];
    for (flags, wanted) in cases {
        let mut arguments = vec!["tail", "--json", "-n", "100000"];
        arguments.extend(&flags);
        let told: Vec<Value> =
            logs.say(&arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut expected: Vec<&Value> = responses.iter().copied().filter(|line| wanted(line)).collect();
        assert!(!expected.is_empty(), "{flags:?}");
        // Lines are sorted by time; in the file those that ended together may stand otherwise.
        expected.sort_by_key(|line| line["timestamp"].as_str().unwrap().to_owned());
        assert!(told.iter().eq(expected.iter().copied()), "{flags:?}: {} {}", told.len(), expected.len());
    }
}

#[test]
fn an_exchange_is_found_by_any_part_of_its_ids() {
    let logs = Logs::generated(400);
    let line =
        lines(&logs, "api.log").into_iter().filter(|line| line["type"] == "response").nth(123).unwrap();
    let id = line["request_id"].as_str().unwrap();
    for wanted in [id, &id[..18], &id[28..], &id.to_uppercase(), &id[28..].to_uppercase()] {
        let shown: Value = serde_json::from_str(&logs.say(&["show", wanted, "--json"])).unwrap();
        assert!(shown["entries"].as_array().unwrap().contains(&line), "{wanted}");
        assert_eq!(shown["entries"][0]["type"], "request");
    }
    let output = logs.run(&["show", &id[..9]]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("begins several ids"));
}

#[test]
fn failures_of_another_time_stand_beside_no_counts() {
    let logs = Logs::generated(400);
    let all = stats(&logs, &[]);
    let sum = |stats: &Value| {
        stats["errors"].as_array().unwrap().iter().map(|group| group["count"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(sum(&all), all["all"]["errors"].as_u64().unwrap());
    // api.log is rotated away sooner than errors.log.
    let log = fs::read_to_string(logs.path("api.log")).unwrap();
    let kept: Vec<_> = log.lines().skip(400).collect();
    logs.put("api.log", kept.join("\n") + "\n");
    for flags in [&[][..], &["--type", "api"]] {
        let some = stats(&logs, flags);
        assert_eq!(sum(&some), some["all"]["errors"].as_u64().unwrap(), "{flags:?}");
        assert!(0 < sum(&some) && sum(&some) < sum(&all), "{flags:?}");
    }
    // errors has all of them, or those of api.log where it is asked for.
    let count = |flags: &[&str]| {
        let told = logs.say(&[&["errors", "--json"], flags].concat());
        told.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["count"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(sum(&all), count(&[]));
    assert_eq!(sum(&stats(&logs, &[])), count(&["--type", "api"]));
    assert_eq!(
        sum(&all),
        stats(&logs, &["--log-dir", "logs/errors.log"])["all"]["requests"].as_u64().unwrap()
    );
}

#[test]
fn what_is_not_known_is_no_number() {
    let logs = Logs::new();
    logs.put(
        "api.log",
        "{\"time\":\"2026-11-20T10:00:00Z\",\"method\":\"GET\",\"path\":\"/a\",\"status\":200}\n",
    );
    let known = stats(&logs, &[]);
    assert_eq!((&known["all"]["requests"], &known["all"]["p99_ms"]), (&1.into(), &Value::Null));
    assert!(logs.say(&["stats"]).contains("-        -        -"));
    logs.put("api.log", "");
    let output = logs.run(&["stats", "--json"]);
    let none: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&none["from"], &none["to"], &none["all"]["requests"]),
        (&Value::Null, &Value::Null, &0.into())
    );
}

#[test]
fn of_steps_of_time_the_last_ones_are_shown() {
    let logs = Logs::new();
    let line =
        |hour: u64| format!("{{\"time\":\"2026-11-20T{hour:02}:00:00Z\",\"path\":\"/a\",\"status\":200}}\n");
    logs.put("api.log", (0..24).map(line).collect::<String>());
    let shown = logs.say(&["stats", "--by", "hour", "--top", "3"]);
    assert!(shown.contains("2026-11-20 23:00:00 ") && shown.contains("2026-11-20 21:00:00 "), "{shown}");
    assert!(
        !shown.contains("2026-11-20 20:00:00 ") && shown.contains("(before)                     21"),
        "{shown}"
    );
}

#[test]
fn of_more_steps_of_time_than_are_kept_the_last_ones_are() {
    let logs = Logs::new();
    let line = |hour: u64| {
        let (day, hour) = (hour / 24, hour % 24);
        let (month, day) = (day / 28 + 1, day % 28 + 1);
        format!("{{\"time\":\"2026-{month:02}-{day:02}T{hour:02}:00:00Z\",\"path\":\"/a\",\"status\":200}}\n")
    };
    logs.put("api.log", (0..2100).map(line).collect::<String>());
    let told: Value = serde_json::from_str(&logs.say(&["stats", "--by", "hour", "--json"])).unwrap();
    let groups = told["groups"].as_array().unwrap();
    assert_eq!(
        (groups.len(), &told["all"]["requests"], &told["others"]["requests"]),
        (2000, &2100.into(), &100.into())
    );
    let name = |group: &Value| group["key"].as_str().unwrap().to_owned();
    assert!(groups.iter().map(name).is_sorted(), "in order of time");
    assert!(
        name(&groups[0]).starts_with("2026-01-05 04:00")
            && name(&groups[1999]).starts_with("2026-04-04 11:00"),
        "{told}"
    );
}

#[test]
fn the_latest_failure_is_shown_though_api_log_has_none_any_more() {
    let logs = Logs::generated(400);
    logs.put("api.log", "");
    let last = lines(&logs, "errors.log").pop().unwrap();
    let shown: Value = serde_json::from_str(&logs.say(&["show", "latest:error", "--json"])).unwrap();
    assert_eq!(shown["entries"], serde_json::json!([last]));
}

#[test]
fn rules_decide_the_exit_status() {
    let logs = Logs::generated(400);
    for (rule, code) in [("error_rate>0.01", 1), ("error_rate>0.5", 0), ("p50>1h", 0), ("max>=1ms", 1)] {
        assert_eq!(logs.run(&["stats", "--fail-if", rule]).status.code(), Some(code), "{rule}");
    }
    assert_eq!(logs.run(&["stats", "--fail-if", "p98>1"]).status.code(), Some(2));
    // Of several any is enough.
    let both = logs.run(&["stats", "--fail-if", "errors>0", "--fail-if", "error_rate>0.5"]);
    assert_eq!(both.status.code(), Some(1));
    assert!(text(&both.stderr).lines().count() == 1 && text(&both.stderr).contains("'errors>0' holds"));
}

#[test]
fn what_never_ended_is_told() {
    let logs = Logs::generated(10);
    let log = fs::read_to_string(logs.path("api.log")).unwrap();
    let lines: Vec<_> = log.lines().collect();
    logs.put("api.log", lines[..19].join("\n") + "\n");
    let stats = stats(&logs, &[]);
    assert_eq!((&stats["all"]["requests"], &stats["unanswered"]["count"]), (&9.into(), &1.into()));
    let id = stats["unanswered"]["ids"][0].as_str().unwrap();
    for wanted in [id, &id[28..]] {
        let shown = logs.say(&["show", wanted]);
        assert!(
            shown.contains("begun and never ended") && shown.contains("began  ") && shown.contains(id),
            "{shown}"
        );
    }
}

#[test]
fn what_was_told_late_and_in_which_request_a_call_was_sent_is_shown() {
    const ID: &str = "0198c0de-0000-7000-8000-000000000002";
    const PARENT: &str = "0198c0de-0000-7000-8000-00000000000a";
    let line = |seq: u64, kind: &str, more: &str| {
        format!(
            r#"{{"timestamp":"2026-11-20T10:30:00.{seq:06}Z","level":"INFO","type":"{kind}","run":"a1b2c3d4","seq":{seq},"request_id":"{ID}",{more}}}"#
        ) + "\n"
    };
    let answered = format!(
        r#""method":"GET","endpoint":"/stock","status_code":200,"duration_ms":1.000,"ttfb_ms":1.000,"outcome":"complete","message":"Incoming response","parent_request_id":"{PARENT}","url":"http://stock.test/stock","direction":"outbound""#
    );
    let logs = Logs::new();
    let soon = line(1, "log", r#""message":"asked","module":"shop""#);
    let late = line(3, "log", r#""message":"mailed","module":"shop","after_response":true"#);
    logs.put("api.log", soon + &line(2, "response", &answered) + &late);

    let shown = logs.say(&["tail", "-v", "--events"]);
    assert!(shown.contains(&format!("sent in {PARENT}\n")), "{shown}");
    let lines = |shown: &str, word: &str| shown.lines().find(|line| line.contains(word)).unwrap().to_owned();
    assert!(lines(&shown, "mailed").ends_with("  after the response"), "{shown}");
    assert!(!lines(&shown, "asked").contains("after the response"), "{shown}");

    let shown = logs.say(&["show", ID]);
    assert!(shown.contains(&format!("sent in     {PARENT}\n")), "{shown}");
    assert!(lines(&shown, "mailed").ends_with("  after the response"), "{shown}");

    // A dump has what was told till then.
    logs.put(
        &format!("dumps/20261120T103000.000002Z-500-{ID}.json"),
        format!(
            r#"{{"schema":"flightlog.dump/1","request_id":"{ID}","events":[{{"at_ms":0.5,"level":"INFO","target":"shop","message":"asked"}}]}}"#
        ),
    );
    let shown = logs.say(&["show", ID]);
    assert_eq!((shown.matches("asked").count(), shown.matches("mailed").count()), (1, 1), "{shown}");
}
