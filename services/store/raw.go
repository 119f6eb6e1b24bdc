package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Raw is a row as Postgres sends it: texts as they are, numbers and times in its binary format. It is valid until the
// next row is read. It is for the few readers of millions of rows, and of the pages looked at most, where finding out how
// to scan a cell costs more than the cell.
type Raw [][]byte

// Null answers whether a cell has no value.
func (r Raw) Null(i int) bool { return r[i] == nil }

// Int is a bigint; it must not be null.
func (r Raw) Int(i int) int64 { return int64(binary.BigEndian.Uint64(r[i])) }

// postgresEpoch is from when Postgres counts microseconds.
var postgresEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// Time is a timestamptz; it must not be null.
func (r Raw) Time(i int) time.Time { return time.UnixMicro(postgresEpoch + r.Int(i)).UTC() }

// Moment is a timestamptz, nil when it is null.
func (r Raw) Moment(i int) *time.Time {
	if r.Null(i) {
		return nil
	}
	t := r.Time(i)
	return &t
}

// EachRaw reads the rows of a statement one after the other. All columns must be texts, bigints or timestamptz.
func EachRaw(ctx context.Context, q Querier, each func(Raw) error, sql string, args ...any) error {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	known := false
	for rows.Next() {
		if !known {
			if err := binaryColumns(rows); err != nil {
				return err
			}
			known = true
		}
		if err := each(rows.RawValues()); err != nil {
			return err
		}
	}
	return rows.Err()
}

// binaryColumns holds that columns come as Raw reads them.
func binaryColumns(rows pgx.Rows) error {
	for _, c := range rows.FieldDescriptions() {
		text := c.DataTypeOID == pgtype.TextOID // the same in both formats
		wide := c.Format == pgx.BinaryFormatCode && (c.DataTypeOID == pgtype.Int8OID || c.DataTypeOID == pgtype.TimestamptzOID)
		if !text && !wide {
			return fmt.Errorf("column %s does not come as text, bigint or timestamptz", c.Name)
		}
	}
	return nil
}
