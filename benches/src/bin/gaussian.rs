//! One side of `benches/compare/gaussian.py`: EM iterations of one Gaussian mixture on one thread, in seconds of CPU time.
//!
//! Arguments: the rows (n × d numbers, little endian), their type (`f64` or `f32`), d, K, the structure, and the start: weights (K),
//! means (K × d), covariances (K × d × d). Reads commands from standard input, a line each, and answers each with a line:
//! `iterate T` (seconds an iteration), `score T` (log-likelihood after T iterations), `peak` (GFLOP/s of fused multiply-adds in
//! registers), `memory` (KiB of peak memory above the loaded rows), `reach LABELS TARGET` (seconds and iterations from labels, u32,
//! until the log-likelihood is TARGET), `default SEED` (seconds, log-likelihood and passes of a fit as
//! `GaussianMixture::builder` makes it), `alike SEED` (the same with scikit-learn's one start and its tolerance of 1e-3 a row;
//! NaN where that ends without a model).

use distributions::{RowsView, View};
use em::{
    Data, Driver, Mixture, Options, Progress, Soft, Start, Weights, Workspace, e_step,
    fit_from_with,
};
use gmm::{CovarianceStructure, Gaussian, GaussianMixture, Gaussians};
use mixture_benches::{Outcome, cpu_seconds, fma_peak, numbers, peak_memory};
use std::io::{BufRead, stdin};
use std::ops::ControlFlow;

struct Problem {
    values: Vec<f64>,
    dimension: usize,
    start: Mixture<Gaussians>,
}

impl Problem {
    fn read(arguments: &[String]) -> Outcome<Self> {
        let [rows, kind, d, k, structure, start] = arguments else {
            return Err("ROWS f64 D K STRUCTURE START".into());
        };
        if kind != "f64" {
            return Err(format!("unknown type {kind}").into());
        }
        let (d, k): (usize, usize) = (d.parse()?, k.parse()?);
        let structure: CovarianceStructure = structure.parse()?;
        let start = numbers(start)?;
        let (weights, start) = start.split_at(k);
        let (means, covariances) = start.split_at(k * d);
        let gaussians = means.chunks_exact(d).zip(covariances.chunks_exact(d * d));
        let gaussians = gaussians.map(|(m, c)| Gaussian::from_matrix(m.to_vec(), c.to_vec()));
        let gaussians = gaussians.collect::<Result<_, _>>()?;
        Ok(Problem {
            values: numbers(rows)?,
            dimension: d,
            start: Mixture::new(
                Weights::new(weights.to_vec())?,
                Gaussians::new(structure, gaussians)?,
            )?,
        })
    }
    fn rows(&self) -> RowsView<'_, f64> {
        RowsView::new(&self.values, self.dimension)
    }
    /// Seconds and the model after some iterations from the start.
    fn iterate(&self, iterations: usize) -> Outcome<(f64, Mixture<Gaussians>)> {
        let mut model = self.start.clone();
        let begin = cpu_seconds();
        let mut workspace = Workspace::new(
            self.rows(),
            &distributions::Component::empty_statistics(&model),
            1,
        );
        for _ in 0..iterations {
            e_step(&model, Data::new(self.rows()), 0, &Soft, &mut workspace);
            model = distributions::Component::maximize(&model, workspace.statistics())?;
        }
        Ok((cpu_seconds() - begin, model))
    }
    fn log_likelihood(&self, model: &Mixture<Gaussians>) -> f64 {
        let mut workspace = Workspace::new(
            self.rows(),
            &distributions::Component::empty_statistics(model),
            1,
        );
        e_step(model, Data::new(self.rows()), 0, &Soft, &mut workspace).objective
    }
    fn reach(&self, labels: &str, target: f64) -> Outcome<(f64, usize)> {
        let bytes = std::fs::read(labels)?;
        let (chunks, _) = bytes.as_chunks::<4>();
        let labels: Vec<Option<u32>> = chunks
            .iter()
            .map(|&c| Some(u32::from_le_bytes(c)))
            .collect();
        let begin = cpu_seconds();
        let mut reached = None;
        let mut watch = |progress: Progress<'_, Mixture<Gaussians>>| {
            if progress.objective < target {
                return ControlFlow::Continue(());
            }
            reached = Some((cpu_seconds() - begin, progress.iteration));
            ControlFlow::Break(())
        };
        let options = Options::default().threads(1);
        let mut driver = Driver::new(&options).observe(&mut watch);
        let start = Start::Labels(&labels);
        fit_from_with(&self.start, Data::new(self.rows()), start, &mut driver)?;
        reached.ok_or_else(|| "the target was not reached".into())
    }
    /// Seconds, log-likelihood and passes of a fit with nothing set but what is to be fitted, or with one start and a
    /// tolerance of 1e-3 a row, as scikit-learn's.
    fn whole_fit(&self, seed: u64, alike: bool) -> Outcome<String> {
        let set = self.start.components();
        let builder = GaussianMixture::builder(self.start.len()).covariance(set.structure());
        let builder = match alike {
            true => builder
                .restarts(1)
                .tolerance(1e-3 * self.rows().len() as f64),
            false => builder,
        };
        let begin = cpu_seconds();
        let fitted = match builder.seed(seed).threads(1).fit(self.rows()) {
            Ok(fitted) => fitted,
            // One start may have a component of fewer rows than columns.
            Err(_) if alike => return Ok("nan nan nan".into()),
            Err(error) => return Err(error.into()),
        };
        let seconds = cpu_seconds() - begin;
        let report = fitted.report();
        Ok(format!(
            "{seconds} {:?} {}",
            report.log_likelihood, report.passes
        ))
    }
    fn answer(&self, command: &str, loaded: u64) -> Outcome<String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        Ok(match words[..] {
            ["iterate", count] => {
                let count = count.parse()?;
                format!("{}", self.iterate(count)?.0 / count as f64)
            }
            ["score", count] => {
                let (_, model) = self.iterate(count.parse()?)?;
                format!("{:?}", self.log_likelihood(&model))
            }
            ["peak"] => format!("{}", fma_peak()),
            ["memory"] => format!("{}", peak_memory()? - loaded),
            ["reach", labels, target] => {
                let (seconds, iterations) = self.reach(labels, target.parse()?)?;
                format!("{seconds} {iterations}")
            }
            ["default", seed] => self.whole_fit(seed.parse()?, false)?,
            ["alike", seed] => self.whole_fit(seed.parse()?, true)?,
            _ => return Err(format!("unknown command {command}").into()),
        })
    }
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let problem = Problem::read(&arguments)?;
    let loaded = peak_memory()?;
    println!("ready");
    for line in stdin().lock().lines() {
        println!("{}", problem.answer(&line?, loaded)?);
    }
    Ok(())
}
