//! Cells of a column that can be let go a chunk at a time.

/// Rows of a chunk: 1 MiB of numbers.
const CHUNK: usize = 1 << 17;

/// One cell after the other.
#[derive(Debug)]
pub struct Chunks<T> {
    chunks: Vec<Vec<T>>,
    rows: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Chunks {
            chunks: Vec::new(),
            rows: 0,
        }
    }
}

impl<T: Copy> Chunks<T> {
    /// Appends a cell.
    #[inline]
    pub fn push(&mut self, cell: T) {
        if self.rows.is_multiple_of(CHUNK) {
            // A column of few rows does not need a whole chunk.
            let capacity = if self.rows == 0 { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(capacity));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(cell);
        }
        self.rows += 1;
    }
    /// A cell; `None` where it was let go.
    #[inline]
    pub fn get(&self, row: usize) -> Option<T> {
        self.chunks.get(row / CHUNK)?.get(row % CHUNK).copied()
    }
    /// All cells, as long as none was let go.
    pub fn all(&self) -> impl Iterator<Item = T> {
        self.chunks.iter().flatten().copied()
    }
    /// Lets cells of rows before `end` go, as far as that saves memory.
    pub fn forget(&mut self, end: usize) {
        // The last chunk may be a part of one.
        let gone = match end >= self.rows {
            true => self.chunks.len(),
            false => end / CHUNK,
        };
        (self.chunks[..gone].iter_mut()).for_each(|chunk| *chunk = Vec::new());
    }
}
