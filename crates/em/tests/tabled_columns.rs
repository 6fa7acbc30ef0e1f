//! Tables over grouped columns against the same columns cell by cell.

use distributions::combine::Columns;
use distributions::{Bernoulli, Categorical, Component, Poisson, RowsView, Sample, Scalars, View};
use em::{
    ComponentSet, Data, Grouping, LatentModel, Mixture, Options, Soft, Start, TabledColumns,
    Workspace, e_step, fit, fit_from, stream,
};
use proptest::prelude::*;

/// Log-densities and estimates of both forms from one block of rows and weights. The cells of
/// `later` need not have been seen when the tables were made.
fn agree<T, C>(components: Vec<Columns<C>>, seen: RowsView<'_, u8>, later: RowsView<'_, u8>)
where
    T: Copy + From<u8> + Send + Sync + std::fmt::Debug + 'static,
    C: Component<Space = Scalars<T>> + std::fmt::Debug,
{
    let count = components.len();
    let set = TabledColumns::new(components.clone(), seen).unwrap();
    let rows = later.len();
    let mut prepared = vec![0.0; set.prepared_width() * rows];
    set.prepare(later, &mut prepared);
    let mut out = vec![0.0; count * rows];
    let mut scratch = distributions::Scratch::default();
    set.log_density_matrix(later, &prepared, &mut out, &mut scratch);
    let weights: Vec<f64> = (0..count * rows)
        .map(|i| f64::from(i as u32 % 7) / 3.0)
        .collect();
    let mut statistics = set.empty_statistics();
    set.accumulate_matrix(&mut statistics, later, &prepared, &weights, &mut scratch);
    let estimated = set.maximize(&statistics);
    for (k, component) in components.iter().enumerate() {
        let mut parts: Vec<C::Statistics> = component
            .columns()
            .iter()
            .map(C::empty_statistics)
            .collect();
        for i in 0..rows {
            let mut sum = 0.0;
            for (j, &value) in later.at(i).iter().enumerate() {
                if value == u8::MAX {
                    continue;
                }
                let column = &component.columns()[j];
                sum += column.log_density(T::from(value));
                if weights[k * rows + i] > 0.0 {
                    column.accumulate(&mut parts[j], T::from(value), weights[k * rows + i]);
                }
            }
            let found = out[k * rows + i];
            // The same terms in another order.
            let near = found == sum || (found - sum).abs() <= 1e-13 * sum.abs().max(1.0);
            assert!(
                near,
                "component {k}, row {:?}: {found} not {sum}",
                later.at(i)
            );
        }
        let expected: Result<Vec<C>, _> = component
            .columns()
            .iter()
            .zip(&parts)
            .map(|(column, part)| column.maximize(part))
            .collect();
        match (&estimated, expected) {
            (Ok(estimated), Ok(expected)) => {
                let found = estimated.components()[k].columns();
                for (found, expected) in found.iter().zip(&expected) {
                    for value in 0..3 {
                        let (a, b) = (
                            found.log_density(T::from(value)),
                            expected.log_density(T::from(value)),
                        );
                        assert!(
                            a == b || (a - b).abs() <= 1e-12 * b.abs().max(1.0),
                            "{found:?} not {expected:?}"
                        );
                    }
                }
            }
            (Ok(_), Err(error)) => panic!("an estimate where cells give {error}"),
            (Err(_), _) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn tables_and_cells_agree(
        columns in 1..40_usize,
        count in 1..20_usize,
        rows in 1..300_usize,
        holes in any::<bool>(),
        strange in any::<bool>(),
        seed: u64,
    ) {
        use rand::RngExt;
        let mut rng = stream(seed, 0);
        let mut cells = |top: u8, holes: bool| -> Vec<u8> {
            let draw = |_| if holes && rng.random_bool(0.1) { 255 } else { rng.random_range(0..top) };
            (0..rows * columns).map(draw).collect()
        };
        let binary = (cells(2, holes), cells(2, holes || strange));
        let several = (cells(3, holes), cells(3, holes || strange));
        let counts = (cells(5, holes), cells(if strange { 60 } else { 5 }, holes));
        let mut unit = stream(seed, 1);
        let bernoulli = (0..count).map(|_| Columns::new((0..columns).map(|_| Bernoulli::new(unit.random()).unwrap()).collect()).unwrap()).collect();
        agree(bernoulli, RowsView::new(&binary.0, columns), RowsView::new(&binary.1, columns));
        let categorical = (0..count).map(|_| Columns::new((0..columns).map(|_| {
            let (u, v): (f64, f64) = (unit.random(), unit.random());
            Categorical::new(vec![u * v, u * (1.0 - v), 1.0 - u]).unwrap()
        }).collect()).unwrap()).collect();
        agree(categorical, RowsView::new(&several.0, columns), RowsView::new(&several.1, columns));
        let poisson = (0..count).map(|_| Columns::new((0..columns).map(|_| Poisson::new(9.0 * unit.random::<f64>()).unwrap()).collect()).unwrap()).collect();
        agree(poisson, RowsView::new(&counts.0, columns), RowsView::new(&counts.1, columns));
    }
}

/// Three classes of eleven binary items, drawn from known probabilities.
fn survey() -> (Vec<Columns<Bernoulli>>, Vec<u8>) {
    let class = |p: f64| {
        let columns = (0..11).map(|j| Bernoulli::new(if j % 2 == 0 { p } else { 1.0 - p }));
        Columns::new(columns.collect::<Result<_, _>>().unwrap()).unwrap()
    };
    let classes = vec![class(0.1), class(0.5), class(0.8)];
    let drawn = Mixture::uniform(classes.clone()).sample(&mut stream(3, 0), 3000);
    (classes, drawn.values.iter().map(|&x| x as u8).collect())
}

#[test]
fn a_fit_by_tables_is_the_fit_by_cells() {
    let (classes, bytes) = survey();
    let rows = RowsView::new(&bytes, 11);
    let options = Options::default().tolerance(1e-9);
    let tabled = Mixture::uniform(TabledColumns::new(classes.clone(), rows).unwrap());
    let tabled = fit(tabled, Data::new(rows), &options).unwrap();
    let wide: Vec<u64> = bytes.iter().map(|&x| u64::from(x)).collect();
    let cells = fit(
        Mixture::uniform(classes),
        Data::new(RowsView::new(&wide, 11)),
        &options,
    )
    .unwrap();
    let (a, b) = (tabled.report.log_likelihood, cells.report.log_likelihood);
    assert!((a - b).abs() < 1e-8, "{a} not {b}");
    let probability = |columns: &Columns<Bernoulli>| columns.columns()[4].probability();
    for (a, b) in tabled
        .model
        .components()
        .components()
        .iter()
        .zip(cells.model.components())
    {
        // Both stop within 1e-9 nats of the same maximum.
        assert!((probability(a) - probability(b)).abs() < 1e-5);
    }
}

#[test]
fn threads_do_not_change_a_bit_and_starts_work() {
    let (classes, bytes) = survey();
    let rows = RowsView::new(&bytes, 11);
    let template = Mixture::uniform(TabledColumns::new(classes, rows).unwrap());
    let fitted = |threads, start| {
        let options = Options::default().restarts(3).threads(threads);
        fit_from(&template, Data::new(rows), start, &options).unwrap()
    };
    for start in [Start::Spread, Start::Random] {
        let one = fitted(1, start);
        let two = fitted(2, start);
        assert_eq!(one.model, two.model);
        // The truth explains the sample no better than its maximum.
        assert!(one.report.log_likelihood >= template_likelihood(&template, rows));
    }
}

fn template_likelihood(model: &Mixture<TabledColumns<Bernoulli>>, rows: RowsView<'_, u8>) -> f64 {
    let statistics = distributions::Component::empty_statistics(model);
    let mut workspace = Workspace::new(rows, &statistics, 1);
    assert_eq!(LatentModel::<Soft>::classes(model), 3);
    e_step(model, Data::new(rows), 0, &Soft, &mut workspace).objective
}

#[test]
fn groups_stay_within_the_cache() {
    // Eight binary columns make one table of 256 codes.
    let grouping = Grouping::new(&[2; 64], false, 10);
    assert_eq!((grouping.groups(), grouping.entries()), (8, 8 * 256));
    // A missing cell is a digit of its own: five columns of three digits.
    assert_eq!(Grouping::new(&[2; 10], true, 2).groups(), 2);
    // Many components: smaller tables.
    assert!(Grouping::new(&[2; 64], false, 200).entries() < 300);
    // A column of many values stands alone.
    assert_eq!(Grouping::new(&[2, 5000, 2], false, 2).groups(), 3);
}
