//! What a fit depends on, as far as its result is concerned: options, and the contents of files.

use crate::args::Fit;
use crate::failure::Failure;
use clap::{ArgMatches, Args, Command};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Options that the result does not depend on.
const FREE: [&str; 8] = [
    "threads",
    "output",
    "format",
    "require_convergence",
    "checkpoint",
    "checkpoint_every",
    "resume",
    "trace",
];
/// Options that name a file to be read: its contents count, not its name.
const FILES: [&str; 4] = [
    "data",
    "init_labels_file",
    "init_responsibilities",
    "init_model",
];

/// Each option with its values as they were given, or a sum of the contents of the file.
pub type Fingerprint = BTreeMap<String, String>;

/// The fingerprint of a fit.
pub fn fingerprint(arguments: &Fit) -> Result<Fingerprint, Failure> {
    let mut found = Fingerprint::new();
    let options = Fit::augment_args(Command::new("fit"));
    collect(&options, arguments.given.matches(), &mut found)?;
    Ok(found)
}

fn collect(
    options: &Command,
    matches: &ArgMatches,
    found: &mut Fingerprint,
) -> Result<(), Failure> {
    for option in options.get_arguments() {
        let name = option.get_id().as_str();
        if FREE.contains(&name) {
            continue;
        }
        let Ok(Some(values)) = matches.try_get_raw(name) else {
            continue;
        };
        let mut text = Vec::new();
        for value in values {
            text.push(if FILES.contains(&name) {
                contents(value.as_ref())?
            } else {
                value.to_string_lossy().into_owned()
            });
        }
        let shown = match (option.get_long(), option.get_short()) {
            (Some(long), _) => format!("--{long}"),
            (None, Some(short)) => format!("-{short}"),
            (None, None) => format!("the {name}"),
        };
        found.insert(shown, text.join(" "));
    }
    Ok(())
}

/// In what two fingerprints differ, as a sentence; `None` where they are the same.
pub fn difference(then: &Fingerprint, now: &Fingerprint) -> Option<String> {
    let names = then.keys().chain(now.keys());
    let name = names
        .into_iter()
        .find(|&name| then.get(name) != now.get(name))?;
    let shown =
        |value: Option<&String>| value.map_or("not given".into(), |value| format!("{value:?}"));
    let is_file = FILES.iter().any(|file| {
        *name == format!("the {file}") || *name == format!("--{}", file.replace('_', "-"))
    });
    Some(match (then.get(name), now.get(name)) {
        (Some(_), Some(_)) if is_file => format!("{name}: the file has other contents"),
        (then, now) => format!("{name}: it was {}, and is {}", shown(then), shown(now)),
    })
}

/// The length of a file and a sum of its contents, FNV-1a over words of 8 bytes (Fowler, Noll & Vo),
/// whose high bits are mixed in: against accidents, not against malice.
fn contents(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        Failure::input(format!("{}: cannot be read: {error}", path.display()))
    };
    let mut file = File::open(path).map_err(failed)?;
    let (mut sum, mut length) = (0xCBF2_9CE4_8422_2325_u64, 0u64);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let filled = fill(&mut file, &mut buffer).map_err(failed)?;
        length += filled as u64;
        for word in buffer[..filled].chunks(8) {
            let mut bytes = [0; 8];
            bytes[..word.len()].copy_from_slice(word);
            sum = (sum ^ u64::from_le_bytes(bytes)).wrapping_mul(0x0000_0100_0000_01B3);
            sum ^= sum >> 32;
        }
        if filled < buffer.len() {
            return Ok(format!("{length} bytes, sum {sum:016x}"));
        }
    }
}

/// Fills the buffer as far as the file goes: words stay whole.
fn fill(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            more => filled += more,
        }
    }
    Ok(filled)
}
