//! Whole fits to convergence from a spread start, one thread: `cargo bench -p mixture-benches --bench fit`

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use em::{Data, Options, Start, fit_from};
use mixture_benches::{gammas, normals, poissons};

const ROWS: usize = 10_000;

fn fits(criterion: &mut Criterion) {
    let (n, p, g) = (normals(ROWS), poissons(ROWS), gammas(ROWS));
    let (Ok(n), Ok(p), Ok(g)) = (n, p, g) else {
        return;
    };
    let options = Options::default()
        .restarts(1)
        .threads(1)
        .max_iterations(200);
    let mut group = criterion.benchmark_group("fit");
    group.sample_size(10);
    group.bench_function(BenchmarkId::from_parameter("3 normals"), |bencher| {
        bencher.iter(|| fit_from(&n.mixture, Data::new(&n.rows[..]), Start::Spread, &options));
    });
    group.bench_function(BenchmarkId::from_parameter("3 poissons"), |bencher| {
        bencher.iter(|| fit_from(&p.mixture, Data::new(&p.rows[..]), Start::Spread, &options));
    });
    group.bench_function(BenchmarkId::from_parameter("3 gammas"), |bencher| {
        bencher.iter(|| fit_from(&g.mixture, Data::new(&g.rows[..]), Start::Spread, &options));
    });
    group.finish();
}

criterion_group!(benches, fits);
criterion_main!(benches);
