package sheet

import "bytes"

// outcome says how a cell ended.
type outcome int

const (
	nextCell  outcome = iota // at a delimiter
	lastCell                 // at a line break or the end of the file
	openQuote                // nowhere: the quote is not closed
	tooLarge
)

// quoted reads the record at pos, whose first physical line of n bytes has a quote in it.
//
// Inside a quoted cell a quote that is followed by neither a quote nor the end of the cell is taken as it
// stands while the cell is on one line ("12" TV"). Behind a line break it shows that the quote was never
// closed and that this is the opening quote of a later record: then only the first line is damaged.
func (r *Reader) quoted(n int) {
	r.joined, r.ends = r.joined[:0], r.ends[:0]
	at, breaks, out := 0, 0, nextCell
	for out == nextCell {
		if len(r.ends) == maxColumns {
			out = tooLarge
			break
		}
		if c, ok := r.peek(at); ok && c == '"' {
			at, out = r.quotedCell(at+1, &breaks)
		} else {
			at, out = r.plainCell(at)
		}
		r.ends = append(r.ends, len(r.joined))
	}
	switch out {
	case openQuote:
		r.unclosed(n)
	case tooLarge:
		r.rec.Damage = TooLarge
		r.advance(n)
	default:
		r.rec.fill(r.joined, r.ends)
		r.pos = min(r.pos+at, r.end)
		r.line += 1 + breaks
	}
}

// peek returns byte i behind pos, reading on when needed.
func (r *Reader) peek(i int) (c byte, ok bool) {
	for r.pos+i >= r.end {
		if i > r.maxRecord || !r.more() {
			return 0, false
		}
	}
	return r.buf[r.pos+i], true
}

// plainCell reads a cell without quotes around it and returns where the next one starts.
func (r *Reader) plainCell(at int) (int, outcome) {
	start := len(r.joined)
	for {
		c, ok := r.peek(at)
		if !ok && !r.eof {
			return at, tooLarge
		}
		if !ok || c == '\n' {
			r.joined = append(r.joined[:start], trimCR(r.joined[start:])...)
			return at + 1, lastCell
		}
		if c == r.comma {
			return at + 1, nextCell
		}
		r.joined = append(r.joined, c)
		at++
	}
}

// quotedCell reads a cell behind its opening quote and returns where the next one starts. Line breaks
// in it become \n and are counted.
func (r *Reader) quotedCell(at int, breaks *int) (int, outcome) {
	broken := false
	for {
		c, ok := r.peek(at)
		if !ok || *breaks > r.maxLines {
			return at, openQuote
		}
		at++
		switch c {
		case '"':
			next, out := r.closing(at)
			if out != openQuote {
				return next, out
			}
			if c, _ := r.peek(at); c == '"' {
				at++
			} else if broken {
				return at, openQuote
			}
		case '\r':
			if c, ok := r.peek(at); ok && c == '\n' {
				continue
			}
		case '\n':
			broken = true
			*breaks++
		}
		r.joined = append(r.joined, c)
	}
}

// closing answers whether the cell ends behind the quote before at, or goes on (openQuote).
func (r *Reader) closing(at int) (int, outcome) {
	c, ok := r.peek(at)
	if !ok {
		return at, r.atEnd()
	}
	switch c {
	case r.comma:
		return at + 1, nextCell
	case '\n':
		return at + 1, lastCell
	case '\r':
		c, ok := r.peek(at + 1)
		if !ok {
			return at + 1, r.atEnd()
		}
		if c == '\n' {
			return at + 2, lastCell
		}
	}
	return at, openQuote
}

// atEnd says why there is nothing more to peek at: the file ends, or the record is as large as it may be.
func (r *Reader) atEnd() outcome {
	if r.eof {
		return lastCell
	}
	return tooLarge
}

// unclosed reports the record at pos, whose first line has n bytes, and passes that line alone, or
// all that is left when that is not more than a totals line.
func (r *Reader) unclosed(n int) {
	r.rec.split(trimCR(r.buf[r.pos:r.pos+n]), r.comma, maxColumns)
	r.rec.Damage = UnclosedQuote
	if r.unclosedQuotes++; r.unclosedQuotes == patience {
		r.maxLines = min(r.maxLines, impatientLines)
	}
	r.advance(n)
	rest := r.buf[r.pos:r.end]
	if r.eof && bytes.Count(bytes.TrimSpace(rest), []byte("\n")) < swallowed {
		r.line += bytes.Count(rest, []byte("\n"))
		r.pos = r.end
	}
}
