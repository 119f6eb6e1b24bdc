package sheet

import (
	"fmt"
	"strings"
)

// Column is what a reader of a file wants to find in its header.
type Column struct {
	Name     string   // as our files call it
	Aliases  []string // what others call it
	Optional bool
}

// Columns holds where the wanted columns stand in a file, in the order they were asked for; -1 is a
// column that the file lacks.
type Columns struct {
	At    []int
	Names []string // the file's own names, for messages; ours where the file lacks the column
}

// MissingColumns refuses a file whose header lacks what the import needs.
type MissingColumns struct{ Names []string }

func (e *MissingColumns) Error() string {
	return fmt.Sprintf("columns missing in the file: %s", strings.Join(e.Names, ", "))
}

// Match finds the wanted columns in header. mapping says by hand which column of the file (value)
// stands for a wanted one (key); "" means none. For the others accents, case, blanks and signs do not count.
// The error is a *MissingColumns; the Columns are those found so far, for the page where people map the rest.
func Match(header []string, want []Column, mapping map[string]string) (Columns, error) {
	place := make(map[string]int, len(header))
	for i, h := range header {
		k := Key(h)
		if _, taken := place[k]; !taken && k != "" {
			place[k] = i
		}
	}
	found := Columns{At: make([]int, len(want)), Names: make([]string, len(want))}
	var missing []string
	for i, w := range want {
		at := lookUp(place, w, mapping)
		found.At[i], found.Names[i] = at, w.Name
		if at >= 0 {
			found.Names[i] = header[at]
		} else if !w.Optional {
			missing = append(missing, w.Name)
		}
	}
	if missing != nil {
		return found, &MissingColumns{Names: missing}
	}
	return found, nil
}

func lookUp(place map[string]int, w Column, mapping map[string]string) int {
	names := append([]string{w.Name}, w.Aliases...)
	if actual, byHand := mapping[w.Name]; byHand {
		names = []string{actual}
	}
	for _, n := range names {
		if at, ok := place[Key(n)]; ok {
			return at
		}
	}
	return -1
}

// Repeats answers whether rec is the header once more, as files have it that were put together by hand.
func Repeats(header []string, rec *Record) bool {
	if rec.Len() != len(header) {
		return false
	}
	for i, h := range header {
		if strings.TrimSpace(rec.cells[i]) != h {
			return false
		}
	}
	return true
}
