//! The quickstart as a process of its own, asked over TCP.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::support::{PATIENCE, entry, raw, wait_until};

/// In what is sent or answered, and nowhere else.
pub(crate) const SECRETS: [&str; 5] =
    ["hunter2", "correct-horse-battery-staple", "bearer-secret", "query-secret", "cookie-secret"];

/// The compiled example, which `cargo test` builds beside the tests; made where only this test was asked for.
pub(crate) async fn binary() -> PathBuf {
    binary_of("quickstart").await
}

async fn binary_of(example: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    let binary = profile.join("examples").join(example);
    if !binary.exists() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--example", example]).current_dir(env!("CARGO_MANIFEST_DIR"));
        cargo.env("CARGO_TARGET_DIR", profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().await.unwrap().success());
    }
    binary
}

/// The running example.
pub(crate) struct Quickstart {
    child: Child,
    pub(crate) addr: SocketAddr,
    stdout: Option<Lines<BufReader<ChildStdout>>>,
    entries: Vec<Value>,
}

impl Quickstart {
    /// Starts it with nothing in its environment but what is given.
    pub(crate) async fn start(log_dir: &Path, variables: &[(&str, &str)], stdout: Stdio) -> Self {
        Self::start_example("quickstart", log_dir, variables, stdout).await
    }

    /// The same with another example.
    pub(crate) async fn start_example(
        example: &str,
        log_dir: &Path,
        variables: &[(&str, &str)],
        stdout: Stdio,
    ) -> Self {
        let mut command = Command::new(binary_of(example).await);
        command.env_clear().env("PORT", "0").env("LOG_DIR", log_dir).env("LOG_CONSOLE", "json");
        command.envs(variables.iter().copied()).current_dir(log_dir.parent().unwrap());
        command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();

        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let addr = loop {
            let line = next(&mut stderr).await.expect("it says where it listens");
            if let Some(addr) = line.strip_prefix("listening on http://") {
                break addr.parse().unwrap();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = stderr.next_line().await {} });
        let stdout = child.stdout.take().map(|stdout| BufReader::new(stdout).lines());
        Self { child, addr, stdout, entries: Vec::new() }
    }

    /// Sends a request, given without its end, and waits for the whole answer.
    pub(crate) async fn ask(&self, request: &str) -> Reply {
        ask(self.addr, request).await
    }

    /// Waits for an entry.
    pub(crate) async fn entry(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        while self.read().await {
            let last = &self.entries[self.entries.len() - 1];
            if is_it(last) {
                return last.clone();
            }
        }
        panic!("it never came: {:#?}", self.entries);
    }

    /// Reads one more entry and holds it against the schema; false at the end.
    pub(crate) async fn read(&mut self) -> bool {
        let Some(line) = next(self.stdout.as_mut().unwrap()).await else { return false };
        for secret in SECRETS {
            assert!(!line.contains(secret), "{line}");
        }
        self.entries.push(entry(&line));
        true
    }

    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Asks it to stop, and gives how it ended and all its entries.
    pub(crate) async fn stop(self) -> (ExitStatus, Vec<Value>) {
        self.terminate();
        self.ended().await
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> (ExitStatus, Vec<Value>) {
        while self.stdout.is_some() && self.read().await {}
        (self.exit().await, self.entries)
    }

    pub(crate) async fn exit(&mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap()
    }
}

async fn next<R: AsyncRead + Unpin>(lines: &mut Lines<BufReader<R>>) -> Option<String> {
    timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap()
}

pub(crate) async fn ask(addr: SocketAddr, request: &str) -> Reply {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let length = body.len();
    let request =
        format!("{head}\r\nhost: {addr}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    Reply(raw(addr, request.as_bytes()).await)
}

/// An answer as it came over the wire; empty where the connection closed without one.
pub(crate) struct Reply(pub(crate) String);

impl Reply {
    pub(crate) fn status(&self) -> Option<u16> {
        self.0.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.0.split_once("\r\n\r\n")?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// Waits until so many dumps are written. A process that is asked to stop waits for its outputs for some seconds only, and
/// a busy disk may need more.
#[track_caller]
pub(crate) fn dumped(log_dir: &Path, count: usize) {
    let is_dump = |file: std::io::Result<fs::DirEntry>| {
        file.is_ok_and(|file| file.path().extension().is_some_and(|extension| extension == "json"))
    };
    wait_until("the dumps are written", || {
        let files = fs::read_dir(log_dir.join("dumps"));
        files.is_ok_and(|files| files.map(is_dump).filter(|is_one| *is_one).count() >= count)
    });
}

pub(crate) fn home() -> (TempDir, PathBuf) {
    // Where a log outlives it and makes its directory again, nobody minds.
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let logs = home.path().join("logs");
    (home, logs)
}
