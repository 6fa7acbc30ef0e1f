//! An E-step allocates nothing after the first: counted by the allocator itself.
#![allow(unsafe_code)] // a global allocator is an unsafe trait; this one only counts

use distributions::{Gamma, Normal, Poisson, Sample};
use em::{Data, LatentModel, Mixture, Soft, Workspace, e_step, stream};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// By thread: the test harness allocates on its own.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations<M: LatentModel>(
    model: &M,
    data: Data<'_, distributions::Batch<'_, M::Space>>,
) -> usize {
    let mut workspace = Workspace::new(data.xs, &model.empty_statistics(), 1);
    e_step(model, data, 0, &Soft, &mut workspace);
    let before = ALLOCATIONS.get();
    for iteration in 1..10 {
        e_step(model, data, iteration, &Soft, &mut workspace);
    }
    ALLOCATIONS.get() - before
}

#[test]
fn nothing_is_allocated_after_the_first_e_step() {
    let rows = 5000;
    let weights = vec![0.5; rows];
    let normals = [0.0, 3.0].map(|m| Normal::new(m, 1.0).unwrap()).to_vec();
    let nested = Mixture::uniform(vec![
        Mixture::uniform(normals.clone()),
        Mixture::uniform(normals),
    ]);
    let xs = nested.sample(&mut stream(1, 0), rows);
    assert_eq!(
        allocations(&nested, Data::new(&xs[..]).weighted(&weights)),
        0
    );

    let gammas = Mixture::uniform(vec![
        Gamma::new(2.0, 1.0).unwrap(),
        Gamma::new(9.0, 1.0).unwrap(),
    ]);
    let xs = gammas.sample(&mut stream(1, 1), rows);
    assert_eq!(allocations(&gammas, Data::new(&xs[..])), 0);

    let poissons = Mixture::uniform(vec![Poisson::new(2.0).unwrap(), Poisson::new(9.0).unwrap()]);
    let xs = poissons.sample(&mut stream(1, 2), rows);
    assert_eq!(allocations(&poissons, Data::new(&xs[..])), 0);
}
