package sheet

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// row is what a test wants to see of a record.
type row struct {
	line   int
	damage Damage
	cells  []string
}

func readAll(t testing.TB, src io.Reader, o Options) (header []string, rows []row) {
	t.Helper()
	r, err := NewReader(src, o)
	if err != nil {
		t.Fatalf("NewReader: %v", err)
	}
	for r.Next() {
		rec := r.Record()
		rows = append(rows, row{rec.Line, rec.Damage, append([]string(nil), rec.Cells()...)})
	}
	if r.Err() != nil {
		t.Fatalf("Err: %v", r.Err())
	}
	return r.Header(), rows
}

func TestReader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		header   []string
		want     []row
	}{
		{"comma", "a,b\n1,2\n", []string{"a", "b"}, []row{{2, "", []string{"1", "2"}}}},
		{"semicolon, byte order mark, CRLF", "\xEF\xBB\xBFa; b ;c,d\r\n1;2;3\r\n", []string{"a", "b", "c,d"}, []row{{2, "", []string{"1", "2", "3"}}}},
		{"tab", "a\tb\n1\t2", []string{"a", "b"}, []row{{2, "", []string{"1", "2"}}}},
		{"Excel's sep line", "sep=;\r\na;b\n1;2", []string{"a", "b"}, []row{{3, "", []string{"1", "2"}}}},
		{"delimiter in a quoted name", `"a,x,y";b` + "\n1;2", []string{"a,x,y", "b"}, []row{{2, "", []string{"1", "2"}}}},
		{"no line break at the end", "a\n1", []string{"a"}, []row{{2, "", []string{"1"}}}},
		{"carriage return at the end", "a,b\n1,2\r", []string{"a", "b"}, []row{{2, "", []string{"1", "2"}}}},
		{"blank lines are records", "a,b\n\n1,2\n\r\n", []string{"a", "b"}, []row{{2, "", []string{""}}, {3, "", []string{"1", "2"}}, {4, "", []string{""}}}},
		{"line break in a cell", "a,b\n\"x\r\ny\nz\",2\n3,4", []string{"a", "b"}, []row{{2, "", []string{"x\ny\nz", "2"}}, {5, "", []string{"3", "4"}}}},
		{"doubled quotes", "a,b\n\"say \"\"hi\"\"\",\"\"\n", []string{"a", "b"}, []row{{2, "", []string{`say "hi"`, ""}}}},
		{"quotes inside a cell stay", "a,b\n12\" TV,\"12\" TV\"\n", []string{"a", "b"}, []row{{2, "", []string{`12" TV`, `12" TV`}}}},
		{"short and long records", "a,b\n1\n1,2,3\n", []string{"a", "b"}, []row{{2, "", []string{"1"}}, {3, "", []string{"1", "2", "3"}}}},
		{"open quote swallows the totals line", "a,b\n1,2\n3,\"open\nTOTAL,9\n\n", []string{"a", "b"},
			[]row{{2, "", []string{"1", "2"}}, {3, UnclosedQuote, []string{"3", `"open`}}}},
		{"open quote at the very end", "a,b\n3,\"", []string{"a", "b"}, []row{{2, UnclosedQuote, []string{"3", `"`}}}},
		{"open quote takes no records along", "a,b\n1,\"open\n3,4\n5,6\n7,8\n", []string{"a", "b"},
			[]row{{2, UnclosedQuote, []string{"1", `"open`}}, {3, "", []string{"3", "4"}}, {4, "", []string{"5", "6"}}, {5, "", []string{"7", "8"}}}},
		{"open quote before a quoted cell", "a,b\n1,\"open\n3,4\n5,\"six\"\n", []string{"a", "b"},
			[]row{{2, UnclosedQuote, []string{"1", `"open`}}, {3, "", []string{"3", "4"}}, {4, "", []string{"5", "six"}}}},
		{"Windows-1252", "a,b\nBogot\xe1,\x80 5\n", []string{"a", "b"}, []row{{2, "", []string{"Bogotá", "€ 5"}}}},
		{"Windows-1252 in quotes", "a,b\n\"Bogot\xe1\",x\n", []string{"a", "b"}, []row{{2, "", []string{"Bogotá", "x"}}}},
		{"NUL bytes are left out", "a,b\n1\x00,\x002\n", []string{"a", "b"}, []row{{2, "", []string{"1", "2"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, src := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
				header, got := readAll(t, src, Options{})
				if !reflect.DeepEqual(header, tt.header) {
					t.Errorf("header: got %q, want %q", header, tt.header)
				}
				if !reflect.DeepEqual(got, tt.want) {
					t.Errorf("got %+v, want %+v", got, tt.want)
				}
			}
		})
	}
}

