//! The header of a `.npy` file: what the numbers are, and how many.

use crate::ModelError;
use std::io::Read;

/// The first bytes of every `.npy` file.
const MAGIC: &[u8] = b"\x93NUMPY";
/// No sensible header is longer: a wrong length must not become an allocation.
const LONGEST: usize = 1 << 20;

/// The kinds of numbers that are read: little-endian, in two widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// `<f8`: doubles.
    Double,
    /// `<f4`: single precision.
    Single,
}

impl Number {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Number::Double => 8,
            Number::Single => 4,
        }
    }
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The kind of number.
    pub number: Number,
    /// The number of rows n.
    pub rows: usize,
    /// The number of columns d; 1 for an array of one dimension.
    pub width: usize,
    /// The byte at which the numbers begin.
    pub offset: usize,
    /// The bytes of the whole file.
    pub length: usize,
}

impl Header {
    /// Reads the header at the beginning of `file`.
    pub fn read(mut file: impl Read) -> Result<Self, ModelError> {
        let mut start = [0; 8];
        fill(&mut file, &mut start)?;
        if &start[..6] != MAGIC {
            return Err(ModelError::new("not a .npy file: it does not begin as one"));
        }
        let (prefix, size) = match start[6] {
            1 => {
                let mut size = [0; 2];
                fill(&mut file, &mut size)?;
                (10, usize::from(u16::from_le_bytes(size)))
            }
            2 | 3 => {
                let mut size = [0; 4];
                fill(&mut file, &mut size)?;
                let size = usize::try_from(u32::from_le_bytes(size));
                (12, size.unwrap_or(usize::MAX))
            }
            version => {
                return Err(ModelError(format!(
                    "version {version} of the .npy format is unknown here"
                )));
            }
        };
        if size > LONGEST {
            return Err(ModelError(format!("a .npy header of {size} bytes")));
        }
        let mut text = vec![0; size];
        fill(&mut file, &mut text)?;
        let text =
            String::from_utf8(text).map_err(|_| ModelError::new("the .npy header is not UTF-8"))?;
        Self::parse(&text, prefix + size)
    }

    fn parse(text: &str, offset: usize) -> Result<Self, ModelError> {
        let number = match value(text, "descr")?.trim_matches(['\'', '"']) {
            "<f8" => Number::Double,
            "<f4" => Number::Single,
            other => {
                return Err(ModelError(format!(
                    "numbers of type {other}; <f8 and <f4 (little-endian floats) are read"
                )));
            }
        };
        match value(text, "fortran_order")? {
            "False" => {}
            "True" => {
                return Err(ModelError::new(
                    "an array in Fortran order; C order is read (numpy.ascontiguousarray)",
                ));
            }
            other => return Err(ModelError(format!("fortran_order {other}"))),
        }
        let shape = value(text, "shape")?;
        let (rows, width) = dimensions(shape)?;
        let length = (rows.checked_mul(width))
            .and_then(|count| count.checked_mul(number.size()))
            .and_then(|bytes| bytes.checked_add(offset))
            .ok_or_else(|| ModelError(format!("an array of shape {shape} has too many numbers")))?;
        Ok(Header {
            number,
            rows,
            width,
            offset,
            length,
        })
    }
}

/// The header of a `.npy` file of `rows` × `width` doubles in C order, which their little-endian bytes
/// follow: version 1.0, padded so that they are aligned.
pub fn npy_header(rows: usize, width: usize) -> Vec<u8> {
    const ALIGNMENT: usize = 64;
    let mut text =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {width}), }}");
    let unpadded = MAGIC.len() + 4 + text.len() + 1;
    let padding = unpadded.next_multiple_of(ALIGNMENT) - unpadded;
    text.extend(std::iter::repeat_n(' ', padding));
    text.push('\n');
    let mut header = MAGIC.to_vec();
    header.extend([1, 0]);
    // Two numbers of at most twenty digits: far below the 65,535 bytes of the format.
    header.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
    header.extend(text.as_bytes());
    header
}

fn fill(file: &mut impl Read, into: &mut [u8]) -> Result<(), ModelError> {
    file.read_exact(into)
        .map_err(|_| ModelError::new("not a .npy file: it ends inside its header"))
}

