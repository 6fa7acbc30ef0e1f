//! The worked example in one dimension: 0.6·N(2, 1) + 0.4·N(5, 2) at x = 3.5, the second argument a
//! variance; then one M-step on a small sample.
//!
//! A widely read text prints 0.107, 0.120, 0.112, 0.571 and 0.429 for the five numbers below. Its two
//! densities are slips, which carry into the other three (and 0.0642/0.1122 is 0.572, not 0.571). The
//! digits here are checked against 40-digit arithmetic.
//!
//! Prints:
//! densities            p_1(3.5) = 0.129517595665892, p_2(3.5) = 0.160732767298802
//! joint                p(3.5, z = 1) = 0.077710557399535, p(3.5, z = 2) = 0.064293106919521
//! mixture density      p(3.5) = 0.142003664319056
//! responsibilities     r_1 = 0.547243324826702, r_2 = 0.452756675173298
//! E-step on the sample N_1 = 3.4733, N_2 = 2.5267
//! M-step               weights 0.5789, 0.4211; means 2.1407, 4.8540; variances 0.6998, 1.4047
//! log-likelihood       -11.1297 before, -10.8602 after

use distributions::{Density, Normal};
use em::{Data, Mixture, Options, Weights, fit};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mixture = Mixture::new(
        Weights::new(vec![0.6, 0.4])?,
        vec![Normal::new(2.0, 1.0)?, Normal::new(5.0, 2.0)?],
    )?;
    let x = 3.5;

    // The densities of the components: N(x | μ, σ²) = exp(−(x − μ)²/2σ²) / √(2πσ²).
    let densities: Vec<f64> = mixture
        .components()
        .iter()
        .map(|component| component.log_density(x).exp())
        .collect();
    println!(
        "densities            p_1(3.5) = {:.15}, p_2(3.5) = {:.15}",
        densities[0], densities[1]
    );

    // The joint p(x, z = k) = π_k p_k(x), and its sum over k, the mixture density.
    let joint: Vec<f64> = (0..2).map(|k| mixture.log_joint(k, x).exp()).collect();
    println!(
        "joint                p(3.5, z = 1) = {:.15}, p(3.5, z = 2) = {:.15}",
        joint[0], joint[1]
    );
    let density = mixture.log_density(x).exp();
    println!("mixture density      p(3.5) = {density:.15}");

    // The responsibilities r_k = π_k p_k(x) / p(x): the E-step for this observation.
    let responsibilities = mixture.responsibilities(x);
    println!(
        "responsibilities     r_1 = {:.15}, r_2 = {:.15}",
        responsibilities[0], responsibilities[1]
    );

    // One iteration on a sample: N_k = Σ r_ik, then π_k = N_k/N, μ_k and σ_k² as weighted moments.
    let sample = [1.2, 1.9, 2.4, 3.5, 4.6, 6.1];
    let before = mixture.evaluate(Data::new(&sample[..]))?;
    let counts = &before.effective_counts;
    println!(
        "E-step on the sample N_1 = {:.4}, N_2 = {:.4}",
        counts[0], counts[1]
    );
    let one = Options::default().max_iterations(1);
    let fitted = fit(mixture, Data::new(&sample[..]), &one)?;
    let (weights, components) = (fitted.model.weights(), fitted.model.components());
    println!(
        "M-step               weights {:.4}, {:.4}; means {:.4}, {:.4}; variances {:.4}, {:.4}",
        weights[0],
        weights[1],
        components[0].mean(),
        components[1].mean(),
        components[0].variance(),
        components[1].variance(),
    );
    println!(
        "log-likelihood       {:.4} before, {:.4} after",
        fitted.report.trace[0], fitted.report.trace[1]
    );
    Ok(())
}
