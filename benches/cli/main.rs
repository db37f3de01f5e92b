//! A log of a given size for measurements of `flightlog`: `cargo bench --features cli --bench cli -- DIR MEGABYTES`.
//!
//! `benches/cli/compare.sh` makes one and compares.
#![allow(missing_docs)]
#![allow(clippy::indexing_slicing)]

mod generate;

use std::{fs::File, io::Write, path::PathBuf};

use generate::Generator;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let (Some(dir), Some(megabytes)) = (arguments.next(), arguments.next()) else { return Ok(()) };
    let megabytes: u64 = megabytes.parse().map_err(std::io::Error::other)?;
    let dir = PathBuf::from(dir);
    std::fs::create_dir_all(&dir)?;
    let (mut api_file, mut errors_file) =
        (File::create(dir.join("api.log"))?, File::create(dir.join("errors.log"))?);
    let mut generator = Generator::default();
    let (mut api, mut errors) = (Vec::new(), Vec::new());
    let mut written = 0;
    while written < megabytes * 1_000_000 {
        api.clear();
        errors.clear();
        for _ in 0..200 {
            generator.exchange(&mut api, &mut errors)?;
        }
        api_file.write_all(&api)?;
        errors_file.write_all(&errors)?;
        written += api.len() as u64;
    }
    Ok(())
}