/// The text of the value of `key` in a Python dictionary of strings, words and tuples.
fn value<'a>(text: &'a str, key: &str) -> Result<&'a str, ModelError> {
    let missing = || ModelError(format!("the .npy header has no \"{key}\""));
    let quoted = [format!("'{key}'"), format!("\"{key}\"")];
    let after = quoted
        .iter()
        .find_map(|quoted| Some(text.split_once(quoted.as_str())?.1))
        .and_then(|rest| rest.trim_start().strip_prefix(':'))
        .ok_or_else(missing)?
        .trim_start();
    let end = if after.starts_with('(') {
        after.find(')').map(|end| end + 1)
    } else {
        after.find([',', '}'])
    };
    end.map(|end| after[..end].trim()).ok_or_else(missing)
}

/// Rows and columns of a shape such as `(3,)` or `(3, 4)`.
fn dimensions(shape: &str) -> Result<(usize, usize), ModelError> {
    let wrong = || {
        ModelError(format!(
            "an array of shape {shape}; n numbers, or n rows of d numbers, are read"
        ))
    };
    let inside = shape
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .ok_or_else(wrong)?;
    let sizes: Vec<usize> = (inside.split(',').map(str::trim))
        .filter(|size| !size.is_empty())
        .map(|size| size.parse().map_err(|_| wrong()))
        .collect::<Result<_, _>>()?;
    match *sizes {
        [rows] if rows > 0 => Ok((rows, 1)),
        [rows, width] if rows > 0 && width > 0 => Ok((rows, width)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: u8, text: &str) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([version, 0]);
        let size = u16::try_from(text.len()).unwrap();
        match version {
            1 => bytes.extend(size.to_le_bytes()),
            _ => bytes.extend(u32::from(size).to_le_bytes()),
        }
        bytes.extend(text.as_bytes());
        bytes
    }

    #[test]
    fn headers_of_every_version_are_read() {
        // As numpy writes them (numpy.lib.format), spaces and key order aside.
        let cases = [
            (
                1,
                "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }  \n",
                (Number::Double, 3, 1),
            ),
            (
                2,
                "{\"shape\": (3, 4), \"descr\": \"<f4\", \"fortran_order\": False}\n",
                (Number::Single, 3, 4),
            ),
            (
                3,
                "{'descr':'<f8','fortran_order':False,'shape':(5,2)}\n",
                (Number::Double, 5, 2),
            ),
        ];
        for (version, text, (number, rows, width)) in cases {
            let header = Header::read(&file(version, text)[..]).unwrap();
            assert_eq!(
                (header.number, header.rows, header.width),
                (number, rows, width)
            );
            let offset = text.len() + if version == 1 { 10 } else { 12 };
            assert_eq!(header.offset, offset);
            assert_eq!(header.length, offset + rows * width * number.size());
        }
    }

    #[test]
    fn what_is_not_read_is_named() {
        let dictionary = |descr: &str, order: &str, shape: &str| {
            format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n")
        };
        let cases = [
            (dictionary("'>f8'", "False", "(3,)"), ">f8"),
            (dictionary("'<i8'", "False", "(3,)"), "<i8"),
            (dictionary("[('a', '<f8')]", "False", "(3,)"), "type [('a"),
            (dictionary("'<f8'", "True", "(3, 2)"), "Fortran"),
            (dictionary("'<f8'", "False", "()"), "shape ()"),
            (dictionary("'<f8'", "False", "(0, 3)"), "shape (0, 3)"),
            (dictionary("'<f8'", "False", "(2, 3, 4)"), "shape (2, 3, 4)"),
            (dictionary("'<f8'", "False", "(-1,)"), "shape (-1,)"),
            (
                dictionary("'<f8'", "False", "(9999999999, 9999999999)"),
                "too many",
            ),
            ("{'descr': '<f8', 'shape': (3,)}".into(), "fortran_order"),
            ("{}".into(), "descr"),
        ];
        for (text, word) in cases {
            let error = Header::read(&file(1, &text)[..]).unwrap_err();
            assert!(error.0.contains(word), "{text}: {error}");
        }
        for bytes in [
            &b""[..],
            b"label\n1\n2\n3\n",
            b"\x93NUMPY\x01\x00",
            b"\x93NUMPY\x01\x00\xff\xff",
        ] {
            assert!(Header::read(bytes).is_err());
        }
        assert!(
            Header::read(&b"\x93NUMPY\x09\x00"[..])
                .unwrap_err()
                .0
                .contains("version 9")
        );
        let huge = b"\x93NUMPY\x02\x00\xff\xff\xff\xff";
        assert!(
            Header::read(&huge[..])
                .unwrap_err()
                .0
                .contains("4294967295")
        );
    }
}
