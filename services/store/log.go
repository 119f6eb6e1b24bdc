package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// queryLog writes slow statements to the product's log, without their arguments: those hold personal
// data. Failed ones are logged by whoever handles the error.
type queryLog struct {
	log  *slog.Logger
	slow time.Duration
}

func newQueryLog(o Options) queryLog {
	q := queryLog{log: o.Logger, slow: o.SlowQuery}
	if q.log == nil {
		q.log = slog.Default()
	}
	if q.slow == 0 {
		q.slow = defaultSlowQuery
	}
	return q
}

func (q queryLog) LogMode(logger.LogLevel) logger.Interface { return q }

func (q queryLog) Info(ctx context.Context, format string, args ...any) {
	q.log.DebugContext(ctx, "gorm", "text", fmt.Sprintf(format, args...))
}

func (q queryLog) Warn(ctx context.Context, format string, args ...any) {
	q.log.WarnContext(ctx, "gorm", "text", fmt.Sprintf(format, args...))
}

func (q queryLog) Error(ctx context.Context, format string, args ...any) {
	q.log.ErrorContext(ctx, "gorm", "text", fmt.Sprintf(format, args...))
}

// ParamsFilter keeps the arguments out of every statement GORM explains.
func (q queryLog) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}

func (q queryLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	took := time.Since(begin)
	if took < q.slow || errors.Is(err, gorm.ErrRecordNotFound) {
		return
	}
	text, rows := statement()
	q.log.WarnContext(ctx, "slow statement", "took", took, "rows", rows, "sql", text)
}
