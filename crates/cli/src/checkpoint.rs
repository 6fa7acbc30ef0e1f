//! Checkpoints of a fit on disk.

use crate::args::{Every, Fit};
use crate::failure::{Failure, say};
use crate::fingerprint::{Fingerprint, difference, fingerprint};
use crate::growth::Way;
use crate::read::text_file;
use crate::saved::{Checkpointed, SavedModel};
use crate::write::Target;
use em::{Checkpoint, Driver, KeepCheckpoints, Progress};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tabular::{ModelError, Specification, Table};

/// The name of the format, in every file.
const FORMAT: &str = "mixture-checkpoint";
const VERSION: u64 = 1;
/// The exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointFile {
    format: String,
    version: u64,
    options: Fingerprint,
    checkpoint: Checkpoint<SavedModel>,
}

/// Refuses what a checkpoint does not hold.
pub fn check_combinations(arguments: &Fit) -> Result<(), Failure> {
    let asked = match (&arguments.checkpoint, &arguments.resume) {
        (Some(_), _) => "--checkpoint",
        (None, Some(_)) => "--resume",
        (None, None) => return Ok(()),
    };
    match arguments.time_limit {
        None => Ok(()),
        Some(_) => Err(Failure::input(format!(
            "{asked} cannot be combined with --time-limit: where the clock ends a fit no two of them are the same"
        ))),
    }
}

/// The checkpoint from which a fit goes on, and who writes those to come.
pub struct Kept<'a> {
    /// From `--resume`.
    pub resume: Option<Resumed<'a>>,
    /// For `--checkpoint`.
    pub keeper: Option<Keeper<'a>>,
    /// The way that a mixture that grows shares with others.
    pub way: Option<&'a mut Way>,
}

/// A checkpoint as read, of a fit of this table.
pub struct Resumed<'a> {
    checkpoint: Checkpoint<SavedModel>,
    table: &'a Table,
    /// How its errors begin.
    place: String,
}

impl Kept<'_> {
    /// The driver that goes on from the one and hands checkpoints to the other, along the way.
    ///
    /// # Errors
    /// When the checkpoint holds no model of this kind.
    pub fn by<'b, M: Checkpointed + 'static, R: ?Sized>(
        &'b mut self,
        mut driver: Driver<'b, M, R>,
    ) -> Result<Driver<'b, M, R>, Failure> {
        if let Some(resumed) = self.resume.take() {
            let read = |saved| M::restored(saved, resumed.table);
            let checkpoint = resumed.checkpoint.try_map(read);
            driver = driver.resume(checkpoint.map_err(|error: ModelError| {
                Failure::input(format!("{}: {error}", resumed.place))
            })?);
        }
        if let Some(way) = self.way.as_deref_mut() {
            driver = driver.growing(way.path());
        }
        Ok(match &mut self.keeper {
            Some(keeper) => driver.checkpoints(keeper),
            None => driver,
        })
    }
}

/// Writes checkpoints to `--checkpoint`.
pub struct Keeper<'a> {
    target: Target,
    every: Every,
    options: Fingerprint,
    specification: &'a Specification,
    /// Iterations since the last one, and when that was.
    since: usize,
    last: Instant,
    interrupted: Arc<AtomicBool>,
    bar: Option<ProgressBar>,
    /// Why the last one could not be written.
    pub failure: Option<Failure>,
}

impl<'a> Keeper<'a> {
    /// The keeper that the options name, if they name one.
    pub fn new(
        arguments: &Fit,
        specification: &'a Specification,
        bar: Option<ProgressBar>,
    ) -> Result<Option<Self>, Failure> {
        let Some(path) = &arguments.checkpoint else {
            return Ok(None);
        };
        let start = &arguments.start;
        let inputs = [
            ("the data", Some(arguments.data.as_path())),
            ("--init-labels-file", start.init_labels_file.as_deref()),
            (
                "--init-responsibilities",
                start.init_responsibilities.as_deref(),
            ),
            ("--init-model", start.init_model.as_deref()),
            ("--output", arguments.output.as_deref()),
            ("--trace", arguments.trace.as_deref()),
        ];
        let target = Target::new("--checkpoint", path, &inputs)?;
        Ok(Some(Keeper {
            target,
            every: arguments.checkpoint_every,
            options: fingerprint(arguments)?,
            specification,
            since: 0,
            last: Instant::now(),
            interrupted: watch_for_interrupts(path)?,
            bar,
            failure: None,
        }))
    }

