use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::generate::Generator;

/// A directory of logs.
pub(crate) struct Logs {
    home: TempDir,
}

impl Logs {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::create_dir(home.path().join("logs")).unwrap();
        Self { home }
    }

    /// So many exchanges.
    pub(crate) fn generated(exchanges: usize) -> Self {
        let logs = Self::new();
        let mut generator = Generator::default();
        let (mut api, mut errors) = (Vec::new(), Vec::new());
        for _ in 0..exchanges {
            generator.exchange(&mut api, &mut errors).unwrap();
        }
        logs.put("api.log", &api);
        logs.put("errors.log", &errors);
        logs
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.home.path().join("logs")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Runs it here, with nothing in its environment but where the logs are.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        command(self.home.path()).args(arguments).output().unwrap()
    }

    /// What it says on stdout, where it succeeds.
    pub(crate) fn say(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {} {stderr}", output.status);
        stdout
    }

    pub(crate) fn command(&self) -> Command {
        command(self.home.path())
    }
}

fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flightlog"));
    command.env_clear().env("LOG_DIR", "logs").current_dir(home);
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what it says is UTF-8")
}
