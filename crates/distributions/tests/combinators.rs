//! Components made of components keep the contract, and are what their parts are.

use distributions::combine::*;
use distributions::testing::*;
use distributions::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

fn kept(result: Result<(), Violations>) {
    if let Err(violations) = result {
        panic!("{violations}");
    }
}

#[test]
fn a_product_of_three_parts() {
    let inner = Product::new(Poisson::new(3.0).unwrap(), Categorical::uniform(3).unwrap());
    let product = Product::new(Gamma::new(2.0, 1.0).unwrap(), inner);
    let (reals, counts, codes) = ([0.5, 2.0, 3.5, 1.0], [0, 4, 2, 9], [0, 1, 2, 2]);
    let xs = (&reals[..], (&counts[..], &codes[..]));
    let measure = (
        Positive { scale: 2.0 },
        (Counts { last: 60 }, Codes { categories: 3 }),
    );
    kept(
        Contract::new(&product, xs)
            .coordinates()
            .outside((&[-1.0][..], (&[1][..], &[7][..])))
            .total(&measure)
            .verify(),
    );
    let parts = product.first.log_density(2.0)
        + (product.second.first.log_density(4) + product.second.second.log_density(1));
    assert_eq!(product.log_density((2.0, (4, 1))), parts);
    assert_eq!(product.parameter_count(), 5);
    assert_eq!(product.squared_distance(xs.at(0), xs.at(1)), None);
    let drawn = product.sample(&mut Xoshiro256PlusPlus::seed_from_u64(1), 5);
    assert_eq!(
        <Pair<Scalars<f64>, Pair<Scalars<u64>, Scalars<u32>>>>::view(&drawn).len(),
        5
    );
}

#[test]
fn errors_name_the_part() {
    let gamma = Gamma::new(1.0, 1.0).unwrap();
    let product = Product::new(gamma.clone(), Product::new(gamma.clone(), gamma));
    let (varied, same) = ([1.0, 2.0, 3.0], [1.0; 3]);
    let part = |xs| product.estimate(xs, &[1.0; 3]).unwrap_err().part;
    assert_eq!(part((&same[..], (&varied[..], &varied[..]))), Some(0));
    assert_eq!(part((&varied[..], (&same[..], &varied[..]))), Some(1));
    assert_eq!(part((&varied[..], (&varied[..], &same[..]))), Some(2));
}

#[test]
fn impossible_in_one_part_is_impossible() {
    // Infinite in the first part, 0 in the second: never NaN.
    let gamma = Gamma::new(0.5, 1.0).unwrap();
    let product = Product::new(gamma.clone(), gamma);
    assert_eq!(product.log_density((0.0, -1.0)), f64::NEG_INFINITY);
    assert_eq!(product.log_density((-1.0, 0.0)), f64::NEG_INFINITY);
    assert_eq!(product.log_density((0.0, 1.0)), f64::INFINITY);
}

#[test]
fn a_product_of_normals_measures_distance() {
    let product = Product::new(Normal::new(0.0, 4.0).unwrap(), Normal::standard());
    assert_eq!(product.squared_distance((0.0, 0.0), (4.0, 3.0)), Some(13.0));
}

#[test]
fn columns_are_a_product() {
    let columns = Columns::new(vec![
        Gamma::new(2.0, 1.0).unwrap(),
        Gamma::new(0.5, 3.0).unwrap(),
        Gamma::new(40.0, 3.0).unwrap(),
    ])
    .unwrap();
    let values = [0.5, 2.0, 3.0, 1.0, 0.1, 2.0, 4.0, 0.3, 9.0, 2.5, 1.0, 0.2];
    let xs = RowsView::new(&values, 3);
    let outside = [1.0, -1.0, 1.0];
    kept(
        Contract::new(&columns, xs)
            .coordinates()
            .outside(RowsView::new(&outside, 3))
            .verify(),
    );
    let row = [0.5, 2.0, 3.0];
    let sum: f64 = columns
        .columns()
        .iter()
        .zip(row)
        .map(|(c, x)| c.log_density(x))
        .sum();
    assert_eq!(columns.log_density(&row), sum);
    let flat = [1.0, 1.0, 2.0, 1.0, 3.0, 1.0];
    let pair = Columns::repeat(Gamma::new(1.0, 1.0).unwrap(), 2).unwrap();
    let error = pair
        .estimate(RowsView::new(&flat, 2), &[1.0; 3])
        .unwrap_err();
    assert_eq!(error.column, Some(1));
    assert!(pair.check_observation(&[1.0]).is_err());
    assert!(Columns::<Gamma>::new(Vec::new()).is_err());
    let drawn = columns.sample(&mut Xoshiro256PlusPlus::seed_from_u64(1), 4);
    assert_eq!(drawn.view().len(), 4);
}

#[test]
fn columns_longer_than_a_block() {
    // More rows than a block holds take another way to the columns.
    let counts: Vec<u64> = (0..2 * 700).map(|i| i % 7).collect();
    let columns = Columns::repeat(Poisson::new(2.0).unwrap(), 2).unwrap();
    let xs = RowsView::new(&counts, 2);
    let mut out = vec![0.0; 700];
    let mut prepared = vec![0.0; columns.prepared_width() * 700];
    columns.prepare(xs, &mut prepared);
    columns.log_density_batch(xs, &prepared, &mut out, &mut Scratch::default());
    for (i, &value) in out.iter().enumerate() {
        assert_eq!(value, columns.log_density(xs.at(i)));
    }
}

