//! Files that are no text, by their first bytes.

/// First bytes of formats, and what to do with them.
const FORMATS: [(&[u8], &str); 10] = [
    (
        b"PAR1\x15",
        "this is a Parquet file, whose name must end in .parquet",
    ),
    (
        b"\x93NUMPY",
        "this is an array of NumPy, whose name must end in .npy",
    ),
    (
        b"PK\x03\x04",
        "this is an archive, as of a spreadsheet (.xlsx, .ods): save the data as CSV",
    ),
    (
        b"\xD0\xCF\x11\xE0",
        "this is an old spreadsheet: save the data as CSV",
    ),
    (
        b"\x1F\x8B",
        "this is compressed by gzip: decompress it first",
    ),
    (
        b"\x28\xB5\x2F\xFD",
        "this is compressed by Zstandard: decompress it first",
    ),
    (b"\xFD7zXZ", "this is compressed by xz: decompress it first"),
    (
        b"\x89HDF",
        "this is an HDF5 file: save the data as CSV or .npy",
    ),
    (b"\xFF\xFE", "the text is UTF-16: save it as UTF-8"),
    (b"\xFE\xFF", "the text is UTF-16: save it as UTF-8"),
];

/// What a file is that begins with these bytes; `None` where it may be text.
pub fn format(start: &[u8]) -> Option<&'static str> {
    let found = FORMATS.iter().find(|(mark, _)| start.starts_with(mark));
    found.map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_of_no_such_format() {
        for text in [
            "",
            "a,b",
            "PAR1,PAR2\n",
            "PK,x\n",
            "\u{feff}a",
            "(µ/ý",
            "BZh\n",
        ] {
            assert_eq!(format(text.as_bytes()), None, "{text}");
        }
        let gzip = format(b"\x1F\x8B\x08\0").unwrap();
        assert!(gzip.contains("decompress"), "{gzip}");
        let wide = format(b"\xFF\xFEa\0").unwrap();
        assert!(wide.contains("UTF-16"), "{wide}");
    }
}
