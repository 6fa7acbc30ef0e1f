//! Writing results: stdout, and files that appear whole or not at all.

use crate::failure::Failure;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Writes text to stdout.
pub fn stdout(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    (out.write_all(text.as_bytes()))
        .and_then(|()| out.flush())
        .map_err(|error| stdout_failed(&error))
}

/// The failure for an error of stdout; a reader that has gone (`| head`) is none.
pub fn stdout_failed(error: &std::io::Error) -> Failure {
    if error.kind() == ErrorKind::BrokenPipe {
        Failure::Gone
    } else {
        Failure::input(format!("stdout cannot be written: {error}"))
    }
}

/// Puts a result in place that was printed: only one that was also printed.
pub fn put(prepared: Option<Prepared<'_>>, printed: Result<(), Failure>) -> Result<(), Failure> {
    match (prepared, printed) {
        (Some(_), Err(Failure::Gone)) => Err(Failure::input(
            "stdout was closed before the result was printed; nothing is written to --output",
        )),
        (Some(prepared), Ok(())) => prepared.finish(),
        (_, printed) => printed,
    }
}

/// A file that is to be written, checked before any work.
pub struct Target {
    /// The option and the path as the user named them, for messages.
    shown: String,
    /// The file itself, behind every symbolic link.
    path: PathBuf,
    /// The permissions to keep, where the file exists.
    permissions: Option<Permissions>,
}

impl Target {
    /// The target at `path`, named by `option`, which is no input: `inputs` are options with their
    /// files.
    pub fn new(
        option: &str,
        path: &Path,
        inputs: &[(&str, Option<&Path>)],
    ) -> Result<Target, Failure> {
        let shown = format!("{option} {}", path.display());
        let wrong = |why: &str| Failure::input(format!("{shown}: {why}"));
        let resolved = resolved(path).map_err(|error| wrong(&error.to_string()))?;
        let permissions = match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(wrong("this is a directory")),
            Ok(found) if !found.is_file() => {
                return Err(wrong("this is no regular file, which could be replaced"));
            }
            Ok(found) => Some(found.permissions()),
            Err(_) => None,
        };
        // A path may end in a separator without naming a folder that exists.
        let named_as_folder = shown.ends_with(std::path::is_separator);
        if named_as_folder || resolved.file_name().is_none() || !folder(&resolved).is_dir() {
            return Err(wrong("the folder does not exist"));
        }
        for (option, input) in inputs {
            let input = input.and_then(|input| input.canonicalize().ok());
            if permissions.is_some() && input.as_ref() == Some(&resolved) {
                return Err(wrong(&format!("this is the file of {option}")));
            }
        }
        Ok(Target {
            shown,
            path: resolved,
            permissions,
        })
    }

    /// Writes a temporary file beside the target: no reader ever sees half of it, and a failure
    /// leaves what was there.
    pub fn prepare(&self, contents: impl AsRef<[u8]>) -> Result<Prepared<'_>, Failure> {
        self.prepare_by(|file| Ok(file.write_all(contents.as_ref())))
    }

    /// The same, written piece by piece; an error of the disk stands apart from one of the contents.
    pub fn prepare_by(
        &self,
        write: impl FnOnce(&mut File) -> Result<std::io::Result<()>, Failure>,
    ) -> Result<Prepared<'_>, Failure> {
        let (temporary, mut file) =
            temporary(&folder(&self.path)).map_err(|error| self.failed(&error))?;
        let prepared = Prepared {
            target: self,
            temporary,
        };
        let kept = self.permissions.clone();
        let permitted = kept.map_or(Ok(()), |permissions| file.set_permissions(permissions));
        permitted.map_err(|error| self.failed(&error))?;
        write(&mut file)?
            .and_then(|()| file.sync_all())
            .map_err(|error| self.failed(&error))?;
        Ok(prepared)
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        Failure::input(format!("{}: {error}", self.shown))
    }
}

/// A file that is written but not yet in its place; dropped, it is removed.
pub struct Prepared<'a> {
    target: &'a Target,
    temporary: PathBuf,
}

impl Prepared<'_> {
    /// Puts the file in its place.
    pub fn finish(self) -> Result<(), Failure> {
        std::fs::rename(&self.temporary, &self.target.path)
            .map_err(|error| self.target.failed(&error))
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; otherwise another error is on its way.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// A new file in `folder`: one that a killed run left behind is not touched.
fn temporary(folder: &Path) -> std::io::Result<(PathBuf, File)> {
    let mut attempt = 0;
    loop {
        let path = folder.join(format!(".mixture-{}-{attempt}.tmp", std::process::id()));
        let opened = OpenOptions::new().write(true).create_new(true).open(&path);
        match opened {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
            opened => return opened.map(|file| (path, file)),
        }
    }
}

/// The file behind the symbolic links at `path`, also where the last one leads to no file yet.
fn resolved(path: &Path) -> std::io::Result<PathBuf> {
    /// As many as Linux follows.
    const LINKS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        match path.canonicalize() {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            found => return found,
        }
        match std::fs::read_link(&path) {
            Ok(link) => path = folder(&path).join(link),
            Err(_) => return Ok(path),
        }
    }
    Err(std::io::Error::other("too many symbolic links"))
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// A number with the fewest digits that read back as the same number.
pub fn number(value: f64) -> String {
    if value == f64::INFINITY {
        "inf".into()
    } else if value == f64::NEG_INFINITY {
        "-inf".into()
    } else {
        serde_json::Value::from(value).to_string()
    }
}

/// CSV on stdout.
pub struct Lines {
    writer: csv::Writer<std::io::StdoutLock<'static>>,
}

impl Lines {
    /// An empty table.
    pub fn new() -> Self {
        let writer = csv::WriterBuilder::new().from_writer(std::io::stdout().lock());
        Lines { writer }
    }
    /// Writes a row.
    pub fn row<I: IntoIterator<Item = T>, T: AsRef<[u8]>>(
        &mut self,
        cells: I,
    ) -> Result<(), Failure> {
        (self.writer.write_record(cells)).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => stdout_failed(&error),
            _ => Failure::input("stdout cannot be written"),
        })
    }
    /// Ends the table.
    pub fn end(mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(|error| stdout_failed(&error))
    }
}
