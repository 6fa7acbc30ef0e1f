//! Standard errors: against closed forms, a reference in 40 digits, numerical Hessians of the log-likelihood,
//! and simulation; and where there are none, the refusals.

mod uncertainty_support;

use distributions::*;
use em::uncertainty::*;
use em::*;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use uncertainty_support::{Normals, close, drawn, fitted, normal_parameters, tight, two_normals};

fn values(errors: &[StandardError]) -> Vec<f64> {
    errors.iter().map(|error| error.value().unwrap()).collect()
}

/// The columns of a CSV file of numbers but the first `skip`, with its header left out.
fn csv(text: &str, skip: usize) -> Vec<Vec<f64>> {
    let row = |line: &str| {
        line.split(',')
            .skip(skip)
            .map(|c| c.parse().unwrap())
            .collect()
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn two_normals_as_in_forty_digits() {
    let rows = csv(include_str!("uncertainty_data/two_normals.csv"), 0);
    let xs: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    let weights: Vec<f64> = rows.iter().map(|row| row[1]).collect();
    let data = Data::new(&xs[..]).weighted(&weights);
    let components = vec![
        Normal::new(0.0, 1.0).unwrap(),
        Normal::new(2.6, 0.5).unwrap(),
    ];
    let fit = fitted(&Mixture::uniform(components), data);
    let information = Information::observed(&fit, data, 0).unwrap();
    let parameters = |model: &Normals| normal_parameters(model)[..].to_vec();
    let found = parameters(&fit);
    let louis = values(
        &information
            .standard_errors(Robustness::Model, parameters)
            .unwrap(),
    );
    let robust = information
        .standard_errors(Robustness::Sandwich, parameters)
        .unwrap();
    let robust = values(&robust);
    let wanted = csv(include_str!("uncertainty_data/two_normals_errors.csv"), 1);
    // Number 1 is the other weight.
    for (wanted, a) in wanted.iter().zip([0, 2, 3, 4, 5]) {
        // EM stops within 1e-12 nats, that is 1e-6 standard errors, of the maximum.
        close(found[a] + 1.0, wanted[0] + 1.0, 2e-6, "estimate");
        close(louis[a], wanted[1], 1e-5, "Louis");
        close(robust[a], wanted[2], 1e-5, "sandwich");
    }
    assert!(
        (louis[0] - louis[1]).abs() < 1e-12,
        "both weights have one error"
    );
}

#[test]
fn one_component_has_closed_forms() {
    let xs = [0.3, 1.7, 2.2, 4.1, 5.5, 0.9, 3.3];
    let n = xs.len() as f64;
    let data = Data::new(&xs[..]);
    let start = Mixture::uniform(vec![Normal::standard()]);
    let fit = fitted(&start, data);
    let variance = fit.components()[0].variance();
    let information = Information::observed(&fit, data, 0).unwrap();
    let parameters = |m: &Normals| vec![m.components()[0].mean(), m.components()[0].variance()];
    let errors = values(
        &information
            .standard_errors(Robustness::Model, parameters)
            .unwrap(),
    );
    close(errors[0], (variance / n).sqrt(), 1e-8, "mean");
    close(errors[1], variance * (2.0 / n).sqrt(), 1e-8, "variance");
    // The sandwich of a mean is the same; of a variance √((m₄ − σ⁴)/n).
    let mean = xs.iter().sum::<f64>() / n;
    let fourth = xs.iter().map(|x| (x - mean).powi(4)).sum::<f64>() / n;
    let third = xs.iter().map(|x| (x - mean).powi(3)).sum::<f64>() / n;
    assert!(
        third.abs() > 0.1,
        "skewed, so that the sandwich is no product"
    );
    let robust = information
        .standard_errors(Robustness::Sandwich, parameters)
        .unwrap();
    let robust = values(&robust);
    close(robust[0], errors[0], 1e-8, "robust mean");
    close(
        robust[1],
        ((fourth - variance * variance) / n).sqrt(),
        1e-8,
        "robust variance",
    );

    let fit = fitted(
        &Mixture::uniform(vec![Exponential::new(1.0).unwrap()]),
        data,
    );
    let rate = |m: &Mixture<Vec<Exponential>>| vec![m.components()[0].rate()];
    let information = Information::observed(&fit, data, 0).unwrap();
    let errors = values(
        &information
            .standard_errors(Robustness::Model, rate)
            .unwrap(),
    );
    close(errors[0], rate(&fit)[0] / n.sqrt(), 1e-8, "rate");

    let counts = [1_u64, 0, 3, 2, 2, 7];
    let data = Data::new(&counts[..]);
    let fit = fitted(&Mixture::uniform(vec![Poisson::new(1.0).unwrap()]), data);
    let rate = |m: &Mixture<Vec<Poisson>>| vec![m.components()[0].rate()];
    let information = Information::observed(&fit, data, 0).unwrap();
    let errors = values(
        &information
            .standard_errors(Robustness::Model, rate)
            .unwrap(),
    );
    close(errors[0], (2.5_f64 / 6.0).sqrt(), 1e-8, "Poisson rate");
}

#[test]
fn errors_have_the_units_of_the_data() {
    // Far from 0 in units of the standard deviation, and tiny or huge: steps follow the data.
    let near = [0.3, 1.7, 2.2, 4.1, 5.5, 0.9, 3.3];
    for (shift, scale) in [(0.0, 1e-9), (0.0, 1e12), (1e6, 1.0), (1e-3, 1e-7)] {
        let xs: Vec<f64> = near.iter().map(|x| shift + scale * x).collect();
        let data = Data::new(&xs[..]);
        let logistic = fitted(
            &Mixture::uniform(vec![Logistic::new(shift + 2.0 * scale, scale).unwrap()]),
            data,
        );
        let location = |m: &Mixture<Vec<Logistic>>| vec![m.components()[0].location()];
        let information = Information::observed(&logistic, data, 0).unwrap();
        let errors = values(
            &information
                .standard_errors(Robustness::Model, location)
                .unwrap(),
        );
        // The second derivative of Σ ln p in the location, by hand: −2 Σ p(1 − p)/s², p = 1/(1 + e^−z).
        let (m, s) = (
            logistic.components()[0].location(),
            logistic.components()[0].scale(),
        );
        let inside = |x: &f64| 1.0 / (1.0 + (-(x - m) / s).exp());
        let mm: f64 = xs.iter().map(|x| 2.0 * inside(x) * (1.0 - inside(x))).sum();
        assert!(
            errors[0] > 1.0 / (mm / (s * s)).sqrt() * 0.999,
            "unconditional is no smaller"
        );
        assert!(
            errors[0] < 1.1 / (mm / (s * s)).sqrt(),
            "{shift} {scale}: {}",
            errors[0]
        );
    }
}

/// −∇²L by central differences of order four of the log-likelihood itself.
fn numerical_hessian<S, W>(
    fit: &Mixture<S, W>,
    data: Data<'_, Batch<'_, <Mixture<S, W> as Density>::Space>>,
    step: f64,
) -> Vec<f64>
where
    S: ComponentSet + Coordinates,
    W: WeightModel + Coordinates,
{
    let mut at = Vec::new();
    fit.pack(&mut at);
    let value = |moves: &[(usize, f64)]| {
        let mut moved = at.clone();
        moves.iter().for_each(|&(j, by)| moved[j] += by);
        fit.unpack(&mut &moved[..])
            .unwrap()
            .evaluate(data)
            .unwrap()
            .log_likelihood
    };
    let along = |moves: &[usize]| {
        let f = |m: f64| value(&moves.iter().map(|&j| (j, m * step)).collect::<Vec<_>>());
        let here = f(0.0);
        let near = f(1.0) - here + (f(-1.0) - here);
        let far = f(2.0) - here + (f(-2.0) - here);
        -(4.0 / 3.0 * near - far / 12.0) / (step * step)
    };
    let p = at.len();
    let own: Vec<f64> = (0..p).map(|j| along(&[j])).collect();
    let entry = |j: usize, l: usize| match j == l {
        true => own[j],
        false => 0.5 * (along(&[j, l]) - own[j] - own[l]),
    };
    (0..p * p).map(|a| entry(a / p, a % p)).collect()
}

fn check_hessian<S, W>(
    fit: &Mixture<S, W>,
    data: Data<'_, Batch<'_, <Mixture<S, W> as Density>::Space>>,
) where
    S: ComponentSet + Coordinates,
    W: WeightModel + Coordinates,
{
    let information = Information::observed(fit, data, 2).unwrap();
    let (found, p) = (information.matrix(), information.free().len());
    // Truncation of order four at this step, and rounding of L (1e-12) over its square, are both near 1e-7.
    let wanted = numerical_hessian(fit, data, 4e-3);
    for at in 0..p * p {
        let scale = (wanted[at / p * (p + 1)] * wanted[at % p * (p + 1)]).sqrt();
        assert!(
            (found[at] - wanted[at]).abs() <= 1e-5 * scale,
            "entry {at}: {} instead of {}",
            found[at],
            wanted[at]
        );
    }
    let alone = Information::observed(fit, data, 1).unwrap();
    assert_eq!(
        alone.matrix(),
        found,
        "the same bits for any number of threads"
    );
}

#[test]
fn louis_is_the_hessian_of_the_log_likelihood() {
    let truth = Mixture::new(
        Weights::new(vec![0.5, 0.3, 0.2]).unwrap(),
        vec![
            Normal::new(0.0, 1.0).unwrap(),
            Normal::new(3.0, 0.5).unwrap(),
            Normal::new(-4.0, 2.0).unwrap(),
        ],
    );
    let truth = truth.unwrap();
    let xs = drawn(&truth, 700, 1);
    check_hessian(&fitted(&truth, Data::new(&xs[..])), Data::new(&xs[..]));
    // With row weights.
    let weights: Vec<f64> = (0..700).map(|i| f64::from(i % 4)).collect();
    let data = Data::new(&xs[..]).weighted(&weights);
    check_hessian(&fitted(&truth, data), data);
    // With known labels of some rows.
    let (xs, labels) = truth.sample_with_labels(&mut Xoshiro256PlusPlus::seed_from_u64(2), 700);
    let index: Vec<u32> = (labels.iter().enumerate())
        .map(|(i, &k)| if i % 3 == 0 { k as u32 } else { Allowed::FREE })
        .collect();
    let table = Allowed::labels(3);
    let data = Data::new(&xs[..]).allowing(Allowed {
        index: &index,
        log_evidence: &table,
    });
    let fit = fitted(&truth, data);
    let known = Information::observed(&fit, data, 0).unwrap();
    let free = fitted(&truth, Data::new(&xs[..]));
    let free = Information::observed(&free, Data::new(&xs[..]), 0).unwrap();
    let mean = |m: &Normals| vec![m.components()[0].mean()];
    let known = values(&known.standard_errors(Robustness::Model, mean).unwrap())[0];
    let free = values(&free.standard_errors(Robustness::Model, mean).unwrap())[0];
    assert!(known < free, "labels are information");
}

#[test]
fn louis_is_the_hessian_for_other_families() {
    let pair = |a: f64, b: f64| Weights::new(vec![a, b]).unwrap();
    let gammas = vec![
        Gamma::new(2.0, 1.0).unwrap(),
        Gamma::new(30.0, 3.0).unwrap(),
    ];
    let truth = Mixture::new(pair(0.6, 0.4), gammas).unwrap();
    let xs = drawn(&truth, 500, 3);
    check_hessian(&fitted(&truth, Data::new(&xs[..])), Data::new(&xs[..]));

    let counts = vec![
        NegativeBinomial::new(3.0, 4.0).unwrap(),
        NegativeBinomial::new(40.0, 8.0).unwrap(),
    ];
    let truth = Mixture::new(pair(0.6, 0.4), counts).unwrap();
    let xs = drawn(&truth, 500, 4);
    check_hessian(&fitted(&truth, Data::new(&xs[..])), Data::new(&xs[..]));

    // Coordinates that all components share.
    let tied = SharedVariance::new(vec![0.0, 4.0], 1.0).unwrap();
    let truth = Mixture::new(pair(0.6, 0.4), tied).unwrap();
    let xs = drawn(&truth, 500, 5);
    check_hessian(&fitted(&truth, Data::new(&xs[..])), Data::new(&xs[..]));
}

/// Groups of three counts and a covariate, the first component known: the information of coefficients is that of
/// their multinomial logistic regression, less what is lost with the labels.
#[test]
fn louis_is_the_hessian_where_weights_have_covariates_and_rows_come_in_groups() {
    use distributions::combine::{GroupedView, Repeated};
    let (mut counts, mut covariates) = (Vec::new(), Vec::new());
    for g in 0..150_u64 {
        let z = (g * 11 % 17) as f64 / 4.0;
        covariates.extend([1.0, z]);
        let high = g * 7 % 10 < 2 + (z as u64);
        counts.extend((0..3).map(|i| {
            if high {
                4 + (g + 5 * i) % 6
            } else {
                (g * i + 3 * g) % 5
            }
        }));
    }
    let offsets: Vec<usize> = (0..=150).map(|g| 3 * g).collect();
    let rates = [2.0, 6.0].map(|rate| Poisson::new(rate).unwrap()).to_vec();
    let data = Data::new((
        RowsView::new(&covariates, 2),
        GroupedView::new(&counts[..], &offsets),
    ));
    for (known, count) in [(vec![], 2), (vec![0], 2)] {
        let set = Repeated(FixedComponents::new(&rates, &known));
        let weights = MultinomialLogisticWeights::uniform(count, 2);
        let start = Mixture::new(weights, set).unwrap();
        let fit = fit_from(&start, data, Start::Model, &tight())
            .unwrap()
            .model;
        check_hessian(&fit, data);
        let free = Information::observed(&fit, data, 0).unwrap().free().len();
        assert_eq!(free, 2 * (count - 1) + count - known.len());
    }
    // Weights that are not estimated have no coordinate.
    let groups = Data::new(GroupedView::new(&counts[..], &offsets));
    let start = Mixture::new(FixedWeights::equal(2), Repeated(rates)).unwrap();
    let fit = fit_from(&start, groups, Start::Model, &tight())
        .unwrap()
        .model;
    check_hessian(&fit, groups);
}

#[test]
fn weights_are_frequencies() {
    let truth = two_normals();
    let xs = drawn(&truth, 300, 7);
    let (once, twice) = (vec![1.0; 300], vec![2.0; 300]);
    let errors = |weights: &[f64], robustness| {
        let data = Data::new(&xs[..]).weighted(weights);
        let information = Information::observed(&fitted(&truth, data), data, 0).unwrap();
        values(
            &information
                .standard_errors(robustness, normal_parameters)
                .unwrap(),
        )
    };
    for robustness in [Robustness::Model, Robustness::Sandwich] {
        let pairs = errors(&once, robustness);
        for (one, two) in pairs.iter().zip(errors(&twice, robustness)) {
            // The two fits stop 1e-6 standard errors apart.
            close(one * one, 2.0 * two * two, 1e-5, "variance");
        }
    }
}

#[test]
fn a_parameter_at_its_bound_has_no_error() {
    // The first column is 0 in every row that the first component explains.
    let codes: Vec<u32> = (0..60).map(|i| i % 3).collect();
    let data = Data::new(&codes[..]);
    let start = Categorical::new(vec![0.3, 0.3, 0.4, 0.0]).unwrap();
    let fit = fitted(&Mixture::uniform(vec![start]), data);
    let information = Information::observed(&fit, data, 0).unwrap();
    let parameters = |m: &Mixture<Vec<Categorical>>| m.components()[0].probabilities().to_vec();
    let errors = information
        .standard_errors(Robustness::Model, parameters)
        .unwrap();
    assert_eq!(errors[3], StandardError::AtBound);
    // √(p(1 − p)/n), as if there were no fourth level.
    for error in &errors[..3] {
        close(
            error.value().unwrap(),
            (2.0_f64 / 9.0 / 60.0).sqrt(),
            1e-8,
            "probability",
        );
    }

    let flags = [0_u64; 9];
    let data = Data::new(&flags[..]);
    let fit = fitted(&Mixture::uniform(vec![Bernoulli::new(0.5).unwrap()]), data);
    let information = Information::observed(&fit, data, 0).unwrap();
    let parameters = |m: &Mixture<Vec<Bernoulli>>| vec![m.components()[0].probability(), 7.0];
    let errors = information
        .standard_errors(Robustness::Model, parameters)
        .unwrap();
    assert_eq!(errors, [StandardError::AtBound, StandardError::Fixed]);
    assert_eq!(errors[0].interval(0.0), None);
}

#[test]
fn what_has_no_information_is_refused() {
    let xs = [0.0, 0.4, 0.7, 1.0, 0.2];
    let data = Data::new(&xs[..]);
    // Two equal components cannot be told apart.
    let equal = fitted(&Mixture::uniform(vec![Normal::standard(); 2]), data);
    let refusal = Information::observed(&equal, data, 0).unwrap_err();
    assert!(
        matches!(refusal, InformationError::Singular { .. }),
        "{refusal:?}"
    );
    // Not at the maximum.
    let elsewhere = Mixture::uniform(vec![Normal::standard()]);
    let refusal = Information::observed(&elsewhere, data, 0).unwrap_err();
    assert!(
        matches!(refusal, InformationError::NotAMaximum { gain } if gain > 0.1),
        "{refusal:?}"
    );
    assert!(refusal.to_string().contains("bootstrap"));
    // A floor.
    let options = tight().on_degenerate(OnDegenerate::Floor);
    let spikes = [1.0, 1.0, 1.0, 5.0, 6.5, 9.0];
    let normals = vec![
        Normal::new(1.0, 0.1).unwrap(),
        Normal::new(6.0, 1.0).unwrap(),
    ];
    let data = Data::new(&spikes[..]);
    let fit = fit_from(&Mixture::uniform(normals), data, Start::Model, &options).unwrap();
    let refusal = Information::observed(&fit.model, data, 0).unwrap_err();
    assert_eq!(
        refusal,
        InformationError::Floor {
            components: vec![0]
        }
    );
    // Weights that are wrong.
    let data = Data::new(&xs[..]).weighted(&[1.0]);
    let refusal = Information::observed(&elsewhere, data, 0).unwrap_err();
    assert!(matches!(refusal, InformationError::Data(_)), "{refusal:?}");
}

/// Families without a second derivative in their parameter.
#[derive(Clone, Debug)]
enum Irregular {
    /// The uniform distribution on [0, e^θ].
    Range(f64),
    /// ½ e^−|x − θ|.
    Peak(f64),
}

impl Density for Irregular {
    type Space = Scalars<f64>;
    fn log_density(&self, x: f64) -> f64 {
        match *self {
            Irregular::Range(top) if (0.0..=top.exp() + 1e-15).contains(&x) => -top,
            Irregular::Range(_) => f64::NEG_INFINITY,
            Irregular::Peak(at) => -(x - at).abs() - 2f64.ln(),
        }
    }
}

/// Never fitted here: the tests give the maximum.
impl Component for Irregular {
    type Statistics = Vec<Moments>;
    fn empty_statistics(&self) -> Self::Statistics {
        Vec::new()
    }
    fn accumulate(&self, _: &mut Self::Statistics, _: f64, _: f64) {}
    fn maximize(&self, _: &Self::Statistics) -> Result<Self, EstimateError> {
        Ok(self.clone())
    }
    fn parameter_count(&self) -> usize {
        1
    }
}

impl Coordinates for Irregular {
    fn pack(&self, into: &mut Vec<f64>) {
        let (Irregular::Range(at) | Irregular::Peak(at)) = self;
        into.push(*at);
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let at = next_coordinate(from)?;
        Ok(match self {
            Irregular::Range(_) => Irregular::Range(at),
            Irregular::Peak(_) => Irregular::Peak(at),
        })
    }
}

#[test]
fn irregular_families_are_refused() {
    let xs: Vec<f64> = (1..=501).map(|i| (f64::from(i) / 100.0).powi(2)).collect();
    let data = Data::new(&xs[..]);
    for family in [Irregular::Range(xs[500].ln()), Irregular::Peak(xs[250])] {
        let refusal = Information::observed(&Mixture::uniform(vec![family]), data, 0);
        let wanted = InformationError::Irregular { coordinate: 0 };
        assert_eq!(refusal.unwrap_err(), wanted);
    }
}
