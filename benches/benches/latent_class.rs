//! One EM iteration of a latent class model, 100 000 rows of 64 binary columns, 10 classes, one
//! thread: `cargo bench -p mixture-benches --bench latent_class`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use distributions::combine::Columns;
use distributions::{Batch, RowsView};
use em::{Data, LatentModel, Mixture, Soft, TabledColumns, Workspace, e_step};
use mixture_benches::latent_classes;

const ROWS: usize = 100_000;
const COLUMNS: usize = 64;
const CLASSES: usize = 10;

fn time<M: LatentModel>(criterion: &mut Criterion, name: &str, model: &M, xs: Batch<'_, M::Space>) {
    let mut group = criterion.benchmark_group("latent class iteration");
    // An element is one cell under one class.
    group.throughput(Throughput::Elements((ROWS * COLUMNS * CLASSES) as u64));
    group.sample_size(20);
    let mut workspace = Workspace::new(xs, &model.empty_statistics(), 1);
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            e_step(model, Data::new(xs), 0, &Soft, &mut workspace);
            model.maximize(workspace.statistics())
        });
    });
    group.finish();
}

fn latent_class(criterion: &mut Criterion) {
    let Ok((classes, answers)) = latent_classes(ROWS, COLUMNS, CLASSES) else {
        return;
    };
    let bytes: Vec<u8> = answers.values.iter().map(|&x| x as u8).collect();
    let bytes = RowsView::new(&bytes, COLUMNS);
    if let Ok(set) = TabledColumns::new(classes.clone(), bytes) {
        time(criterion, "tabled columns", &Mixture::uniform(set), bytes);
    }
    let columns: Vec<Columns<_>> = classes;
    time(
        criterion,
        "columns",
        &Mixture::uniform(columns),
        answers.view(),
    );
}

criterion_group!(benches, latent_class);
criterion_main!(benches);
