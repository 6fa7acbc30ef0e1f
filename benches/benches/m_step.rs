//! One M-step from given statistics: `cargo bench -p mixture-benches --bench m_step`

use criterion::{Criterion, criterion_group, criterion_main};
use distributions::Batch;
use em::{Data, LatentModel, Soft, Workspace, e_step};
use mixture_benches::{gammas, normals, poissons};

fn time<M: LatentModel>(criterion: &mut Criterion, name: &str, model: &M, xs: Batch<'_, M::Space>) {
    let mut workspace = Workspace::new(xs, &model.empty_statistics(), 1);
    e_step(model, Data::new(xs), 0, &Soft, &mut workspace);
    criterion.bench_function(&format!("m_step/{name}"), |bencher| {
        bencher.iter(|| model.maximize(workspace.statistics()));
    });
}

fn m_steps(criterion: &mut Criterion) {
    let (n, p, g) = (normals(10_000), poissons(10_000), gammas(10_000));
    let (Ok(n), Ok(p), Ok(g)) = (n, p, g) else {
        return;
    };
    time(criterion, "3 normals", &n.mixture, &n.rows);
    time(criterion, "3 poissons", &p.mixture, &p.rows);
    time(criterion, "3 gammas", &g.mixture, &g.rows);
}

criterion_group!(benches, m_steps);
criterion_main!(benches);
