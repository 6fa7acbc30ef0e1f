//! Looking on while a fit runs.

use std::ops::ControlFlow;

/// One point of a fit.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a, M> {
    /// The start, from 0.
    pub start: usize,
    /// The iteration, 0 for the start.
    pub iteration: usize,
    /// The objective of `model`.
    pub objective: f64,
    /// The current model.
    pub model: &'a M,
}

/// Sees every accepted model, and may ask the fit to stop. The library itself prints nothing.
pub trait Observe<M> {
    /// Called for the start and after every iteration. `Break` stops the fit at this model.
    fn observe(&mut self, progress: Progress<'_, M>) -> ControlFlow<()>;
}

/// Looks away.
impl<M> Observe<M> for () {
    fn observe(&mut self, _progress: Progress<'_, M>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<M, F: FnMut(Progress<'_, M>) -> ControlFlow<()>> Observe<M> for F {
    fn observe(&mut self, progress: Progress<'_, M>) -> ControlFlow<()> {
        self(progress)
    }
}
