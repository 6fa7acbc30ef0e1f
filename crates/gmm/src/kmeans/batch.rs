//! Which rows of a chunk are looked at, a batch at a time.

use super::assign::{Assignment, Known};
use distributions::BLOCK_ROWS;

/// Numbers that are written together.
const STEP: usize = 16;

/// Some rows of a chunk, in rising order, as numbers from its first.
pub(super) struct Batch {
    /// With room for numbers that are written and not meant.
    rows: [u32; BLOCK_ROWS + STEP],
    count: usize,
}

impl Batch {
    pub(super) fn new() -> Self {
        Batch {
            rows: [0; BLOCK_ROWS + STEP],
            count: 0,
        }
    }
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows[..self.count]
    }
    pub(super) fn push(&mut self, row: u32) {
        self.rows[self.count] = row;
        self.count += 1;
    }
    /// Adds the rows, numbered from `first`, whose labels may not hold any more: `lost` by their cluster is not below
    /// `until`, or NaN.
    pub(super) fn open(&mut self, first: u32, labels: &[u32], until: &[f32], lost: &[f32]) {
        #[cfg(target_arch = "x86_64")]
        if let pulp::Arch::V4(simd) = distributions::simd::instruction_set::arch()
            && lost.len() <= 2 * STEP
        {
            let find = x86::Find {
                simd,
                first,
                labels,
                until,
                lost,
                found: self,
            };
            return pulp::Simd::vectorize(simd, find);
        }
        for (row, (&label, &until)) in (first..).zip(labels.iter().zip(until)) {
            self.rows[self.count] = row;
            self.count += usize::from(!(lost[label as usize] < until));
        }
    }
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }
}

/// The rows of a chunk whose labels may not hold any more: those of several blocks together where they are few, so that tiles
/// are full, and all of a block where they are many.
pub(super) struct Open {
    /// The first row that is not in any batch yet.
    next: usize,
    /// The open rows of the block that begins there, if they were found.
    found: Option<Batch>,
}

impl Open {
    pub(super) fn new() -> Self {
        Open {
            next: 0,
            found: None,
        }
    }
    /// The next batch; an empty one after the last.
    pub(super) fn fill(
        &mut self,
        assignment: &Assignment<'_>,
        known: &Known<'_>,
        batch: &mut Batch,
    ) {
        batch.clear();
        let rows = known.labels.len();
        while self.next < rows {
            let block = self.next..rows.min(self.next + BLOCK_ROWS);
            let size = block.len();
            let found = self.found.take().unwrap_or_else(|| {
                let mut found = Batch::new();
                found.open(
                    block.start as u32,
                    &known.labels[block.clone()],
                    &known.until[block.clone()],
                    &assignment.lost_above,
                );
                found
            });
            let whole = found.count as f64 >= assignment.many * size as f64;
            let count = if whole { size } else { found.count };
            if batch.count > 0 && (whole || batch.count + count > BLOCK_ROWS) {
                self.found = Some(found);
                return;
            }
            let into = &mut batch.rows[batch.count..][..count];
            if whole {
                (into.iter_mut().zip(block.start as u32..)).for_each(|(into, row)| *into = row);
            } else {
                into.copy_from_slice(found.rows());
            }
            batch.count += count;
            self.next = block.end;
            if whole {
                return;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Batch, STEP};
    use pulp::x86::V4;
    use pulp::{Simd, WithSimd, cast};
    use std::arch::x86_64::{__m512, __m512i, _CMP_NLT_UQ};

    /// [`Batch::open`] for few clusters, whose losses stay in two registers.
    pub(super) struct Find<'a> {
        pub(super) simd: V4,
        pub(super) first: u32,
        pub(super) labels: &'a [u32],
        pub(super) until: &'a [f32],
        pub(super) lost: &'a [f32],
        pub(super) found: &'a mut Batch,
    }

    impl WithSimd for Find<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) {
            let (simd, found) = (self.simd.avx512f, self.found);
            let mut lost = [0.0; 2 * STEP];
            lost[..self.lost.len()].copy_from_slice(self.lost);
            let [low, high]: [__m512; 2] = cast(lost);
            let mut place = [0_u32; STEP];
            (place.iter_mut().zip(0..)).for_each(|(place, number)| *place = number);
            let place: __m512i = cast(place);
            let (labels, last_labels) = self.labels.as_chunks::<STEP>();
            let (until, last_until) = self.until.as_chunks::<STEP>();
            let firsts = (self.first..).step_by(STEP);
            for (first, (labels, until)) in firsts.zip(labels.iter().zip(until)) {
                let lost = simd._mm512_permutex2var_ps(low, cast(*labels), high);
                let open = simd._mm512_cmp_ps_mask::<_CMP_NLT_UQ>(lost, cast(*until));
                let rows = simd._mm512_add_epi32(simd._mm512_set1_epi32(first as i32), place);
                let rows: [u32; STEP] = cast(simd._mm512_maskz_compress_epi32(open, rows));
                found.rows[found.count..found.count + STEP].copy_from_slice(&rows);
                found.count += open.count_ones() as usize;
            }
            let first = self.first + (self.labels.len() - last_labels.len()) as u32;
            for (row, (&label, &until)) in (first..).zip(last_labels.iter().zip(last_until)) {
                found.rows[found.count] = row;
                found.count += usize::from(!(self.lost[label as usize] < until));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_open_where_what_their_cluster_lost_is_not_below() {
        for clusters in [1, 5, 16, 17, 32, 33, 100] {
            for rows in [1, 15, 16, 17, 200, BLOCK_ROWS] {
                let lost: Vec<f32> = (0..clusters).map(|k| (k as f32).sin()).collect();
                let labels: Vec<u32> = (0..rows).map(|i| (i * i % clusters) as u32).collect();
                let mut until: Vec<f32> = (0..rows).map(|i| (i as f32 * 0.3).cos()).collect();
                until[rows / 2] = f32::NAN;
                until[rows / 3] = lost[labels[rows / 3] as usize];
                let mut found = Batch::new();
                found.open(7, &labels, &until, &lost);
                let expected: Vec<u32> = (0..rows)
                    .filter(|&i| !(lost[labels[i] as usize] < until[i]))
                    .map(|i| 7 + i as u32)
                    .collect();
                assert_eq!(found.rows(), expected);
            }
        }
    }
}
