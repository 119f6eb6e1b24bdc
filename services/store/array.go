package store

import (
	"database/sql/driver"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"
)

// Int64s is a bigint[] column or argument for GORM, which would otherwise unfold a slice into a list.
type Int64s []int64

// Strings is a text[] column or argument for GORM.
type Strings []string

// GormDataType names the column's type for GORM.
func (Int64s) GormDataType() string { return "bigint[]" }

// GormDataType names the column's type for GORM.
func (Strings) GormDataType() string { return "text[]" }

// Value writes the array in Postgres's text form; nil is NULL.
func (a Int64s) Value() (driver.Value, error) { return arrayValue(pgtype.Int8ArrayOID, []int64(a)) }

// Scan reads the array; NULL is nil.
func (a *Int64s) Scan(src any) error { return scanArray(pgtype.Int8ArrayOID, src, (*[]int64)(a)) }

// Value writes the array in Postgres's text form; nil is NULL.
func (a Strings) Value() (driver.Value, error) { return arrayValue(pgtype.TextArrayOID, []string(a)) }

// Scan reads the array; NULL is nil.
func (a *Strings) Scan(src any) error { return scanArray(pgtype.TextArrayOID, src, (*[]string)(a)) }

func arrayValue[T any](oid uint32, a []T) (driver.Value, error) {
	if a == nil {
		return nil, nil
	}
	text, err := pgtype.NewMap().Encode(oid, pgtype.TextFormatCode, a, nil)
	if err != nil {
		return nil, err
	}
	return string(text), nil
}

func scanArray[T any](oid uint32, src any, a *[]T) error {
	switch text := src.(type) {
	case nil:
		*a = nil
		return nil
	case string:
		return pgtype.NewMap().Scan(oid, pgtype.TextFormatCode, []byte(text), a)
	case []byte:
		return pgtype.NewMap().Scan(oid, pgtype.TextFormatCode, text, a)
	}
	return fmt.Errorf("cannot read an array from %T", src)
}