#[test]
fn any_component_is_what_it_holds() {
    let gamma = Gamma::new(2.0, 1.0).unwrap();
    let any: AnyComponent<Scalars<f64>> = AnyComponent::new(gamma.clone());
    let xs = [0.5, 2.0, 3.5, 1.0];
    kept(
        Contract::new(&any, &xs[..])
            .outside(&[-1.0][..])
            .total(&Positive { scale: 2.0 })
            .verify(),
    );
    assert_eq!(any.downcast_ref::<Gamma>(), Some(&gamma));
    assert_eq!(any.log_density(0.7), gamma.log_density(0.7));
    let fitted = any.estimate(&xs, &[1.0; 4]).unwrap();
    let plain = gamma.estimate(&xs, &[1.0; 4]).unwrap();
    assert_eq!(fitted.downcast_ref::<Gamma>(), Some(&plain));
}

#[test]
fn different_families_side_by_side() {
    let gamma: AnyComponent<Scalars<f64>> = AnyComponent::new(Gamma::new(2.0, 1.0).unwrap());
    let other = AnyComponent::new(Gamma::new(3.0, 1.0).unwrap());
    let normal = AnyComponent::new(Normal::standard());
    assert!(gamma.shares_preparation(&other));
    assert!(!gamma.shares_preparation(&normal));
    // A statistic of another family is refused, by type.
    let mut statistics = normal.empty_statistics();
    normal.accumulate(&mut statistics, 1.0, 1.0);
    let error = gamma.maximize(&statistics).unwrap_err();
    assert!(matches!(error.reason, Reason::Unsupported(_)), "{error}");
    // Towards another family there is nothing between.
    let toward = gamma.toward(&normal, 0.5);
    assert!(toward.downcast_ref::<Normal>().is_some());
    let _ = statistics.clone();
}

#[test]
fn groups_share_a_component() {
    let repeated = Repeated(Gamma::new(2.0, 1.0).unwrap());
    let items = [0.5, 2.0, 3.5, 1.0, 0.25, 6.0, 1.5];
    let offsets = [0, 2, 3, 3, 6, 7];
    let groups = GroupedView::new(&items[..], &offsets);
    let bad = [1.0, -1.0];
    kept(
        Contract::new(&repeated, groups)
            .coordinates()
            .outside(GroupedView::new(&bad[..], &[0, 2]))
            .verify(),
    );
    // Rows with their group's weight.
    let fitted = repeated
        .estimate(groups, &[1.0, 2.0, 5.0, 0.5, 0.0])
        .unwrap();
    let weights = [1.0, 1.0, 2.0, 0.5, 0.5, 0.5, 0.0];
    assert_eq!(fitted.0, repeated.0.estimate(&items, &weights).unwrap());
    // A block in the middle knows its items.
    let middle = groups.block(1..4);
    assert_eq!(middle.len(), 3);
    assert_eq!(middle.at(2), &items[3..6]);
    let mut out = [0.0; 3];
    repeated.log_density_batch(middle, &[], &mut out, &mut Scratch::default());
    assert_eq!(out[1], 0.0);
    assert_eq!(out[2], repeated.log_density(&items[3..6]));
    let drawn = repeated.sample(&mut Xoshiro256PlusPlus::seed_from_u64(1), 4);
    assert_eq!(<Grouped<Scalars<f64>>>::view(&drawn).len(), 4);
}

#[test]
#[should_panic(expected = "offsets must rise")]
fn groups_must_lie_within_the_items() {
    let _ = GroupedView::new(&[1.0, 2.0][..], &[0, 3]);
}

#[test]
fn a_fixed_component_stays() {
    let fixed = Fixed(Gamma::new(2.0, 1.0).unwrap());
    kept(
        Contract::new(&fixed, &[0.5, 2.0, 3.5, 1.0][..])
            .coordinates()
            .outside(&[-1.0][..])
            .total(&Positive { scale: 2.0 })
            .verify(),
    );
    // As a part: the rest is estimated.
    let half = Product::new(fixed.clone(), Poisson::new(1.0).unwrap());
    let fitted = half.estimate((&[1.0, 2.0], &[3, 5]), &[1.0, 1.0]).unwrap();
    assert_eq!((fitted.first, fitted.second.rate()), (fixed, 4.0));
}

#[cfg(feature = "serde")]
#[test]
fn combinators_in_files() {
    let product = Product::new(
        Fixed(Gamma::new(2.0, 0.1).unwrap()),
        Columns::repeat(Poisson::new(0.3).unwrap(), 2).unwrap(),
    );
    let text = serde_json::to_string(&product).unwrap();
    assert_eq!(
        text,
        r#"{"first":{"shape":2.0,"rate":0.1},"second":[{"rate":0.3},{"rate":0.3}]}"#
    );
    let again: Product<Fixed<Gamma>, Columns<Poisson>> = serde_json::from_str(&text).unwrap();
    assert_eq!(again, product);
    assert!(serde_json::from_str::<Columns<Poisson>>("[]").is_err());
    let geometric = Geometric::trials(0.25).unwrap();
    let text = serde_json::to_string(&geometric).unwrap();
    assert_eq!(text, r#"{"probability":0.25,"support":"trials"}"#);
    let failures: Geometric = serde_json::from_str(r#"{"probability":0.25}"#).unwrap();
    assert_eq!(failures, Geometric::new(0.25).unwrap());
    assert!(serde_json::from_str::<Poisson>(r#"{"rate":-1.0}"#).is_err());
}
