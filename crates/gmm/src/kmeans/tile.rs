//! Rows worked on together: lanes are rows, column after column.

use pulp::Simd;

/// Rows of a tile: whole vectors of every instruction set.
pub(super) const TILE: usize = 32;

/// Centres worked on together.
pub(super) const CENTRES: usize = 4;
/// Vectors of rows worked on together: with [`CENTRES`], enough independent sums to hide the latency of a
/// multiplication, few enough for sixteen registers.
pub(super) const WIDE: usize = 2;

/// The vectors of a column from row `start`.
#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, column: &[f32; TILE], start: usize) -> [S::f32s; WIDE] {
    let (vectors, _) = S::as_simd_f32s(&column[start..start + WIDE * S::F32_LANES]);
    std::array::from_fn(|wide| vectors.get(wide).copied().unwrap_or(simd.splat_f32s(0.0)))
}

#[inline(always)]
pub(super) fn store<S: Simd>(
    _simd: S,
    out: &mut [f32; TILE],
    start: usize,
    values: [S::f32s; WIDE],
) {
    let (vectors, _) = S::as_mut_simd_f32s(&mut out[start..start + WIDE * S::F32_LANES]);
    for (vector, value) in vectors.iter_mut().zip(values) {
        *vector = value;
    }
}
