//! Arrays of numbers on disk, in NumPy's format.

mod header;
mod map;

use crate::ModelError;
use distributions::{Rows, RowsView};
use em::RowSource;
pub use header::npy_header;
use header::{Header, Number};
use map::DoubleMap;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

/// The rows of a `.npy` file: n × d numbers in C order.
///
/// Doubles (`<f8`) are **mapped**: they are read from the file when a pass comes to them, and no
/// copy is made, so that a fit needs no more memory for a larger file. Single precision (`<f4`) is
/// read into memory, since components take doubles; so are doubles that a writer did not align.
///
/// As a [`RowSource`] its rows are cut into the same chunks and blocks as rows in memory, and give
/// results of the same bits.
///
/// # Example
/// ```no_run
/// use em::{Data, Mixture, Options, fit};
/// use gmm::Gaussians;
/// use tabular::NumberFile;
///
/// # fn run(start: Mixture<Gaussians>) -> Result<(), Box<dyn std::error::Error>> {
/// let file = NumberFile::open("larger_than_memory.npy".as_ref())?;
/// let fitted = fit(start, Data::of(&file), &Options::default())?;
/// # Ok(())
/// # }
/// ```
///
/// # References
/// The format: numpy.lib.format in NumPy's documentation.
#[derive(Clone)]
pub struct NumberFile {
    numbers: Numbers,
    rows: usize,
    width: usize,
}

#[derive(Clone)]
enum Numbers {
    Mapped(Arc<DoubleMap>),
    Read(Arc<[f64]>),
}

impl NumberFile {
    /// Opens a file. It must not be changed as long as the rows are in use.
    ///
    /// # Errors
    /// When it cannot be read, is no such file, or has another length than its header says.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let unreadable = |error: std::io::Error| ModelError(format!("cannot be read: {error}"));
        let mut file = File::open(path).map_err(unreadable)?;
        let header = Header::read(BufReader::new(&file))?;
        let length = file.metadata().map_err(unreadable)?.len();
        if length != header.length as u64 {
            return Err(ModelError(format!(
                "{} rows of {} numbers make a file of {} bytes, and it has {length}",
                header.rows, header.width, header.length
            )));
        }
        let mapped = match header.number {
            Number::Double => {
                DoubleMap::new(&file, header.offset, header.length).map_err(unreadable)?
            }
            Number::Single => None,
        };
        let numbers = match mapped {
            Some(map) => Numbers::Mapped(Arc::new(map)),
            None => Numbers::Read(read(&mut file, &header).map_err(unreadable)?.into()),
        };
        Ok(NumberFile {
            numbers,
            rows: header.rows,
            width: header.width,
        })
    }
    /// The number of rows n.
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// The number of columns d.
    pub fn width(&self) -> usize {
        self.width
    }
    /// All numbers, row after row.
    pub fn values(&self) -> &[f64] {
        match &self.numbers {
            Numbers::Mapped(map) => map.values(),
            Numbers::Read(values) => values,
        }
    }
    /// The rows as a batch.
    pub fn view(&self) -> RowsView<'_, f64> {
        RowsView::new(self.values(), self.width)
    }
    /// Whether the numbers stay on disk.
    pub fn is_mapped(&self) -> bool {
        matches!(self.numbers, Numbers::Mapped(_))
    }
}

/// All numbers of a file, as doubles.
fn read(file: &mut File, header: &Header) -> std::io::Result<Vec<f64>> {
    file.seek(SeekFrom::Start(header.offset as u64))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let count = header.rows * header.width;
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        values.push(match header.number {
            Number::Double => {
                let mut bytes = [0; 8];
                reader.read_exact(&mut bytes)?;
                f64::from_le_bytes(bytes)
            }
            Number::Single => {
                let mut bytes = [0; 4];
                reader.read_exact(&mut bytes)?;
                f64::from(f32::from_le_bytes(bytes))
            }
        });
    }
    Ok(values)
}

impl RowSource for NumberFile {
    type Space = Rows<f64>;
    fn rows(&self) -> RowsView<'_, f64> {
        self.view()
    }
}

impl fmt::Debug for NumberFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.is_mapped() {
            "mapped"
        } else {
            "in memory"
        };
        write!(f, "NumberFile({} × {}, {place})", self.rows, self.width)
    }
}

impl PartialEq for NumberFile {
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}
