package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
)

// newLogger writes text to a terminal and JSON elsewhere, unless format says which. Every line carries
// the request id and the staff id of its context, and nothing secret or personal.
func newLogger(w io.Writer, format string) *slog.Logger {
	o := &slog.HandlerOptions{ReplaceAttr: redact}
	if format == "" {
		format = "json"
		if f, ok := w.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
			format = "text"
		}
	}
	if format == "text" {
		return slog.New(withRequest{slog.NewTextHandler(w, o)})
	}
	return slog.New(withRequest{slog.NewJSONHandler(w, o)})
}

// sensitive are the words by which an attribute gives itself away.
var sensitive = map[string]bool{
	"password": true, "secret": true, "token": true, "document": true, "phone": true, "email": true, "code": true, "key": true,
	"authorization": true, "cookie": true, "signature": true, "pass": true, "name": true, "address": true, "account": true,
}

// redact masks attributes one of whose words is sensitive: "email", "payee_phone", "new-password".
func redact(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindGroup {
		return a
	}
	for word := range strings.FieldsFuncSeq(strings.ToLower(a.Key), func(r rune) bool { return r == '_' || r == '-' || r == '.' }) {
		if sensitive[word] {
			a.Value = slog.StringValue("[redacted]")
			return a
		}
	}
	return a
}

// requestInfo is what the log says of the request at hand; the sign-in fills in who it is.
type requestInfo struct {
	id    string
	staff int64
}

type requestKey struct{}

// withRequest adds the context's request to every line.
type withRequest struct{ slog.Handler }

func (h withRequest) Handle(ctx context.Context, r slog.Record) error {
	if info, ok := ctx.Value(requestKey{}).(*requestInfo); ok {
		r.AddAttrs(slog.String("request", info.id))
		if info.staff != 0 {
			r.AddAttrs(slog.Int64("staff", info.staff))
		}
	}
	return h.Handler.Handle(ctx, r)
}

func (h withRequest) WithAttrs(a []slog.Attr) slog.Handler {
	return withRequest{h.Handler.WithAttrs(a)}
}
func (h withRequest) WithGroup(name string) slog.Handler {
	return withRequest{h.Handler.WithGroup(name)}
}
