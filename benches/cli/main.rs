//! What measurements of `flightlog` need; `benches/cli/compare.sh` uses both.
//!
//! - `cargo bench --features cli --bench cli -- DIR MEGABYTES [ONE_IN]`: logs of that size, of which one exchange in so many
//!   fails (20).
//! - `cargo bench --features cli --bench cli -- newlines FILE`: counts line feeds with memchr in pieces as flightlog reads
//!   them, which is as fast as any reader of lines can be.
#![allow(missing_docs)]
#![allow(clippy::indexing_slicing, clippy::print_stdout)]

mod generate;

use std::{fs::File, io::Write, os::unix::fs::FileExt, path::PathBuf};

use generate::Generator;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let (Some(first), Some(second)) = (arguments.next(), arguments.next()) else { return Ok(()) };
    if first == "newlines" {
        return newlines(&File::open(second)?);
    }
    let number = |text: String| text.parse::<u64>().map_err(std::io::Error::other);
    let one_in = arguments.next().map_or(Ok(20), number)?;
    generate(PathBuf::from(first), number(second)?, one_in)
}

fn newlines(file: &File) -> std::io::Result<()> {
    let mut piece = vec![0; 128 * 1024];
    let (mut at, mut count) = (0, 0);
    loop {
        let read = file.read_at(&mut piece, at)?;
        if read == 0 {
            break;
        }
        at += read as u64;
        // Each place is looked at, as a reader of lines does; `count` of the iterator would be another thing.
        count += memchr::memchr_iter(b'\n', &piece[..read])
            .fold(0_u64, |count, place| count + u64::from(place < read));
    }
    println!("{count}");
    Ok(())
}

fn generate(dir: PathBuf, megabytes: u64, one_in: u64) -> std::io::Result<()> {
    std::fs::create_dir_all(&dir)?;
    let (mut api_file, mut errors_file) =
        (File::create(dir.join("api.log"))?, File::create(dir.join("errors.log"))?);
    let mut generator = Generator::default();
    generator.one_in = one_in;
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
