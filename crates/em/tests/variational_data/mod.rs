//! Data with fractional row weights, and the logarithms of their evidence, printed by evidence.py.

pub const WEIGHTS: [f64; 5] = [1.0, 0.5, 2.0, 1.25, 1.0];
pub const COUNTS: [u64; 5] = [0, 3, 1, 4, 2];
pub const REALS: [f64; 5] = [0.5, 2.25, 1.0, 0.125, 3.0];
pub const BITS: [u64; 5] = [1, 0, 1, 1, 0];
pub const LEVELS: [u32; 5] = [0, 2, 2, 1, 0];
pub const ROWS: [u64; 15] = [2, 1, 0, 0, 3, 1, 1, 1, 1, 4, 0, 2, 0, 0, 3];

pub const POISSON: f64 = -10.831653351096542;
pub const EXPONENTIAL: f64 = -7.896747892813118;
pub const GAMMA: f64 = -9.1256688703251156;
pub const BERNOULLI: f64 = -3.9912006084543849;
pub const BINOMIAL: f64 = -12.115714394352436;
pub const GEOMETRIC: f64 = -12.153455947981468;
pub const CATEGORICAL: f64 = -7.6515003043215804;
pub const MULTINOMIAL: f64 = -16.946804711130563;
pub const NORMAL: f64 = -10.955113627034141;
