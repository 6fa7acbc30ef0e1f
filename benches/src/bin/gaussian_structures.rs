//! An E-step and an M-step of Gaussian mixtures under every covariance structure, one thread, beside full and diagonal
//! covariances. Prints a table of CPU times in milliseconds; the first argument is a share of the rows (0.1), those after it
//! are the structures to time instead of all, beside those two.
//!
//!     cargo run --release -p mixture-benches --bin gaussian_structures 0.1

use distributions::Component;
use em::{Data, Mixture, RowCache, Soft, Workspace, e_step};
use gmm::{CovarianceStructure, Gaussians};
use mixture_benches::{Clumps, GRID, cpu_seconds};

/// The least time of an E-step, of an M-step, and the model.
struct Timed {
    structure: CovarianceStructure,
    model: Mixture<Gaussians>,
    e_step: f64,
    m_step: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let share: f64 = std::env::args()
        .nth(1)
        .map_or(Ok(0.1), |text| text.parse())?;
    let chosen: Vec<CovarianceStructure> = std::env::args()
        .skip(2)
        .map(|name| name.parse())
        .collect::<Result<_, _>>()?;
    let is_chosen = |structure: &CovarianceStructure| {
        let beside = [CovarianceStructure::Full, CovarianceStructure::Diagonal];
        chosen.is_empty() || chosen.contains(structure) || beside.contains(structure)
    };
    println!("| N, D, K | structure | E-step, ms | M-step, ms | of full | of diagonal |");
    println!("|---|---|---|---|---|---|");
    for (n, d, k) in GRID {
        let n = (share * n as f64) as usize;
        let clumps = Clumps::new(n, d, k, 3.0);
        // As a fit does it.
        let rows = RowCache::new(Data::new(clumps.rows()));
        let mut all = Vec::new();
        for structure in CovarianceStructure::ALL.into_iter().filter(is_chosen) {
            all.push(Timed {
                structure,
                model: clumps.start(structure)?,
                e_step: f64::INFINITY,
                m_step: f64::INFINITY,
            });
        }
        for _ in 0..5 {
            for one in &mut all {
                let statistics = one.model.empty_statistics();
                let mut workspace = Workspace::new(clumps.rows(), &statistics, 1);
                let begin = cpu_seconds();
                e_step(&one.model, rows.data(), 0, &Soft, &mut workspace);
                let middle = cpu_seconds();
                std::hint::black_box(one.model.maximize(workspace.statistics())?);
                one.e_step = one.e_step.min(middle - begin);
                one.m_step = one.m_step.min(cpu_seconds() - middle);
            }
        }
        let time = |structure| {
            let one = all.iter().find(|one| one.structure == structure);
            one.map_or(f64::NAN, |one| one.e_step + one.m_step)
        };
        let full = time(CovarianceStructure::Full);
        let diagonal = time(CovarianceStructure::Diagonal);
        for one in &all {
            let both = one.e_step + one.m_step;
            println!(
                "| {n}, {d}, {k} | {} | {:.2} | {:.2} | {:.2} | {:.2} |",
                one.structure,
                1e3 * one.e_step,
                1e3 * one.m_step,
                both / full,
                both / diagonal
            );
        }
    }
    Ok(())
}
