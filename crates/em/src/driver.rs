//! How a fit runs: options, rule, acceleration, who looks on.

use crate::accelerate::{Accelerate, Acceleration, relative_change};
use crate::checkpoint::{Checkpoint, Journal, KeepCheckpoints};
use crate::growth::GrowthPath;
use crate::observe::Observe;
use crate::options::Options;
use crate::responsibilities::Soft;
use crate::stop::StopReason;
use crate::trim::Trimming;
use crate::variant::Variant;
use distributions::Coordinates;
use std::time::Instant;

/// How much the second model differs from the first.
type Change<M> = fn(&M, &M) -> f64;

/// How a fit runs: its options, the rule of its E-step, who looks on, and what accelerates it.
///
/// ```
/// use distributions::{Component, Poisson};
/// use em::{Acceleration, Data, Driver, Mixture, Options, Workspace};
///
/// let counts: Vec<u64> = vec![0, 1, 1, 2, 0, 9, 11, 8, 10, 1];
/// let start = Mixture::uniform(vec![Poisson::new(1.0)?, Poisson::new(5.0)?]);
/// let options = Options::default();
/// let mut workspace = Workspace::new(&counts[..], &start.empty_statistics(), options.threads);
/// let mut driver = Driver::new(&options).accelerate(Acceleration::Squarem);
/// let fitted = driver.run(start, Data::new(&counts[..]), 0, &mut workspace)?;
/// assert!(fitted.report.stop_reason.is_converged());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Driver<'a, M, R: ?Sized = Soft> {
    pub(crate) options: &'a Options,
    pub(crate) rule: &'a R,
    pub(crate) observer: Option<&'a mut dyn Observe<M>>,
    pub(crate) scheme: Option<Box<dyn Accelerate<M>>>,
    /// A tolerance of the relative change of parameters, and how it is measured.
    pub(crate) rest: Option<(f64, Change<M>)>,
    pub(crate) trimming: Option<Trimming>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) keeper: Option<&'a mut dyn KeepCheckpoints<M>>,
    pub(crate) journal: Journal<M>,
    pub(crate) path: Option<&'a mut GrowthPath<M>>,
}

impl<'a, M> Driver<'a, M> {
    /// Plain EM with these options.
    pub fn new(options: &'a Options) -> Self {
        Driver {
            options,
            rule: &Soft,
            observer: None,
            scheme: None,
            rest: None,
            trimming: None,
            deadline: None,
            keeper: None,
            journal: Journal::default(),
            path: None,
        }
    }
}

impl<'a, M, R: ?Sized> Driver<'a, M, R> {
    /// The same under another rule.
    pub fn rule<Other: ?Sized>(self, rule: &'a Other) -> Driver<'a, M, Other> {
        Driver {
            options: self.options,
            rule,
            observer: self.observer,
            scheme: self.scheme,
            rest: self.rest,
            trimming: self.trimming,
            deadline: self.deadline,
            keeper: self.keeper,
            journal: self.journal,
            path: self.path,
        }
    }
    /// The same with an observer.
    pub fn observe(mut self, observer: &'a mut dyn Observe<M>) -> Self {
        self.observer = Some(observer);
        self
    }
    /// The same with one who takes checkpoints. [`fit_from_with`](crate::fit_from_with) refuses them
    /// together with a time limit, and takes none of short runs.
    pub fn checkpoints(mut self, keeper: &'a mut dyn KeepCheckpoints<M>) -> Self {
        self.keeper = Some(keeper);
        self
    }
    /// The same, going on from a checkpoint of a fit of the same template, data, start and options:
    /// with the bits that it would have had without the break.
    pub fn resume(mut self, checkpoint: Checkpoint<M>) -> Self {
        self.journal = Journal::resuming(checkpoint);
        self
    }
    /// The same, in which a mixture that [grows](crate::Start::Grown) takes from this path what is on it, and adds
    /// what is not. It must be one of the same rule, acceleration and observer.
    pub fn growing(mut self, path: &'a mut GrowthPath<M>) -> Self {
        self.path = Some(path);
        self
    }
    /// The same, accelerated.
    pub fn accelerate(mut self, acceleration: Acceleration) -> Self
    where
        M: Coordinates + 'static,
    {
        self.scheme = acceleration.scheme();
        self
    }
    /// The same, accelerated by a scheme of one's own.
    pub fn accelerate_by(mut self, scheme: impl Accelerate<M> + 'static) -> Self {
        self.scheme = Some(Box::new(scheme));
        self
    }
    /// The same, which stops besides when an M-step changes no coordinate x by more than
    /// `tolerance`·(1 + |x|): for parameters that must be known to more digits than the objective shows.
    pub fn parameter_tolerance(mut self, tolerance: f64) -> Self
    where
        M: Coordinates,
    {
        self.rest = Some((tolerance, relative_change));
        self
    }
    /// Another algorithm under the same options and before the same observer; rule, acceleration, tolerance
    /// of parameters and checkpoints are those of EM, and stay behind.
    pub fn variant<A: ?Sized>(self, algorithm: &'a A) -> Variant<'a, M, A> {
        let variant = Variant::new(algorithm, self.options);
        match self.observer {
            Some(observer) => variant.observe(observer),
            None => variant,
        }
    }
    /// Whether checkpoints are kept, or one is resumed.
    pub(crate) fn has_checkpoints(&self) -> bool {
        self.keeper.is_some() || self.journal.is_behind()
    }
    /// Whether no run was that of the checkpoint.
    pub(crate) fn has_unused_checkpoint(&self) -> bool {
        self.journal.is_behind()
    }
    /// Whether the checkpoint does not belong to this fit: not a matter of one start.
    pub(crate) fn refuses_checkpoint(&self) -> bool {
        self.journal.refuses()
    }
    /// Whether the observer or the clock ends the run.
    pub(crate) fn interrupted(&self, unwanted: bool) -> Option<StopReason> {
        if unwanted {
            return Some(StopReason::Observer);
        }
        self.out_of_time().then_some(StopReason::TimeLimit)
    }
    /// Whether the M-step changes every coordinate by less than was asked for.
    pub(crate) fn at_rest(&self, model: &M, next: &M) -> bool {
        self.rest
            .is_some_and(|(tolerance, change)| change(model, next) <= tolerance)
    }
    /// Whether a deadline is set, by whoever called.
    pub(crate) fn has_deadline(&self) -> bool {
        self.deadline.is_some()
    }
    /// Sets when the time of the options is over, unless it is set.
    pub(crate) fn set_deadline(&mut self) {
        let now = Instant::now();
        let limit = self.options.time_limit;
        let deadline = limit.and_then(|limit| now.checked_add(limit));
        self.deadline = self.deadline.or(deadline);
    }
    /// Whether the time of the options is over.
    pub(crate) fn out_of_time(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }
    /// Lets the next run begin its own time.
    pub(crate) fn clear_deadline(&mut self) {
        self.deadline = None;
    }
}
