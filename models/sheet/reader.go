// Package sheet reads and writes the CSV files of offices: uploads from shops, carriers and
// spreadsheets, and exports that a spreadsheet opens. Reading takes constant memory, recovers from
// damage record by record and knows the physical line of each record.
package sheet

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"strings"
)

// The refusals of a whole file.
var (
	ErrEmpty  = errors.New("the file is empty")
	ErrUTF16  = errors.New("the file is UTF-16: save it as CSV UTF-8")
	ErrHeader = errors.New("the header line cannot be read")
)

// Options of a reader. The zero value suits uploads.
type Options struct {
	Comma     byte // between cells; 0 finds out whether it is ; , or a tab
	MaxRecord int  // bytes of one record; 0 is 256 KiB
	MaxLines  int  // physical lines of one record, beyond which a quote counts as unclosed; 0 is 200
}

const (
	defaultMaxRecord = 256 << 10
	defaultMaxLines  = 200
	maxColumns       = 1000
	bufferSize       = 64 << 10

	// swallowed is how many lines behind a quote that is still open at the end of the file belong to the
	// damaged record: a totals line or two. More than that are records of their own.
	swallowed = 2

	// A file with that many unclosed quotes is broken or hostile: from then on a quote is given up after a few
	// lines, so that reading stays linear.
	patience       = 100
	impatientLines = 5
)

// Reader reads a sheet record by record. The first record is the header.
type Reader struct {
	src       io.Reader
	comma     byte
	maxRecord int
	maxLines  int

	buf      []byte // buf[pos:end] is read and not yet handed out
	pos, end int
	eof      bool
	err      error
	line     int // physical line at pos

	header []string
	rec    Record
	joined []byte // cells of a record with quotes, one behind the other
	ends   []int

	unclosedQuotes int // so far
}

// NewReader reads the header of src. A byte order mark and the line "sep=;" of Excel are skipped.
func NewReader(src io.Reader, o Options) (*Reader, error) {
	r := &Reader{src: src, comma: o.Comma, maxRecord: o.MaxRecord, maxLines: o.MaxLines, line: 1}
	if r.maxRecord <= 0 {
		r.maxRecord = defaultMaxRecord
	}
	if r.maxLines <= 0 {
		r.maxLines = defaultMaxLines
	}
	r.buf = make([]byte, min(bufferSize, r.maxRecord+1))
	if err := r.start(); err != nil {
		return nil, err
	}
	if !r.Next() {
		return nil, cmp.Or(r.err, ErrEmpty)
	}
	if r.rec.Damage != Whole || r.rec.Blank() {
		return nil, ErrHeader
	}
	for _, c := range r.rec.cells {
		r.header = append(r.header, strings.TrimSpace(c))
	}
	return r, nil
}

// start skips what stands in front of the header and finds out the delimiter.
func (r *Reader) start() error {
	for r.end < len(r.buf) && bytes.IndexByte(r.buf[:r.end], '\n') < 0 && r.more() {
	}
	head := r.buf[:r.end]
	if bytes.HasPrefix(head, []byte{0xFF, 0xFE}) || bytes.HasPrefix(head, []byte{0xFE, 0xFF}) {
		return ErrUTF16
	}
	if bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")) {
		r.pos = 3
	}
	first, _, _ := bytes.Cut(r.buf[r.pos:r.end], []byte("\n"))
	if sep := bytes.TrimSuffix(first, []byte("\r")); len(sep) == 5 && bytes.EqualFold(sep[:4], []byte("sep=")) {
		r.pos = min(r.pos+len(first)+1, r.end)
		r.line++
		if r.comma == 0 {
			r.comma = sep[4]
		}
	}
	if r.comma == 0 {
		r.comma = delimiter(first)
	}
	return nil
}

// delimiter returns the most frequent candidate outside quotes.
func delimiter(header []byte) byte {
	var count [256]int
	quoted := false
	for _, c := range header {
		if c == '"' {
			quoted = !quoted
		}
		if !quoted {
			count[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte{';', '\t'} {
		if count[c] > count[best] {
			best = c
		}
	}
	return best
}

// Header returns the names of the columns, without blanks around them.
func (r *Reader) Header() []string { return r.header }

// Comma returns the delimiter in use.
func (r *Reader) Comma() byte { return r.comma }

// Record returns the record that Next has read. It is overwritten by the next one.
func (r *Reader) Record() *Record { return &r.rec }

// Err returns why reading stopped before the end of the file, or nil.
func (r *Reader) Err() error { return r.err }

// Next reads the next record and answers whether there was one. Blank lines are records, too.
func (r *Reader) Next() bool {
	n, found := r.lineEnd()
	if r.pos == r.end || r.err != nil {
		return false
	}
	r.rec.reset(r.line)
	if n > r.maxRecord || !found && !r.eof {
		r.rec.Damage = TooLarge
		r.skipLine()
		return r.err == nil
	}
	line := r.buf[r.pos : r.pos+n]
	if bytes.IndexByte(line, '"') >= 0 {
		r.quoted(n)
		return r.err == nil
	}
	r.rec.split(trimCR(line), r.comma, maxColumns)
	r.advance(n)
	return true
}

// advance passes n bytes and the line break behind them.
func (r *Reader) advance(n int) {
	r.pos = min(r.pos+n+1, r.end)
	r.line++
}

// lineEnd returns how many bytes stand before the next line break, or before the end of what fits.
func (r *Reader) lineEnd() (n int, found bool) {
	for {
		if i := bytes.IndexByte(r.buf[r.pos+n:r.end], '\n'); i >= 0 {
			return n + i, true
		}
		n = r.end - r.pos
		if n > r.maxRecord || !r.more() {
			return n, false
		}
	}
}

// more reads on behind what is there and answers whether something came. It makes room first: what is
// unread moves to the front, and the buffer grows as far as one record may.
func (r *Reader) more() bool {
	if r.eof || r.err != nil {
		return false
	}
	if r.end == len(r.buf) {
		if r.pos == 0 {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
		copy(r.buf, r.buf[r.pos:r.end])
		r.pos, r.end = 0, r.end-r.pos
	}
	for range 100 {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		if errors.Is(err, io.EOF) {
			r.eof = true
			return n > 0
		}
		if err != nil {
			r.err = err
			return false
		}
		if n > 0 {
			return true
		}
	}
	r.err = io.ErrNoProgress
	return false
}

// skipLine passes a line that is longer than a record may be.
func (r *Reader) skipLine() {
	for {
		if i := bytes.IndexByte(r.buf[r.pos:r.end], '\n'); i >= 0 {
			r.advance(i)
			return
		}
		r.pos = r.end
		if !r.more() {
			r.line++
			return
		}
	}
}

func trimCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}
