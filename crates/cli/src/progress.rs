//! Looking on while a fit runs: a line on stderr, on a terminal only, and the file of `--trace`.

use crate::failure::Failure;
use crate::grid::fixed;
use crate::trace::Trace;
use em::{Observe, Progress, remaining_gain};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// A line that tells the start, the iteration, the objective, how fast, and how long still.
pub struct Line {
    bar: Option<ProgressBar>,
    starts: usize,
    pace: Pace,
    trace: Option<Trace>,
    /// Why the trace could not be written.
    pub failure: Option<Failure>,
}

impl Line {
    /// A line for a fit of `starts` starts, which stop at `tolerance` or after `most` iterations;
    /// silent unless stderr is a terminal.
    pub fn new(starts: usize, tolerance: f64, most: usize, trace: Option<Trace>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Line {
            bar,
            starts,
            pace: Pace::new(tolerance, most),
            trace,
            failure: None,
        }
    }
    /// No line: the fit is one of many.
    pub fn silent() -> Self {
        Line {
            bar: None,
            starts: 0,
            pace: Pace::new(0.0, 0),
            trace: None,
            failure: None,
        }
    }
    /// The line itself, for who has to remove it.
    pub fn bar(&self) -> Option<ProgressBar> {
        self.bar.clone()
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
            let pace = (self.pace).after(progress.iteration, progress.objective, Instant::now());
            bar.set_message(format!(
                "start {} of {}, iteration {}, objective {}{pace}",
                progress.start + 1,
                self.starts,
                progress.iteration,
                fixed(progress.objective, 6)
            ));
        }
        let written = self.trace.as_mut().map(|trace| trace.write(&progress));
        if let Some(Err(failure)) = written {
            self.failure.get_or_insert(failure);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// How fast a start goes on, and when it will end.
struct Pace {
    tolerance: f64,
    most: usize,
    /// When the start began, and at which iteration: a resumed one begins late.
    begin: Option<(usize, Instant)>,
    /// The last objectives, newest last.
    last: Vec<f64>,
}

impl Pace {
    fn new(tolerance: f64, most: usize) -> Self {
        Pace {
            tolerance,
            most,
            begin: None,
            last: Vec::new(),
        }
    }
    /// What to say after an iteration that ended at `now`.
    fn after(&mut self, iteration: usize, objective: f64, now: Instant) -> String {
        let (first, begin) = match self.begin {
            Some(begin) if iteration > begin.0 => begin,
            _ => {
                self.begin = Some((iteration, now));
                self.last = vec![objective];
                return String::new();
            }
        };
        if self.last.len() == 3 {
            self.last.remove(0);
        }
        self.last.push(objective);
        let seconds = now.duration_since(begin).as_secs_f64();
        let rate = (iteration - first) as f64 / seconds;
        if !(rate.is_finite() && rate > 0.0) {
            return String::new();
        }
        let left = match *self.last {
            [a, b, c] => iterations_left(a, b, c, self.tolerance),
            _ => None,
        };
        let bound = self.most.saturating_sub(iteration) as f64;
        let left = left.map_or(String::new(), |left| {
            format!(", about {:.0} s left", left.min(bound) / rate)
        });
        format!(", {rate:.1} iterations/s{left}")
    }
}

/// After objectives a, b, c of consecutive iterations, how many more until what remains to be gained
/// is below `tolerance`: the gain shrinks by one rate. `None` where the three show no such rate.
fn iterations_left(a: f64, b: f64, c: f64, tolerance: f64) -> Option<f64> {
    let remaining = remaining_gain(a, b, c)?;
    if remaining <= tolerance {
        return Some(0.0);
    }
    let rate = (c - b) / (b - a);
    Some((tolerance / remaining).ln() / rate.ln()).filter(|left| left.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_iterations_left_of_a_geometric_sequence() {
        // Objectives −rⁿ: r^n ≤ 1e-6 from n = 6 ln 10 / −ln r on.
        let rate = 0.9f64;
        let value = |n: i32| -rate.powi(n);
        let left = iterations_left(value(1), value(2), value(3), 1e-6).unwrap();
        let expected = -6.0 * 10f64.ln() / rate.ln() - 3.0;
        // The rate comes from differences of numbers near 1 that lose one digit.
        assert!((left - expected).abs() < 1e-9, "{left} {expected}");
        assert_eq!(iterations_left(1.0, 2.0, 2.0, 1e-6), Some(0.0));
        assert_eq!(iterations_left(1.0, 2.0, 4.0, 1e-6), None);
        // A tolerance of 0 is never reached: nothing is said.
        assert_eq!(iterations_left(value(1), value(2), value(3), 0.0), None);
    }

    #[test]
    fn the_pace_counts_from_where_a_start_was_first_seen() {
        let begin = Instant::now();
        let at = |milliseconds: u64| begin + Duration::from_millis(milliseconds);
        let mut pace = Pace::new(1e-7, 1000);
        assert_eq!(pace.after(40, -3.0, at(0)), "");
        assert_eq!(pace.after(41, -2.0, at(500)), ", 2.0 iterations/s");
        // Gains 1, 1/2, …: what remains, 1/2, is 1e-7 after 22 more halvings, at 2 a second.
        assert_eq!(
            pace.after(42, -1.5, at(1000)),
            ", 2.0 iterations/s, about 11 s left"
        );
        // The next start.
        assert_eq!(pace.after(0, -9.0, at(1500)), "");
        assert_eq!(pace.after(1, -8.0, at(1600)), ", 10.0 iterations/s");
    }
}
