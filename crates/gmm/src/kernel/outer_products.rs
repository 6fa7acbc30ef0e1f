//! Products of what several quantities are in the rows of a block, summed over the rows: Σ_n a(n) b(n)ᵀ. Lanes are columns of
//! b, so that no sum runs over lanes.

use pulp::Simd;

/// Vectors of columns worked on together.
const PANELS: usize = 3;

/// The columns of some rows by the vector: vector n of panel p holds the columns of row n that follow p vectors. With zeros
/// after the last column, and after the last row.
pub(super) struct Panels<'a, V> {
    pub vectors: &'a [V],
    /// How many vectors a panel has.
    pub rows: usize,
}

/// How many panels `columns` columns make.
#[inline(always)]
pub(super) fn panels<S: Simd>(columns: usize) -> usize {
    columns.div_ceil(S::F64_LANES)
}

/// The panels of x − c, x being the rows of `values`, written to `into`. `centre` has zeros up to whole vectors.
#[inline(always)]
pub(super) fn write_panels<'a, S: Simd>(
    simd: S,
    values: &[f64],
    d: usize,
    centre: &[f64],
    rows: usize,
    into: &'a mut [f64],
) -> Panels<'a, S::f64s> {
    let into = &mut S::as_mut_simd_f64s(into).0[..panels::<S>(d) * rows];
    let (centre, _) = S::as_simd_f64s(centre);
    for (n, row) in values.chunks_exact(d).enumerate() {
        let (whole, rest) = S::as_simd_f64s(row);
        for (p, &x) in whole.iter().enumerate() {
            into[p * rows + n] = simd.sub_f64s(x, centre[p]);
        }
        if !rest.is_empty() {
            let x = simd.partial_load_f64s(rest);
            into[whole.len() * rows + n] = simd.sub_f64s(x, centre[whole.len()]);
        }
    }
    let zero = simd.splat_f64s(0.0);
    for panel in into.chunks_exact_mut(rows) {
        panel[values.len() / d..].fill(zero);
    }
    Panels {
        vectors: into,
        rows,
    }
}

/// Adds Σ_n a(n) b(n)ᵀ to `into`, whose rows are as long as those of the panels. a comes quantity after quantity, each with
/// a number for every row. With `lower`, entries above the diagonal need not be there.
#[inline(always)]
pub(super) fn add_outer_products<S: Simd>(
    simd: S,
    a: &[f64],
    b: &Panels<'_, S::f64s>,
    lower: bool,
    into: &mut [f64],
) {
    let (into, _) = S::as_mut_simd_f64s(into);
    let (count, mut first) = (a.len() / b.rows, 0);
    while first < count {
        let rest = count - first;
        let size = match rest {
            8.. if S::F64_LANES >= 8 => 8,
            4.. => 4,
            2.. => 2,
            _ => 1,
        };
        let product = Product {
            a,
            b,
            first,
            width: b.vectors.len() / b.rows,
            last: if lower {
                panels::<S>(first + size)
            } else {
                b.vectors.len() / b.rows
            },
        };
        match size {
            8 => product.strip::<S, 8>(simd, into),
            4 => product.strip::<S, 4>(simd, into),
            2 => product.strip::<S, 2>(simd, into),
            _ => product.strip::<S, 1>(simd, into),
        }
        first += size;
    }
}

/// Some quantities beside all panels before `last`.
struct Product<'a, V> {
    a: &'a [f64],
    b: &'a Panels<'a, V>,
    first: usize,
    /// All panels.
    width: usize,
    last: usize,
}

impl<V: Copy> Product<'_, V> {
    #[inline(always)]
    fn strip<S: Simd<f64s = V>, const R: usize>(&self, simd: S, into: &mut [V]) {
        for panel in (0..self.last).step_by(PANELS) {
            match self.last - panel {
                1 => self.tile::<S, R, 1>(simd, panel, into),
                2 => self.tile::<S, R, 2>(simd, panel, into),
                _ => self.tile::<S, R, PANELS>(simd, panel, into),
            }
        }
    }
    #[inline(always)]
    fn tile<S: Simd<f64s = V>, const R: usize, const C: usize>(
        &self,
        simd: S,
        panel: usize,
        into: &mut [V],
    ) {
        let rows = self.b.rows;
        let a: [&[f64]; R] =
            std::array::from_fn(|r| &self.a[(self.first + r) * rows..(self.first + r + 1) * rows]);
        let b: [&[V]; C] =
            std::array::from_fn(|c| &self.b.vectors[(panel + c) * rows..(panel + c + 1) * rows]);
        let mut sums = [[simd.splat_f64s(0.0); C]; R];
        for n in 0..rows {
            for r in 0..R {
                let factor = simd.splat_f64s(a[r][n]);
                for c in 0..C {
                    sums[r][c] = simd.mul_add_e_f64s(factor, b[c][n], sums[r][c]);
                }
            }
        }
        for r in 0..R {
            let into = &mut into[(self.first + r) * self.width + panel..][..C];
            for c in 0..C {
                into[c] = simd.add_f64s(into[c], sums[r][c]);
            }
        }
    }
}
