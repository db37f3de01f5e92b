//! `replay` against servers that answer the same, otherwise, or not at all.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener},
    sync::mpsc,
};

use crate::support::{Logs, text};

const DUMP: &str = include_str!("dump.json");
const NAME: &str = "dumps/20261120T103000.135799Z-500-0198c0de-0000-7000-8000-000000000001.json";

/// Answers each request with the same bytes, and tells what came.
fn server(answer: &'static str) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut request = String::new();
            while !request.ends_with("\r\n\r\n") && reader.read_line(&mut request).unwrap() > 0 {}
            let length = request.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            request.push_str(&String::from_utf8(body).unwrap());
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
            if told.send(request).is_err() {
                return;
            }
        }
    });
    (address, heard)
}

fn logs() -> Logs {
    let logs = Logs::new();
    logs.put(NAME, DUMP);
    logs
}

fn replay(logs: &Logs, to: SocketAddr, more: &[&str]) -> (Option<i32>, String) {
    let to = format!("http://{to}");
    let mut arguments = vec!["replay", "latest", "--to", &to];
    arguments.extend(more);
    let output = logs.run(&arguments);
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

const SAME: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\ndate: now\r\ntransfer-encoding: chunked\r\n\r\n\
                    B\r\n{\"error\": \"\r\n18\r\nplease try again later\"}\r\n0\r\n\r\n";

#[test]
fn the_request_arrives_as_it_was_and_the_same_answer_is_the_same() {
    let (to, heard) = server(SAME);
    let (code, said) = replay(&logs(), to, &["--set", "card=4242"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the same answer"), "{said}");
    let request = heard.recv().unwrap();
    assert!(request.starts_with(&format!("POST /orders/7?page=2 HTTP/1.1\r\nhost: {to}\r\n")), "{request}");
    assert!(request.contains("accept: text/html\r\naccept: */*\r\n"), "{request}");
    assert!(request.ends_with(r#"{"article":7,"card":"4242"}"#), "{request}");
}

#[test]
fn differences_are_named_and_are_exit_status_1() {
    let answer =
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 21\r\n\r\n{\"error\":null,\"n\":42}";
    let (to, _heard) = server(answer);
    let (code, said) = replay(&logs(), to, &["--set", "card=1", "-n", "5", "-c", "2"]);
    assert_eq!(code, Some(1), "{said}");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "recorded now status 500 200",
        "header content-type application/json text/plain",
        "body.error please try again later (none)",
        "body.n (none) 42",
        "5 sent, 5 answered otherwise",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_connection_that_closes_is_no_answer() {
    let (to, _heard) = server("");
    let (code, said) = replay(&logs(), to, &["--set", "card=1"]);
    assert_eq!(code, Some(1), "{said}");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("recorded now status 500 no answer"), "{said}");
}

#[test]
fn a_body_that_breaks_off_is_not_the_same_answer() {
    let cut = "HTTP/1.1 500 X\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"error\": \"please try again later\"}";
    let (to, _heard) = server(cut);
    let (code, said) = replay(&logs(), to, &["--set", "card=4242"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("broken off"), "{said}");

    let logs = Logs::new();
    logs.put(NAME, DUMP.replace(r#""outcome": "complete""#, r#""outcome": "body_error""#));
    let (to, _heard) = server(cut);
    assert_eq!(replay(&logs, to, &["--set", "card=4242"]).0, Some(0));
    let (to, _heard) = server(SAME);
    let (code, said) = replay(&logs, to, &["--set", "card=4242"]);
    assert_eq!(code, Some(1), "{said}");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("body broken off whole"), "{said}");
}

#[test]
fn an_id_that_several_dumps_have_sends_nothing() {
    let logs = logs();
    let other = "0198c0de-0000-7000-8000-000000000002";
    logs.put(
        &NAME.replace("0198c0de-0000-7000-8000-000000000001", other),
        DUMP.replace("0198c0de-0000-7000-8000-000000000001", other),
    );
    let (to, heard) = server(SAME);
    let to = to.to_string();
    for arguments in
        [&["replay", "0198c0de", "--to", &to, "--set", "card=1"][..], &["curl", "0198C0"], &["test", "0"]]
    {
        let output = logs.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("several ids:"), "{arguments:?}");
    }
    assert!(heard.try_recv().is_err());
    assert!(logs.say(&["curl", "latest"]).contains("curl"));
    assert!(logs.say(&["curl", "00000002"]).contains("curl"));
}

#[test]
fn what_is_set_is_never_told() {
    let answer =
        "HTTP/1.1 200 OK\r\ncontent-type: x/SEKRET-4711\r\n\r\n{\"card\":\"a SEKRET-4711\",\"n\":4711}";
    for more in [&[][..], &["--json"][..]] {
        for set in ["card=SEKRET-4711", "card=4711"] {
            let (to, _heard) = server(answer);
            let (code, said) = replay(&logs(), to, &[&["--set", set], more].concat());
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains("body.card") && said.contains("[SET]"), "{said}");
            assert!(!said.contains(&set["card=".len()..]), "{said}");
        }
    }
    let (to, _heard) = server(answer);
    for wrong in [&["--set", "SEKRET-4711"][..], &["--set", "card=Bearer", "SEKRET-4711"]] {
        let (code, said) = replay(&logs(), to, wrong);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("--set") && !said.contains("4711"), "{said}");
    }
}

#[test]
fn nothing_is_sent_where_something_is_missing_or_it_is_another_machine() {
    let (to, heard) = server(SAME);
    let logs = logs();
    let (code, said) = replay(&logs, to, &[]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("--set card=VALUE") && said.contains("set REPLAY_CARD in the environment"),
        "{said}"
    );
    for (url, part) in [
        ("http://192.0.2.1:80", "--allow-remote"),
        ("https://127.0.0.1", "the service's own port"),
        ("ftp://127.0.0.1", "only http://"),
        ("http://127.0.0.1:1/x", "the path is the dump's"),
        ("http://u@127.0.0.1", "want a scheme, a host and a port"),
    ] {
        let output = logs.run(&["replay", "latest", "--to", url]);
        assert_eq!(output.status.code(), Some(2), "{url}");
        assert!(text(&output.stderr).contains(part), "{url}: {}", text(&output.stderr));
    }
    assert!(text(&logs.run(&["replay", "latest"]).stderr).contains("try: flightlog replay latest --to"));
    assert!(heard.try_recv().is_err(), "nothing was sent");
    let output = logs
        .command()
        .args(["replay", "latest", "--to", &to.to_string()])
        .env("REPLAY_CARD", "4242")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}