    fn write<M: Checkpointed>(&self, checkpoint: Checkpoint<M>) -> Result<(), Failure> {
        let saved = |model: M| model.saved(self.specification);
        let checkpoint = checkpoint.try_map(saved)?;
        let file = CheckpointFile {
            format: FORMAT.into(),
            version: VERSION,
            options: self.options.clone(),
            checkpoint,
        };
        let text = serde_json::to_string(&file)
            .map_err(|error| Failure::input(format!("--checkpoint: {error}")))?;
        self.target.prepare(&text)?.finish()
    }
}

impl<M: Checkpointed> KeepCheckpoints<M> for Keeper<'_> {
    fn is_due(&mut self, progress: Progress<'_, M>) -> bool {
        self.since += usize::from(progress.iteration > 0);
        let due = match self.every {
            Every::Iterations(count) => self.since >= count,
            Every::Seconds(seconds) => self.last.elapsed().as_secs_f64() >= seconds,
        };
        due || self.failure.is_some() || self.interrupted.load(Ordering::Relaxed)
    }
    fn keep(&mut self, checkpoint: Checkpoint<M>) -> ControlFlow<()> {
        // One that could not be written ends the starts that are left, too.
        if self.failure.is_some() {
            return ControlFlow::Break(());
        }
        let (start, iteration) = (checkpoint.finished_runs() + 1, checkpoint.iteration());
        let written = self.write(checkpoint);
        (self.since, self.last) = (0, Instant::now());
        if self.interrupted.load(Ordering::Relaxed) {
            if let Some(bar) = &self.bar {
                bar.finish_and_clear();
            }
            match &written {
                Ok(()) => say(&format!(
                    "interrupted in start {start} after {iteration} iterations: --resume goes on from \
                     the checkpoint"
                )),
                Err(failure) => failure.report(),
            }
            std::process::exit(INTERRUPTED);
        }
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                self.failure.get_or_insert(failure);
                ControlFlow::Break(())
            }
        }
    }
}

/// Becomes true at the first Ctrl-C, or when the process is asked to end (SIGTERM, SIGHUP); the second time
/// ends the program at once.
fn watch_for_interrupts(path: &Path) -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let (flag, shown) = (interrupted.clone(), path.display().to_string());
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            say(&format!(
                "interrupted: {shown} holds the last checkpoint, if one was written"
            ));
            std::process::exit(INTERRUPTED);
        }
        say("interrupted: the iteration is finished and kept; once more ends at once");
    };
    ctrlc::set_handler(handler).map_err(|error| {
        Failure::input(format!("--checkpoint: Ctrl-C cannot be caught: {error}"))
    })?;
    Ok(interrupted)
}

/// The checkpoint in the file of `--resume`, if one is named: of the same data and options.
pub fn resumed<'a>(arguments: &Fit, table: &'a Table) -> Result<Option<Resumed<'a>>, Failure> {
    let Some(path) = &arguments.resume else {
        return Ok(None);
    };
    let wrong = |why: String| Failure::input(format!("--resume {}: {why}", path.display()));
    let text = text_file(path)?;
    let value: Value =
        serde_json::from_str(&text).map_err(|error| wrong(format!("not a JSON file: {error}")))?;
    if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(wrong(format!(
            "not a checkpoint: \"format\" must be \"{FORMAT}\""
        )));
    }
    if value.get("version").and_then(Value::as_u64) != Some(VERSION) {
        return Err(wrong(format!(
            "version {} of the format is unknown here; this program reads version {VERSION}",
            value.get("version").unwrap_or(&Value::Null)
        )));
    }
    let file: CheckpointFile =
        serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
    if let Some(difference) = difference(&file.options, &fingerprint(arguments)?) {
        return Err(wrong(format!(
            "the checkpoint is of another fit: {difference}"
        )));
    }
    Ok(Some(Resumed {
        checkpoint: file.checkpoint,
        table,
        place: format!("--resume {}", path.display()),
    }))
}
