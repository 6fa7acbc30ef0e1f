"""Writes the Parquet files of crates/cli/tests/parquet.rs, by a library that is not the one that reads them.

    pip install pyarrow          (26.0.1 made those that are here)
    python3 generate.py          in this folder
"""

import decimal

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 40
decimal.getcontext().prec = 60


def cells(make, gaps=()):
    return [None if row in gaps else make(row) for row in range(ROWS)]


KINDS = pa.table({
    "double": pa.array(cells(lambda i: i / 7 - 2, gaps=(3,)), pa.float64()),
    "single": pa.array(cells(lambda i: 0.1 * i), pa.float32()),
    "int8": pa.array(cells(lambda i: i - 20), pa.int8()),
    "int64": pa.array(cells(lambda i: (-1) ** i * (2**40 + i)), pa.int64()),
    "uint32": pa.array(cells(lambda i: 2**32 - 1 - i), pa.uint32()),
    "uint64": pa.array(cells(lambda i: 2**64 - 2048 * i - 1), pa.uint64()),
    "truth": pa.array(cells(lambda i: i % 3 == 0, gaps=(5, 6)), pa.bool_()),
    "price": pa.array(cells(lambda i: decimal.Decimal(i - 9) / 100), pa.decimal128(9, 2)),
    "long": pa.array(cells(lambda i: (-1) ** i * decimal.Decimal(12345678901234567890123456789 + 7 * 10 ** (i % 29)).scaleb(-9)), pa.decimal128(38, 9)),
    "town": pa.array(cells(lambda i: ["Rome", "Köln", "Oslo"][i % 3], gaps=(7,)), pa.string()),
    "code": pa.array(cells(lambda i: ["a", "b"][i % 2])).dictionary_encode(),
    "nothing": pa.array([None] * ROWS, pa.float64()),
    "day": pa.array(cells(lambda i: i), pa.date32()),
    "moment": pa.array(cells(lambda i: i), pa.timestamp("ns")),
    "list": pa.array(cells(lambda i: [float(i)] * (i % 3))),
    "pair": pa.array(cells(lambda i: {"x": i, "y": -i})),
    "half": pa.array(cells(lambda i: bytes([i, 1])), pa.binary(2)),
})


def text(value):
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def main():
    pq.write_table(KINDS, "kinds.parquet", compression="snappy", row_group_size=16)
    # What a CSV file of the readable columns holds: the oracle of the test.
    names = KINDS.column_names[: KINDS.column_names.index("nothing") + 1]
    columns = [KINDS.column(name).to_pylist() for name in names]
    with open("kinds.csv", "w") as file:
        file.write(",".join(names) + "\n")
        for row in zip(*columns):
            row = [int(value) if isinstance(value, bool) else value for value in row]
            file.write(",".join(text(value) for value in row) + "\n")
    few = KINDS.select(["double", "int8", "town"])
    for codec in ["none", "gzip", "zstd", "lz4"]:
        pq.write_table(few, f"{codec}.parquet", compression=codec, row_group_size=25)
    pq.write_table(few, "pages.parquet", data_page_version="2.0", data_page_size=64, use_dictionary=False,
                   column_encoding={"double": "BYTE_STREAM_SPLIT", "int8": "DELTA_BINARY_PACKED", "town": "DELTA_BYTE_ARRAY"})
    pq.write_table(few, "brotli.parquet", compression="brotli")
    pq.write_table(few.slice(0, 0), "empty.parquet")
    # A column that a fit is fast to find: two groups, in more row groups than one.
    pq.write_table(pa.table({"x": [float(i % 2 * 10) + i / 100 for i in range(200)], "w": [float(i % 2) for i in range(200)]}),
                   "groups.parquet", row_group_size=50)


if __name__ == "__main__":
    main()
