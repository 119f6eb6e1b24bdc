// Package intake holds the rules for rows that come from outside: distributors, orders, commissions
// and tracking events, whether read from a file or typed in a form. It reads no file and no database.
package intake

// Fault says why a row is refused. Field is the column of the file, Code the word of the data
// set's description, Message an English sentence for a person.
type Fault struct {
	Field   string
	Code    string
	Message string
}

// Error makes a fault usable as an error.
func (f *Fault) Error() string { return f.Message }

// Warning says what deserves a look in a row that is taken all the same. Its parts mean what those
// of a Fault mean.
type Warning struct {
	Field   string
	Code    string
	Message string
}
