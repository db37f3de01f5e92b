//! Each planted fault of the quickstart can be understood from its dump alone: what broke, where, with what, and what
//! came before.

use std::process::Stdio;

use serde_json::Value;

use crate::{
    process::{Quickstart, dumped, home},
    quickstart::dumps,
};

struct Fault {
    request: &'static str,
    endpoint: &'static str,
    trigger: &'static str,
    /// A piece of the line in the source that is to blame.
    culprit: &'static str,
    /// What made it fail.
    value: &'static str,
    last_event: &'static str,
}

const FAULTS: [Fault; 5] = [
    Fault {
        request: "GET /fail HTTP/1.1",
        endpoint: "/fail",
        trigger: "500",
        culprit: "current().report_error(&error);",
        value: "10.0.0.7:5432",
        last_event: "giving up on the order store",
    },
    Fault {
        request: "GET /fail/silent HTTP/1.1",
        endpoint: "/fail/silent",
        trigger: "500",
        culprit: "the cached prices are too old",
        value: "prices:eur",
        last_event: "the cached prices are too old",
    },
    Fault {
        request: "GET /panic HTTP/1.1",
        endpoint: "/panic",
        trigger: "panic",
        culprit: "panic!(",
        value: "4711",
        last_event: "looking up the price",
    },
    Fault {
        request: "POST /api/v1/generate HTTP/1.1\r\ncontent-type: application/json\r\n\r\n{\"prompt\": \"\"}",
        endpoint: "/api/v1/generate",
        trigger: "panic",
        culprit: "max_tokens / words.len()",
        value: "\"words\": 0",
        last_event: "planning",
    },
    Fault {
        request: "GET /stream/broken HTTP/1.1",
        endpoint: "/stream/broken",
        trigger: "error",
        culprit: "\"reading\"",
        value: "-459",
        last_event: "reading",
    },
];

/// Where in the example a line with this text stands.
fn place(text: &str) -> String {
    let sources = [
        ("examples/quickstart/app.rs", include_str!("../../examples/quickstart/app.rs")),
        ("examples/quickstart/broken.rs", include_str!("../../examples/quickstart/broken.rs")),
    ];
    let found = sources.iter().find_map(|(file, source)| {
        let line =
            source.lines().position(|line| line.contains(text) && !line.trim_start().starts_with("//"))?;
        Some(format!("{file}:{}", line + 1))
    });
    found.unwrap_or_else(|| panic!("no line has {text}"))
}

#[tokio::test]
async fn a_dump_names_the_line_the_value_and_what_came_before() {
    let (_home, logs) = home();
    // No level empties the trail.
    let service = Quickstart::start(&logs, &[("LOG_LEVEL", "off")], Stdio::piped()).await;
    for fault in &FAULTS {
        service.ask(fault.request).await;
    }
    dumped(&logs, FAULTS.len());
    let (exit, _) = service.stop().await;
    assert!(exit.success(), "{exit}");

    let dumps = dumps(&logs);
    assert_eq!(dumps.len(), FAULTS.len());
    for fault in &FAULTS {
        let (_, dump) = &dumps[fault.endpoint];
        let text = serde_json::to_string_pretty(dump).unwrap();
        assert_eq!(dump["trigger"], fault.trigger, "{text}");
        assert!(text.contains(&format!("\"{}\"", place(fault.culprit))), "{}: {text}", place(fault.culprit));
        assert!(text.contains(fault.value), "{}: {text}", fault.value);
        let events = dump["events"].as_array().unwrap();
        assert_eq!(events.last().unwrap()["message"], fault.last_event, "{text}");
        assert!(events.iter().any(|event| event["level"] == "DEBUG"), "{text}");
        let times: Vec<_> = events.iter().map(|event| event["at_ms"].as_f64().unwrap()).collect();
        assert!(times.is_sorted() && times.iter().all(|at| *at <= duration(dump)), "{text}");
    }
    let (_, fail) = &dumps["/fail"];
    assert_eq!(fail["events"][1]["spans"], serde_json::json!(["place_order"]));
    assert_eq!(fail["events"][1]["fields"], serde_json::json!({"attempt": 1, "addr": "10.0.0.7:5432"}));
}

fn duration(dump: &Value) -> f64 {
    dump["timing"]["duration_ms"].as_f64().unwrap()
}
