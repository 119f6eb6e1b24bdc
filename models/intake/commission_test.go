package intake

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/models/sheet"
)

// books are the distributors and lines of a test.
type books struct {
	payees map[string][]CommissionPayee
	names  map[int64]string // TYPE:NUMBER
	lines  map[CommissionKey]models.Money
}

func (b *books) Payees(number string) []CommissionPayee { return b.payees[number] }

func (b *books) Line(key CommissionKey) (models.Money, bool) {
	m, ok := b.lines[key]
	return m, ok
}

func (b *books) Given(distributorID int64, order, concept string) (left models.Money, ok bool) {
	left = models.Pesos(0)
	for key, m := range b.lines {
		if key.DistributorID != distributorID || key.Order != order {
			continue
		}
		if key.Concept == concept {
			left, ok = left.Add(m), true
		} else if readConcept(key.Concept).reverses == concept {
			left = left.Add(m)
		}
	}
	return left, ok
}

// distributorBooks has the distributors of the data set that are without error.
func distributorBooks(t testing.TB) *books {
	t.Helper()
	wrong := map[string]bool{}
	for _, e := range table(t, "testdata/distributors/distributors_expected_errors.csv") {
		if e["severity"] == "error" {
			wrong[e["file_line"]] = true
		}
	}
	b := &books{payees: map[string][]CommissionPayee{}, names: map[int64]string{}, lines: map[CommissionKey]models.Money{}}
	for i, d := range table(t, "testdata/distributors/distributors.csv") {
		if wrong[strconv.Itoa(i+2)] {
			continue
		}
		id := int64(i + 1)
		b.payees[d["doc_number"]] = append(b.payees[d["doc_number"]], CommissionPayee{ID: id, DocType: d["doc_type"], Code: d["ref_code"]})
		b.names[id] = d["doc_type"] + ":" + d["doc_number"]
	}
	return b
}

func openCommissions(t testing.TB, file []byte) (*sheet.Reader, *Commissions, *CommissionJudge) {
	t.Helper()
	r := open(t, file)
	c, err := NewCommissions(r.Header(), nil, today)
	if err != nil {
		t.Fatal(err)
	}
	return r, c, c.NewCommissionJudge()
}

// statementLine is a line with its verdict.
type statementLine struct {
	row     CommissionRow
	verdict CommissionVerdict
}

func judgeStatement(t testing.TB, b *books) (lines []statementLine) {
	t.Helper()
	r, c, j := openCommissions(t, read(t, "payouts/commission_statement.csv"))
	for r.Next() {
		var l statementLine
		if skip, fault := c.Parse(r.Record(), &l.row); skip != "" || fault != nil {
			t.Fatalf("line %d: %s %v", r.Record().Line, skip, fault)
		}
		l.verdict = j.Judge(&l.row, b)
		lines = append(lines, l)
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return lines
}

func (l statementLine) shown(b *books, linea string) map[string]string {
	got := map[string]string{"linea": linea, "verdict": "accept", "code": "", "distributor": b.names[l.verdict.DistributorID], "amount_cop": whole(l.row.Amount)}
	switch {
	case l.verdict.Fault != nil:
		got["verdict"], got["code"], got["amount_cop"] = "refuse", l.verdict.Fault.Code, ""
	case l.row.Amount.Minor < 0:
		got["verdict"] = "accept_clawback"
	case l.verdict.Flagged:
		got["code"] = l.row.Warnings[0].Code
	}
	return got
}

// total is what one distributor gets for one period.
type total struct{ lines, gross, clawback int64 }

func TestCommissionStatement(t *testing.T) {
	t.Parallel()
	b := distributorBooks(t)
	lines := judgeStatement(t, b)
	codes, totals := map[string]int{}, map[string]total{}
	for i, want := range table(t, "testdata/payouts/commission_statement_expected.csv") {
		l := lines[i]
		got := l.shown(b, strconv.Itoa(i+1))
		delete(want, "detail")
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v (%v)", got, want, l.verdict.Fault)
		}
		if got["code"] != "" {
			codes[got["code"]]++
		}
		if l.verdict.Fault != nil {
			continue
		}
		sum := totals[got["distributor"]+" "+l.row.Period]
		pesos, _ := l.row.Amount.Whole()
		sum.lines++
		if pesos < 0 {
			sum.clawback += pesos
		} else {
			sum.gross += pesos
		}
		totals[got["distributor"]+" "+l.row.Period] = sum
		b.lines[l.row.Key(l.verdict.DistributorID)] = l.row.Amount
	}
	compareTotals(t, totals)
	compareSummary(t, codes, totals)
	sameAgain(t, b, lines)
}

func compareTotals(t *testing.T, got map[string]total) {
	want := table(t, "testdata/payouts/commission_statement_totals.csv")
	if len(got) != len(want) {
		t.Errorf("got %d totals, want %d", len(got), len(want))
	}
	for _, w := range want {
		g := got[w["distributor"]+" "+w["period"]]
		if s := fmt.Sprint(g.lines, g.gross, g.clawback, g.gross+g.clawback); s != strings.Join([]string{w["lines"], w["gross_cop"], w["clawback_cop"], w["net_cop"]}, " ") {
			t.Errorf("got %s, want %v", s, w)
		}
	}
}

