//! What a fit holds beside its rows: some bytes a row, and nothing in the number of rows times that of components.
#![allow(unsafe_code)] // a global allocator is an unsafe trait; this one only counts

use distributions::RowsView;
use em::Start;
use gmm::{CovarianceStructure, GaussianMixture};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(held, Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the blocks and statistics of 64 components take, for any number of rows.
const BLOCKS: usize = 1 << 20;

/// Bytes above what was held before, at most, during a fit of `components` to rows of two columns.
fn peak(values: &[f64], components: usize, start: Start<'_>) -> usize {
    let (held, rows) = (HELD.load(Relaxed), RowsView::new(values, 2));
    PEAK.store(held, Relaxed);
    let builder = GaussianMixture::builder(components)
        .start(start)
        .restarts(2);
    builder.max_iterations(2).threads(1).fit(rows).unwrap();
    PEAK.load(Relaxed) - held
}

/// The same of rows of eight columns from the start that the builder chooses for them, clusters and random rows in turn.
fn peak_from_clusters(values: &[f64], components: usize) -> usize {
    let (held, rows) = (HELD.load(Relaxed), RowsView::new(values, 8));
    PEAK.store(held, Relaxed);
    let builder = GaussianMixture::builder(components).restarts(2);
    let builder = builder.covariance(CovarianceStructure::Diagonal);
    builder.max_iterations(2).threads(1).fit(rows).unwrap();
    PEAK.load(Relaxed) - held
}

/// One test alone, since the allocator counts the whole process.
#[test]
fn a_fit_holds_a_few_bytes_a_row_for_any_number_of_components() {
    let count = 100_000;
    // Points of a lattice in no order, so that every start has distinct rows.
    let values: Vec<f64> = (0..count)
        .flat_map(|i| [(i * 7919 % count) as f64, (i * 104_729 % 99_991) as f64])
        .collect();
    let labels = |components: u32| -> Vec<Option<u32>> {
        (0..count as u32).map(|i| Some(i % components)).collect()
    };
    let (two, many) = (labels(2), labels(64));
    for (name, two, many) in [
        ("spread", Start::Spread, Start::Spread),
        ("random", Start::Random, Start::Random),
        ("labels", Start::Labels(&two), Start::Labels(&many)),
    ] {
        let (few, many) = (peak(&values, 2, two), peak(&values, 64, many));
        // Weights, distances of the last seed and the nearest, owners, candidates: 40 bytes a row at once.
        assert!(few <= 40 * count + BLOCKS, "{name}: {few} bytes");
        // Were responsibilities held, 62 components more would be 50 MB.
        assert!(many <= few + BLOCKS, "{name}: {few}, then {many} bytes");
    }
    let wide: Vec<f64> = (0..count * 8)
        .map(|i| (i * 7919 % 99_991) as f64 + 1e5 * (i / 8 % 7) as f64)
        .collect();
    let (few, many) = (peak_from_clusters(&wide, 2), peak_from_clusters(&wide, 64));
    // A copy of at most 29 MB in single precision, 32 bytes a row here, beside a label and a bound for each.
    assert!(few <= (32 + 16) * count + BLOCKS, "{few} bytes");
    assert!(many <= few + BLOCKS, "{few}, then {many} bytes");
}
