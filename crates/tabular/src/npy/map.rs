//! A file of doubles as a slice, without a copy: the one place of this project with `unsafe`.
#![allow(unsafe_code)]

use memmap2::{Mmap, MmapOptions};
use std::fs::File;
use std::io;

/// A part of a file, mapped: the kernel reads its pages when they are used, and drops them when
/// memory is short.
pub struct DoubleMap(Mmap);

impl DoubleMap {
    /// Maps the doubles from byte `offset` to byte `end`. `None` where they are not aligned as
    /// doubles must be, or the machine's numbers are not little-endian.
    ///
    /// # Errors
    /// When the file cannot be mapped.
    pub fn new(file: &File, offset: usize, end: usize) -> io::Result<Option<Self>> {
        if !cfg!(target_endian = "little") {
            return Ok(None);
        }
        let mut options = MmapOptions::new();
        options.offset(offset as u64).len(end - offset);
        // SAFETY: `map` is unsafe because the memory is that of a file, which others may change.
        // - Its length was checked against the file just opened, and the map is read-only and lives
        //   as long as the slice borrowed from it: no access is out of bounds, dangling or a write.
        // - Every pattern of bits is a double, so whatever a page holds is a valid value, and bounds
        //   never come from the contents: code that reads it cannot be led out of bounds.
        // - What is left is a file changed while a fit reads it. The documentation of
        //   `NumberFile::open` makes it the caller's duty that it is not; a file truncated below
        //   the map ends the process by a signal (SIGBUS) rather than by a wrong number.
        let map = unsafe { options.map(file)? };
        let map = DoubleMap(map);
        Ok(bytemuck::try_cast_slice::<u8, f64>(&map.0)
            .is_ok()
            .then_some(map))
    }
    /// The doubles.
    pub fn values(&self) -> &[f64] {
        // Checked when the map was made.
        bytemuck::cast_slice(&self.0)
    }
}
