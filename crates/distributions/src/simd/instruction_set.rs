//! The instruction set in which vector loops run: the widest of this machine, or one that a test asks for.

use pulp::Arch;
use std::cell::Cell;

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

thread_local! {
    /// What this thread asks for. One for all threads would change under those that are amid a block.
    static ASKED: Cell<InstructionSet> = const { Cell::new(InstructionSet::Widest) };
}

/// Lets all loops of this thread run in `set` from now on; `false` where this machine does not have it. For tests: the
/// widest is the right one.
pub fn run_in(set: InstructionSet) -> bool {
    let exists = set.arch().is_some();
    if exists {
        ASKED.set(set);
    }
    exists
}

/// What a block's loops run in.
#[inline]
pub fn arch() -> Arch {
    ASKED.get().arch().unwrap_or_default()
}
