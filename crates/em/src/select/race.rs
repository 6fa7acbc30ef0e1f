//! Candidates that cannot win.

use std::sync::{Mutex, MutexGuard};

/// Candidates that are compared by −2L + penalty, of which those are left out that a bound of L proves to lose.
///
/// A *lane* holds candidates of one kind that differ in their number of components: a bound from the fit of one
/// ([`mixture_bound`](super::mixture_bound)) holds for all of its lane. A candidate that has
/// [`entered`](Race::enter) [is lost](Race::is_lost) when −2·bound + penalty is above the value of a fit that is
/// ranked already: it need not be fitted.
///
/// Which candidates are found lost in time depends on what is finished first. [`verdicts`](Race::verdicts) do not: they rest
/// on the value of the winner, and on the fits of the lane with smaller penalties that are not lost
/// themselves. What is lost in time is lost by its verdict, for it rests on no more than that; and the winner
/// never is, for its bound lies above its own log-likelihood.
///
/// ```
/// use em::select::Race;
///
/// let race = Race::new(3);
/// race.enter(0, 0, 10.0, f64::INFINITY);
/// race.enter(1, 0, 20.0, f64::INFINITY);
/// race.finish(0, Some(210.0), -99.0);
/// // At least −2·(−99) + 20.
/// assert!(race.is_lost(1));
/// assert_eq!(race.verdicts()[1], Some(218.0));
/// assert_eq!(race.verdicts()[0], None);
/// ```
#[derive(Debug)]
pub struct Race(Mutex<Vec<Option<Entry>>>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    lane: usize,
    penalty: f64,
    /// Of L, before any fit.
    bound: f64,
    /// The value where it is ranked, and a bound for the whole lane.
    finished: Option<(Option<f64>, f64)>,
}

/// Values are equal to rounding within this.
const ROUNDING: f64 = 1e-6;

impl Race {
    /// Of so many candidates.
    pub fn new(candidates: usize) -> Self {
        Race(Mutex::new(vec![None; candidates]))
    }
    /// Poisoned only where another thread panicked, and all of them end.
    fn entries(&self) -> MutexGuard<'_, Vec<Option<Entry>>> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
    /// Candidate `which` of a lane: its penalty, and a bound of its log-likelihood that is known before it is
    /// fitted (infinite where there is none), the same for all of the lane.
    pub fn enter(&self, which: usize, lane: usize, penalty: f64, bound: f64) {
        self.entries()[which] = Some(Entry {
            lane,
            penalty,
            bound,
            finished: None,
        });
    }
    /// What its fit says: the value of the criterion, where it is ranked, and a bound of the log-likelihoods
    /// of its lane (infinite where there is none).
    pub fn finish(&self, which: usize, value: Option<f64>, bound: f64) {
        if let Some(entry) = &mut self.entries()[which] {
            entry.finished = Some((value, bound));
        }
    }
    /// Whether it cannot win, by what is finished.
    pub fn is_lost(&self, which: usize) -> bool {
        let entries = self.entries();
        let Some(entry) = entries[which] else {
            return false;
        };
        let all = entries.iter().enumerate();
        let least = least(entry, all.filter(|(other, _)| *other != which));
        least > best(&entries) + ROUNDING
    }
    /// For each candidate that cannot win the least value that it can have, once all are finished or lost.
    pub fn verdicts(&self) -> Vec<Option<f64>> {
        let entries = self.entries();
        let limit = best(&entries) + ROUNDING;
        let mut order: Vec<usize> = (0..entries.len()).collect();
        let penalty = |which: usize| entries[which].map_or(f64::INFINITY, |entry| entry.penalty);
        order.sort_by(|&a, &b| penalty(a).total_cmp(&penalty(b)).then(a.cmp(&b)));
        let mut lost = vec![None; entries.len()];
        for (place, &which) in order.iter().enumerate() {
            let Some(entry) = entries[which] else {
                continue;
            };
            let before = order[..place]
                .iter()
                .filter(|&&other| lost[other].is_none());
            let least = least(entry, before.map(|&other| (other, &entries[other])));
            if least > limit {
                lost[which] = Some(least);
            }
        }
        lost
    }
}

/// The best value that is ranked.
fn best(entries: &[Option<Entry>]) -> f64 {
    let finished = entries.iter().flatten().filter_map(|entry| entry.finished);
    let values = finished.filter_map(|(value, _)| value);
    values.fold(f64::INFINITY, f64::min)
}

/// The least value that an entry can have, by what some others say.
fn least<'a>(entry: Entry, others: impl Iterator<Item = (usize, &'a Option<Entry>)>) -> f64 {
    let others = others.filter_map(|(_, other)| other.as_ref());
    let lane = others.filter(|other| other.lane == entry.lane && other.penalty <= entry.penalty);
    let bounds = lane
        .filter_map(|other| other.finished)
        .map(|(_, bound)| bound);
    entry.penalty - 2.0 * bounds.fold(entry.bound, f64::min)
}
