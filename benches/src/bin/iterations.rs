//! Seconds of one EM iteration (E-step and M-step, one thread), the least of several: what
//! `benches/compare/families.py` sets beside numpy. Prints one line a model: name, seconds.

use distributions::{Batch, RowsView};
use em::{ComponentSet, Data, LatentModel, Mixture, Soft, TabledColumns, Workspace, e_step};
use mixture_benches::{exponentials, gammas, latent_classes, normals, poissons, student_ts};
use std::time::Instant;

const ROWS: usize = 1_000_000;

/// The least time of an iteration.
fn time<M: LatentModel>(name: &str, model: &M, xs: Batch<'_, M::Space>) {
    let mut workspace = Workspace::new(xs, &model.empty_statistics(), 1);
    let mut least = f64::INFINITY;
    for _ in 0..9 {
        let start = Instant::now();
        e_step(model, Data::new(xs), 0, &Soft, &mut workspace);
        let next = model.maximize(workspace.statistics());
        least = least.min(start.elapsed().as_secs_f64());
        std::hint::black_box(next.is_ok());
    }
    println!("{name},{least:.6}");
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let problem = normals(ROWS)?;
    time("3 normals", &problem.mixture, &problem.rows);
    let problem = poissons(ROWS)?;
    time("3 Poissons", &problem.mixture, &problem.rows);
    // The same counts as one column of bytes: tables over the few values.
    let bytes: Vec<u8> = problem.rows.iter().map(|&x| x as u8).collect();
    let bytes = RowsView::new(&bytes, 1);
    let columns = problem.mixture.components().iter();
    let columns = columns.map(|family| distributions::combine::Columns::repeat(family.clone(), 1));
    let tabled = TabledColumns::new(columns.collect::<Result<_, _>>()?, bytes)?;
    time("3 Poissons, tabled", &Mixture::uniform(tabled), bytes);
    let problem = exponentials(ROWS)?;
    time("3 exponentials", &problem.mixture, &problem.rows);
    let problem = gammas(ROWS)?;
    time("3 gammas", &problem.mixture, &problem.rows);
    let problem = student_ts(ROWS)?;
    time("3 Student t, df fixed", &problem.mixture, &problem.rows);
    let (classes, answers) = latent_classes(100_000, 64, 10)?;
    let bytes: Vec<u8> = answers.values.iter().map(|&x| x as u8).collect();
    let bytes = RowsView::new(&bytes, 64);
    let tabled = TabledColumns::new(classes, bytes)?;
    assert_eq!(tabled.len(), 10);
    time(
        "10 latent classes, 1e5 x 64",
        &Mixture::uniform(tabled),
        bytes,
    );
    Ok(())
}