func compareSummary(t *testing.T, codes map[string]int, totals map[string]total) {
	var summary struct {
		Statement struct {
			ByCode   map[string]int `json:"by_code"`
			Gross    int64          `json:"gross_cop"`
			Clawback int64          `json:"clawback_cop"`
			Negative int            `json:"distributor_periods_with_negative_net"`
		} `json:"commission_statement"`
	}
	if err := json.Unmarshal(read(t, "payouts/payouts_summary.json"), &summary); err != nil {
		t.Fatal(err)
	}
	want := summary.Statement
	var all total
	negative := 0
	for _, s := range totals {
		all.gross += s.gross
		all.clawback += s.clawback
		if s.gross+s.clawback < 0 {
			negative++
		}
	}
	if !reflect.DeepEqual(codes, want.ByCode) || all.gross != want.Gross || all.clawback != want.Clawback || negative != want.Negative {
		t.Errorf("got %v, %+v, %d negative, want %+v", codes, all, negative, want)
	}
}

// sameAgain imports the statement once more: nothing is created and the same lines are refused for the same reasons.
func sameAgain(t *testing.T, b *books, first []statementLine) {
	for i, l := range judgeStatement(t, b) {
		before := first[i].verdict
		switch {
		case before.Fault == nil && l.verdict.Outcome != models.RowUnchanged:
			t.Errorf("line %d: got %+v the second time, want unchanged", i+1, l.verdict)
		case before.Fault != nil && (l.verdict.Fault == nil || l.verdict.Fault.Code != before.Fault.Code):
			t.Errorf("line %d: got %+v the second time, want %s", i+1, l.verdict, before.Fault.Code)
		}
	}
}