func TestReaderRefusesFiles(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe")
	tests := []struct {
		name string
		src  io.Reader
		want error
	}{
		{"empty", strings.NewReader(""), ErrEmpty},
		{"byte order mark alone", strings.NewReader("\xEF\xBB\xBF"), ErrEmpty},
		{"UTF-16", strings.NewReader("\xFF\xFEa\x00"), ErrUTF16},
		{"blank header", strings.NewReader(";;\n1;2;3"), ErrHeader},
		{"open quote in the header", strings.NewReader("a;\"b\n1;2"), ErrHeader},
		{"unreadable", iotest.ErrReader(broken), broken},
	}
	for _, tt := range tests {
		if _, err := NewReader(tt.src, Options{}); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestReaderStopsAtReadError(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection lost")
	r, err := NewReader(io.MultiReader(strings.NewReader("a,b\n1,2\n3,"), iotest.ErrReader(broken)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for r.Next() {
		n++
	}
	if n != 1 || !errors.Is(r.Err(), broken) {
		t.Errorf("got %d records and %v, want 1 and %v", n, r.Err(), broken)
	}
}

func TestReaderBoundsRecords(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for _, in := range []string{
		"a,b\n1,2\n" + long + ",3\n4,5\n",
		"a,b\n1,2\n" + long + "\"\"" + long + ",3\n4,5\n",
	} {
		_, got := readAll(t, strings.NewReader(in), Options{MaxRecord: 100})
		if len(got) != 3 || got[1].damage != TooLarge || got[2].line != 4 || got[2].cells[0] != "4" {
			t.Errorf("long line: got %v", got)
		}
	}
	_, got := readAll(t, strings.NewReader("a,b\n1,\""+strings.Repeat("y\n", 50)+"y\",2\n4,5\n"), Options{MaxLines: 10})
	if got[0].damage != UnclosedQuote || len(got) != 52 || got[51].line != 53 || got[51].cells[1] != "5" {
		t.Errorf("many lines: got %d records, the first %v", len(got), got[0])
	}
	_, got = readAll(t, strings.NewReader("a,b\n"+strings.Repeat(",", 5000)+"\n4,5\n"), Options{})
	if len(got) != 2 || got[0].damage != TooLarge || got[1].damage != Whole {
		t.Errorf("many columns: got %d records", len(got))
	}
}

// A file that opens a quote in every line must not cost a scan of the rest for each of them.
func TestReaderOpenQuotesEverywhere(t *testing.T) {
	t.Parallel()
	in := "a,b\n" + strings.Repeat("x\",\"\n", 200_000)
	_, got := readAll(t, strings.NewReader(in), Options{})
	if last := got[len(got)-1].line; last < 199_000 {
		t.Errorf("got to line %d only", last)
	}
}

func TestRecordNotes(t *testing.T) {
	t.Parallel()
	r, err := NewReader(strings.NewReader("a,b\nni\xf1o,\x00\n , \nx,y"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.Next()
	if rec := r.Record(); !rec.Legacy || !rec.NUL || rec.Get(0) != "niño" || rec.Get(7) != "" || rec.Get(-1) != "" {
		t.Errorf("got %+v", rec)
	}
	r.Next()
	if rec := r.Record(); !rec.Blank() || rec.Legacy || rec.NUL {
		t.Errorf("got %+v", rec)
	}
	kept := r.Record().Get(0)
	r.Next()
	if r.Record().Blank() || kept != " " {
		t.Errorf("a kept cell changed to %q", kept)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	want := []Column{{Name: "Teléfono"}, {Name: "Código referido", Aliases: []string{"ref code"}}, {Name: "Notas", Optional: true}}
	tests := []struct {
		name    string
		header  []string
		mapping map[string]string
		at      []int
		missing []string
	}{
		{"as it is", []string{"Teléfono", "Código referido", "Notas"}, nil, []int{0, 1, 2}, nil},
		{"accents, case, blanks", []string{"NOTAS", " codigo_referido", "TELEFONO "}, nil, []int{2, 1, 0}, nil},
		{"alias, optional lacks", []string{"telefono", "Ref. Code"}, nil, []int{0, 1, -1}, nil},
		{"by hand", []string{"x", "cel", "Telefono"}, map[string]string{"Teléfono": "Cel", "Código referido": "X"}, []int{1, 0, -1}, nil},
		{"by hand none", []string{"telefono", "codigo referido", "notas"}, map[string]string{"Notas": ""}, []int{0, 1, -1}, nil},
		{"missing", []string{"notas"}, nil, []int{-1, -1, 0}, []string{"Teléfono", "Código referido"}},
		{"decomposed accents", []string{"Tele\u0301fono", "Co\u0301digo referido"}, nil, []int{0, 1, -1}, nil},
	}
	for _, tt := range tests {
		got, err := Match(tt.header, want, tt.mapping)
		var m *MissingColumns
		if errors.As(err, &m) != (tt.missing != nil) || m != nil && !reflect.DeepEqual(m.Names, tt.missing) {
			t.Errorf("%s: got %v, want %v missing", tt.name, err, tt.missing)
		}
		if !reflect.DeepEqual(got.At, tt.at) {
			t.Errorf("%s: got %v, want %v", tt.name, got.At, tt.at)
		}
	}
}

func BenchmarkReader(b *testing.B) {
	plain := "18995;2026-10-17 18:14:00;Entregado;3185550373;Bogotá;59450;REF9226\n"
	quoted := "18995;2026-10-17 18:14:00;Entregado;3185550373;\"Bogotá; D.C.\";59450;\"REF\"\n"
	for name, line := range map[string]string{"plain": plain, "quoted": quoted} {
		b.Run(name, func(b *testing.B) {
			const rows = 10_000
			in := "a;b;c;d;e;f;g\n" + strings.Repeat(line, rows)
			b.ReportAllocs()
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				r, err := NewReader(strings.NewReader(in), Options{})
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for r.Next() {
					n += r.Record().Len()
				}
				if n != 7*rows {
					b.Fatal(n, r.Err())
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func ExampleReader() {
	r, _ := NewReader(strings.NewReader("Pedido;Total\n#1;12.000\n"), Options{})
	for r.Next() {
		fmt.Println(r.Record().Line, r.Record().Get(1))
	}
	// Output: 2 12.000
}
