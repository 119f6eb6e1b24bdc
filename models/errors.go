package models

import (
	"errors"
	"fmt"
)

// ErrorKind says what a refusal means to the outside; web maps it to a status code.
type ErrorKind string

// The kinds a person can be answered with. Anything that is not an *Error is internal.
const (
	Invalid     ErrorKind = "invalid"     // 422: what was sent cannot be taken
	NotFound    ErrorKind = "not_found"   // 404
	Forbidden   ErrorKind = "forbidden"   // 403: this person may not do this
	Conflict    ErrorKind = "conflict"    // 409: the record moved on, or is in the wrong state
	Unavailable ErrorKind = "unavailable" // 503: try again later
)

// Error is a refusal meant for a person. Key names a message of the catalogues and Args fills it;
// Message is the English sentence, used by commands and when the key is unknown.
// Fields holds one message key per form field that is wrong.
type Error struct {
	Kind    ErrorKind
	Key     string
	Message string
	Args    map[string]any
	Fields  map[string]string
}

func (e *Error) Error() string { return e.Message }

// Errorf builds a refusal without a catalogue key: the sentence is shown as it stands.
func Errorf(kind ErrorKind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Refuse builds a refusal whose sentence comes from the catalogues; message is its English form.
func Refuse(kind ErrorKind, key, message string, args map[string]any) *Error {
	return &Error{Kind: kind, Key: key, Message: message, Args: args}
}

// WithField adds a message key for one form field and returns e.
func (e *Error) WithField(field, key string) *Error {
	if e.Fields == nil {
		e.Fields = map[string]string{}
	}
	e.Fields[field] = key
	return e
}

// KindOf returns the kind of the first *Error in err's chain, or "" for an internal error.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
