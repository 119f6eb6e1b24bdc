package commissions

import (
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/services/store"
)

// matchQuery finds a line by its order, or by its distributor's code, document or name.
const matchQuery = `(l.order_number = @order_query OR l.distributor_id = ANY(ARRAY(
    SELECT id FROM distributors WHERE code = @exact OR doc_number = @digits
    UNION (SELECT distributor_id FROM distributor_search WHERE folded LIKE @like LIMIT 200))))`

// least is the smallest amount that a distributor's method can pay.
const least = `CASE WHEN d.method_kind IN ('efecty_cash', 'puntored_cash') THEN 5000 ELSE 100 END`

// What a distributor's eligible lines and carry come to is enough to be paid: looked up line by line for a page of the
// list, and worked out once for all distributors where the whole list is read.
const (
	enough = `COALESCE((SELECT sum(n.amount) FROM commission_lines n WHERE n.distributor_id = l.distributor_id AND n.state = 'eligible'), 0)
    + COALESCE((SELECT c.amount FROM carries c WHERE c.distributor_id = l.distributor_id), 0) >= ` + least

	enoughAll = `l.distributor_id IN (SELECT n.distributor_id
        FROM (SELECT distributor_id, sum(amount) AS net FROM commission_lines WHERE state = 'eligible' GROUP BY distributor_id) n
        JOIN distributors d ON d.id = n.distributor_id LEFT JOIN carries c ON c.distributor_id = d.id WHERE n.net + COALESCE(c.amount, 0) >= ` + least + `)`
)

// payable is models.WhyNotPayable in SQL, for the filter; a test keeps the two together. What a rail
// does not take is bound as country/document/method.
const payable = `(l.state = 'eligible' AND d.verification = 'verified' AND (d.verified_until IS NULL OR d.verified_until >= @today)
    AND NOT d.on_hold AND d.method_kind <> '' AND (d.payable_from IS NULL OR d.payable_from <= @today) AND NOT (d.country || '/' || d.doc_type || '/' || d.method_kind = ANY(@refused))
    AND `

// condition is the WHERE of a filter with its values; distributor answers whether it speaks of d.
type condition struct {
	where       []string
	args        pgx.NamedArgs
	distributor bool
}

func (c *condition) and(where string, name string, value any) {
	c.where = append(c.where, where)
	if name != "" {
		c.args[name] = value
	}
}

// from is the tables that the condition speaks of.
func (c *condition) from() string {
	if c.distributor {
		return "commission_lines l JOIN distributors d ON d.id = l.distributor_id"
	}
	return "commission_lines l"
}

func (c *condition) sql() string { return strings.Join(c.where, " AND ") }

// conditions are those of a filter; whole says that everything that matches is read, not a page of it.
func (s *Service) conditions(f models.CommissionFilter, check RailCheck, whole bool) *condition {
	c := &condition{where: []string{"TRUE"}, args: pgx.NamedArgs{}}
	if f.State != "" {
		c.and("l.state = @state", "state", string(f.State))
	}
	if f.Distributor != 0 {
		c.and("l.distributor_id = @distributor", "distributor", f.Distributor)
	}
	if f.Order != "" {
		c.and("l.order_number = @order", "order", strings.TrimPrefix(f.Order, "#"))
	}
	if f.Period != "" {
		c.and("l.period = @period", "period", f.Period)
	}
	if f.Concept != "" {
		c.and("l.concept = @concept", "concept", f.Concept)
	}
	if f.Min != nil {
		c.and("l.amount >= @min", "min", f.Min.Minor)
	}
	if f.Max != nil {
		c.and("l.amount <= @max", "max", f.Max.Minor)
	}
	if f.Method != "" {
		c.distributor = true
		c.and("d.method_kind = @method", "method", string(f.Method))
	}
	if q := strings.TrimSpace(f.Query); q != "" {
		c.and(matchQuery, "order_query", strings.TrimPrefix(q, "#"))
		c.args["exact"], c.args["digits"] = strings.ToUpper(q), digits(q)
		c.args["like"] = store.Containing(fold(q))
	}
	if f.Payable != "" {
		c.distributor = true
		c.args["today"], c.args["refused"] = models.Day(s.Now()), refusedPairs(check)
		where := payable + enough + ")"
		if whole {
			where = payable + enoughAll + ")"
		}
		if f.Payable == "no" {
			where = "NOT " + where
		}
		c.and(where, "", nil)
	}
	return c
}

// refusedPairs lists which documents the rails take by which method for nobody.
func refusedPairs(check RailCheck) []string {
	refused := []string{}
	for _, d := range colombia.DocumentTypes() {
		for _, m := range models.MethodKinds {
			payee := models.Payee{Country: "CO", DocType: d.Code, DocNumber: "1000000000", GivenNames: "A", Surnames: "B",
				Phone: "+573001234567", Email: "a@example.org"}
			if check(payee, models.Destination{Kind: m}) == models.RefusedDocument {
				refused = append(refused, "CO/"+d.Code+"/"+string(m))
			}
		}
	}
	return slices.Clip(refused)
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// fold drops accents and case, as distributor_search does.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}
