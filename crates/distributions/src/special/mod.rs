//! Special functions, as free functions of `f64`.
//!
//! Every function says its domain, its values at the ends of it, and where its method comes from;
//! NaN in gives NaN out. The measured errors are in `docs/numerics.md`: the tables behind them lie
//! in `tests/reference/special`, made with mpmath by the script beside them.

mod bessel;
mod beta;
mod debye;
mod deviance;
mod digamma;
mod error;
mod exponential_integral;
mod gamma;
mod incomplete_beta;
mod incomplete_gamma;
mod log_exp;
mod polynomial;
mod tail;

pub use bessel::{
    bessel_ratio, bessel_ratio_complement, bessel_ratio_derivative, inverse_bessel_ratio,
    ln_bessel_i, ln_bessel_i_relative, ln_bessel_i_scaled, ln_bessel_i0,
};
pub use beta::{ln_beta, ln_binomial};
pub use deviance::deviance;
pub use digamma::{
    digamma, inverse_digamma, ln_minus_digamma, tetragamma, trigamma, trigamma_minus_reciprocal,
};
pub use error::{erf, erfc, erfcx, normal_cdf, normal_ln_cdf, normal_quantile, normal_sf};
pub use exponential_integral::scaled_exponential_integral;
pub use gamma::{ln_factorial, ln_gamma, ln_gamma_1p, stirling_error};
pub use incomplete_beta::{
    beta_i, beta_i_complement, inverse_beta_i, inverse_beta_i_complement, ln_beta_i,
    ln_beta_i_complement,
};
pub use incomplete_gamma::{
    gamma_p, gamma_q, inverse_gamma_p, inverse_gamma_q, ln_gamma_p, ln_gamma_q,
};
pub(crate) use log_exp::ln_1p_minus_x_near;
pub use log_exp::{
    ln_1m_exp, ln_1p_exp, ln_1p_minus_x, log_sum_exp, logistic, logit, xlog1py, xlogy,
};
