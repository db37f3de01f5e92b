//! Who asks the server: `wrk`, with 32 connections that are kept open.

use std::{
    fs,
    process::{Command, Stdio},
    thread,
};

use tempfile::TempDir;

use crate::{
    Result, api,
    bodies::{self, UPLOAD_FRAME},
};

pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    method: &'static str,
    path: &'static str,
    bodies: fn() -> Vec<Vec<u8>>,
}

pub(crate) const POST: Shape = Shape {
    name: "post",
    title: "HTTP: JSON, POST of 300 bytes, answered with 500",
    method: "POST",
    path: api::GENERATE,
    bodies: || (0..64).map(|seed| bodies::question(seed).to_vec()).collect(),
};

pub(crate) const STREAM: Shape = Shape {
    name: "stream",
    title: "HTTP: GET, answered with 64 frames of 1 KiB",
    method: "GET",
    path: "/api/v1/frames/64",
    bodies: || vec![Vec::new()],
};

pub(crate) const UPLOAD: Shape = Shape {
    name: "upload",
    title: "HTTP: POST of 1 MiB of JSON",
    method: "POST",
    path: "/api/v1/import",
    bodies: || vec![bodies::array(64, UPLOAD_FRAME).concat()],
};

pub(crate) const SHAPES: [&Shape; 3] = [&POST, &STREAM, &UPLOAD];

/// What is missing, and how it is had.
pub(crate) fn missing() -> Option<String> {
    if thread::available_parallelism().is_ok_and(|cores| cores.get() < 2) {
        return Some("server and load each need a core, and there is one".into());
    }
    [("wrk", "--version", "wrk"), ("taskset", "--version", "util-linux")]
        .iter()
        .find(|(command, option, _)| {
            // `wrk --version` ends with 1.
            Command::new(command).arg(option).stdout(Stdio::null()).stderr(Stdio::null()).status().is_err()
        })
        .map(|(command, _, package)| {
            format!("there is no `{command}`; `apt-get install {package}` brings it")
        })
}

/// A script for wrk, and what it sends.
pub(crate) struct Load {
    dir: TempDir,
}

/// What clients saw.
pub(crate) struct Seen {
    /// Milliseconds.
    pub(crate) p99: f64,
}

impl Load {
    pub(crate) fn new(shape: &Shape) -> Result<Self> {
        let dir = TempDir::new()?;
        let mut script = String::from(HEAD);
        for (index, body) in (shape.bodies)().into_iter().enumerate() {
            let file = dir.path().join(format!("body.{index}"));
            fs::write(&file, body)?;
            script += &format!("add(\"{}\", \"{}\", \"{}\")\n", shape.method, shape.path, file.display());
        }
        fs::write(dir.path().join("load.lua"), script + TAIL)?;
        Ok(Self { dir })
    }

    /// Loads a server for a second.
    pub(crate) fn run(&self, address: &str) -> Result<Seen> {
        let output = Command::new("taskset")
            .args(["-c", LOAD, "wrk", "-t1", "-c32", "-d1s", "--timeout", "10s", "-s"])
            .arg(self.dir.path().join("load.lua"))
            .arg(format!("http://{address}"))
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let seen =
            text.lines().find_map(|line| line.strip_prefix("seen: ")).and_then(|line| line.split_once(' '));
        let Some((p99, errors)) = seen else {
            return Err(format!("wrk: {text}{}", String::from_utf8_lossy(&output.stderr)).into());
        };
        if errors != "0" {
            return Err(format!("{errors} requests failed: {text}").into());
        }
        Ok(Seen { p99: p99.parse::<f64>()? / 1000.0 })
    }
}

/// The core of the server, and that of the load.
pub(crate) const SERVER: &str = "0";
const LOAD: &str = "1";

/// Requests are made before the first is sent, so that the load has little to do.
const HEAD: &str = r#"
local requests, files, next = {}, {}, 0
function add(method, path, file) files[#files + 1] = { method, path, file } end
local agents = { "example-client/2.4.1 (linux; x86_64)", "example-client/2.4.0 (linux; x86_64)", "curl/8.5.0" }
function init()
  for index, file in ipairs(files) do
    local body = io.open(file[3], "rb"):read("*a")
    local headers = {
      ["User-Agent"] = agents[index % #agents + 1],
      ["Accept"] = "application/json",
      ["Authorization"] = "Bearer " .. string.format("%032x", index * 7919),
    }
    if #body > 0 then headers["Content-Type"] = "application/json" else body = nil end
    requests[index] = wrk.format(file[1], file[2], headers, body)
  end
end
function request()
  next = next % #requests + 1
  return requests[next]
end
function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("seen: %d %d", latency:percentile(99.0), failed))
end
"#;
const TAIL: &str = "";
