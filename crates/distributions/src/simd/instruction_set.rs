//! The instruction set in which vector loops run: the widest of this machine, or one that a test asks for.

use pulp::Arch;
use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction set that loops are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// The widest that this machine has.
    Widest,
    /// What every machine of this kind has.
    Baseline,
    /// AVX2 with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl InstructionSet {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Widest,
        Self::Baseline,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
    ];
    fn arch(self) -> Option<Arch> {
        match self {
            Self::Widest => Some(Arch::new()),
            Self::Baseline => Some(Arch::Scalar),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => pulp::x86::V3::try_new().map(Arch::V3),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => pulp::x86::V4::try_new().map(Arch::V4),
        }
    }
}

/// The place in [`InstructionSet::ALL`] of what is asked for.
static ASKED: AtomicU8 = AtomicU8::new(0);

/// Lets all loops of this process run in `set` from now on; `false` where this machine does not have it. For tests: the
/// widest is the right one.
pub fn run_in(set: InstructionSet) -> bool {
    let place = InstructionSet::ALL.iter().position(|other| *other == set);
    let exists = set.arch().is_some();
    if let (true, Some(place)) = (exists, place) {
        ASKED.store(place as u8, Ordering::Relaxed);
    }
    exists
}

/// What a block's loops run in: asked once a block.
#[inline]
pub fn arch() -> Arch {
    let set = InstructionSet::ALL[usize::from(ASKED.load(Ordering::Relaxed))];
    set.arch().unwrap_or_default()
}