func TestCommissionRules(t *testing.T) {
	t.Parallel()
	const order, period, sale = "#1", "2026-10", "Comisión por venta"
	known := &books{
		payees: map[string][]CommissionPayee{"123": {{1, "CC", "A", 0}, {2, "CE", "B", 0}}, "964264020": {{3, "NIT", "C", 0}}},
		lines:  map[CommissionKey]models.Money{{1, "9", "2026-09", sale, 0}: models.Pesos(100), {1, "9", "2026-10", "Reversión: " + sale, 0}: models.Pesos(-60)},
	}
	line := func(cells ...string) string { return strings.Join(cells, ",") }
	tests := []struct {
		name  string
		lines []string // doc type, document, code, order, period, concept, amount
		want  []string // code of a refusal or outcome, one a line
	}{
		{"good", []string{line("cc", "1.2 3", "a", order, period, sale, "5")}, []string{"created"}},
		{"same number, other type", []string{line("CE", "123", "B", order, period, sale, "5")}, []string{"created"}},
		{"NIT with its digit", []string{line("NIT", "964.264.020-8", "C", order, period, sale, "5")}, []string{"created"}},
		{"NIT with a wrong digit", []string{line("NIT", "964264020-7", "C", order, period, sale, "5")}, []string{"unknown_distributor"}},
		{"document before everything", []string{line("CC", "9", "X", "", "x", sale, "x")}, []string{"unknown_distributor"}},
		{"type before code", []string{line("NIT", "123", "X", "", "x", sale, "x")}, []string{"document_type_mismatch"}},
		{"code before period", []string{line("CC", "123", "B", "", "x", sale, "x")}, []string{"document_code_mismatch"}},
		{"no code", []string{line("CC", "123", "", order, period, sale, "5")}, []string{"document_code_mismatch"}},
		{"period before amount", []string{line("CC", "123", "A", "", "2026-13", sale, "x")}, []string{"period_format"}},
		{"period to come", []string{line("CC", "123", "A", "", "2026-12", sale, "x")}, []string{"period_future"}},
		{"this month", []string{line("CC", "123", "A", order, "2026-11", sale, "5")}, []string{"created"}},
		{"amount before order", []string{line("CC", "123", "A", "", period, sale, "1.234")}, []string{"amount_format"}},
		{"order before duplicate", []string{line("CC", "123", "A", "#", period, sale, "5")}, []string{"order_missing"}},
		{"bonus needs no order", []string{line("CC", "123", "A", "", period, "Bono por meta", "5")}, []string{"created"}},
		{"duplicate whatever its amount", []string{line("CC", "123", "A", order, period, sale, "5"), line("CC", "123", "A", "1", period, sale, "6")}, []string{"created", "duplicate_line"}},
		{"a refused line is no duplicate", []string{line("CC", "123", "A", order, period, sale, "x"), line("CC", "123", "A", order, period, sale, "6")}, []string{"amount_format", "created"}},
		{"stored", []string{line("CC", "123", "A", "9", "2026-09", sale, "100")}, []string{"unchanged"}},
		{"stored, then again", []string{line("CC", "123", "A", "9", "2026-09", sale, "100"), line("CC", "123", "A", "9", "2026-09", sale, "100")}, []string{"unchanged", "duplicate_line"}},
		{"stored with another amount", []string{line("CC", "123", "A", "9", "2026-09", sale, "101")}, []string{"duplicate_line"}},
		{"claw-back of a stored line", []string{line("CC", "123", "A", "9", "2026-11", "Reversión: "+sale, "-40")}, []string{"created"}},
		{"claw-backs add up", []string{line("CC", "123", "A", "9", "2026-11", "reversion: "+sale, "-41")}, []string{"clawback_exceeds_original"}},
		{"claw-backs of one file add up", []string{line("CC", "123", "A", order, period, sale, "5"), line("CC", "123", "A", order, "2026-09", "Reversión: "+sale, "-3"),
			line("CC", "123", "A", order, "2026-08", "Reversión: "+sale, "-3")}, []string{"created", "created", "clawback_exceeds_original"}},
		{"claw-back before its line", []string{line("CC", "123", "A", order, period, "Reversión: "+sale, "-3"), line("CC", "123", "A", order, period, sale, "5")}, []string{"clawback_without_original", "created"}},
		{"claw-back of another concept", []string{line("CC", "123", "A", "9", period, "Reversión: Bono", "-3")}, []string{"clawback_without_original"}},
		{"negative without reversal", []string{line("CC", "123", "A", "9", period, sale, "-3")}, []string{"clawback_without_original"}},
		{"positive reversal", []string{line("CC", "123", "A", "9", "2026-11", "Reversión: "+sale, "3")}, []string{"clawback_not_negative"}},
	}
	for _, tt := range tests {
		file := "tipo_documento,documento,codigo_distribuidor,pedido,periodo,concepto,valor_cop\n" + strings.Join(tt.lines, "\n")
		r, c, j := openCommissions(t, []byte(file))
		var got []string
		for r.Next() {
			var row CommissionRow
			if _, fault := c.Parse(r.Record(), &row); fault != nil {
				t.Fatal(fault)
			}
			v := j.Judge(&row, known)
			word := string(v.Outcome)
			if v.Fault != nil {
				word = v.Fault.Code
			}
			got = append(got, word)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// After a chunk has been written, its lines are the books' and count once.
func TestCommissionsStoredBetweenChunks(t *testing.T) {
	t.Parallel()
	const sale = "Comisión por venta"
	b := &books{payees: map[string][]CommissionPayee{"123": {{1, "CC", "A", 0}}}, lines: map[CommissionKey]models.Money{}}
	r, c, j := openCommissions(t, []byte("tipo_documento,documento,codigo_distribuidor,pedido,periodo,concepto,valor_cop\n"+
		"CC,123,A,1,2026-10,"+sale+",5\nCC,123,A,1,2026-10,Reversión: "+sale+",-3\nCC,123,A,1,2026-11,Reversión: "+sale+",-3\n"))
	var got []models.ImportOutcome
	for r.Next() {
		var row CommissionRow
		c.Parse(r.Record(), &row)
		v := j.Judge(&row, b)
		got = append(got, v.Outcome)
		b.lines[row.Key(1)] = row.Amount
		j.Stored()
	}
	if want := []models.ImportOutcome{models.RowCreated, models.RowCreated, models.RowRefused}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// FuzzCommissions judges anything as a line: no panic, and what is accepted keeps the rules of the books.
func FuzzCommissions(f *testing.F) {
	f.Add("CC", "123", "A", "#1", "2026-10", "Comisión por venta", "75644")
	f.Add("NIT", "964.264.020-8", "C", "", "2026-11", "Reversión: x", "-5")
	b := &books{payees: map[string][]CommissionPayee{"123": {{1, "CC", "A", 0}}, "964264020": {{3, "NIT", "C", 0}}}, lines: map[CommissionKey]models.Money{{3, "", "2026-09", "x", 0}: models.Pesos(9)}}
	f.Fuzz(func(t *testing.T, docType, doc, code, order, period, concept, amount string) {
		var file strings.Builder
		w := sheet.NewWriter(&file, sheet.Layout{})
		header := []string{"tipo_documento", "documento", "codigo_distribuidor", "pedido", "periodo", "concepto", "valor_cop"}
		if w.Write(header...) != nil || w.Write(docType, doc, code, order, period, concept, amount) != nil || w.Flush() != nil {
			t.Fatal("cannot write")
		}
		r, c, j := openCommissions(t, []byte(file.String()))
		for r.Next() {
			var row CommissionRow
			if skip, fault := c.Parse(r.Record(), &row); skip != "" || fault != nil {
				continue
			}
			v := j.Judge(&row, b)
			if v.Fault != nil {
				continue
			}
			if row.Amount.Minor == 0 || len(row.Period) != 7 || row.Period > "2026-11" || v.DistributorID == 0 || row.Amount.Minor < 0 && row.Reverses == "" {
				t.Errorf("accepted %+v", row)
			}
		}
	})
}

func BenchmarkCommissions(b *testing.B) {
	file, known := read(b, "payouts/commission_statement.csv"), distributorBooks(b)
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		r, c, j := openCommissions(b, file)
		var row CommissionRow
		for r.Next() {
			rows++
			if skip, fault := c.Parse(r.Record(), &row); skip == "" && fault == nil {
				j.Judge(&row, known)
			}
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
