//! One E-step (scores, responsibilities, statistics) over 100 000 rows, one thread:
//! `cargo bench -p mixture-benches --bench e_step`

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use distributions::Batch;
use em::{Data, LatentModel, Soft, Workspace, e_step};
use mixture_benches::{gammas, normals, poissons};

const ROWS: usize = 100_000;

fn time<M: LatentModel>(criterion: &mut Criterion, name: &str, model: &M, xs: Batch<'_, M::Space>) {
    let mut group = criterion.benchmark_group("e_step");
    // An element is one row under one component.
    group.throughput(Throughput::Elements((ROWS * model.classes()) as u64));
    let mut workspace = Workspace::new(xs, &model.empty_statistics(), 1);
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter(|| e_step(model, Data::new(xs), 0, &Soft, &mut workspace));
    });
    group.finish();
}

fn e_steps(criterion: &mut Criterion) {
    let (n, p, g) = (normals(ROWS), poissons(ROWS), gammas(ROWS));
    let (Ok(n), Ok(p), Ok(g)) = (n, p, g) else {
        return;
    };
    time(criterion, "3 normals", &n.mixture, &n.rows);
    time(criterion, "3 poissons", &p.mixture, &p.rows);
    time(criterion, "3 gammas", &g.mixture, &g.rows);
}

criterion_group!(benches, e_steps);
criterion_main!(benches);
