//! Progress on stderr, on a terminal only.

use crate::grid::fixed;
use em::{Observe, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::time::Duration;

/// A line that tells the start, the iteration and the objective.
pub struct Line {
    bar: Option<ProgressBar>,
    starts: usize,
}

impl Line {
    /// A line for a fit of `starts` starts; silent unless stderr is a terminal.
    pub fn new(starts: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Line { bar, starts }
    }
    /// Removes the line.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl<M> Observe<M> for Line {
    fn observe(&mut self, progress: Progress<'_, M>) -> ControlFlow<()> {
        if let Some(bar) = &self.bar {
            bar.set_message(format!(
                "start {} of {}, iteration {}, objective {}",
                progress.start + 1,
                self.starts,
                progress.iteration,
                fixed(progress.objective, 6)
            ));
        }
        ControlFlow::Continue(())
    }
}
