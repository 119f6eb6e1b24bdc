package kyc

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/ident"
)

// Said is one version of what was declared or uploaded for an item.
type Said struct {
	Item      Item
	Version   int
	Answer    []byte
	StaffName string // who wrote it for the payee, "" for the payee
	At        time.Time
}

// Note is what a reviewer told the others.
type Note struct {
	ID        int64
	Kind      string // note, hand_over, escalate or snooze
	Text      string
	StaffName string
	At        time.Time
}

// Trail is what reviewers said and decided about a case, the newest first.
type Trail struct {
	Decided   []Decided // about one thing each
	Decisions []CaseDecision
	Notes     []Note
}

// Like is another distributor that shares something with what was declared.
type Like struct {
	ID           int64
	Code         string
	Name         string
	Verification models.Verification
	Shared       []string // document, phone, account, file
}

// Desktop is everything the screen of a case shows to whoever reviews it.
type Desktop struct {
	Detail
	Reviewed
	Trail
	ReviewerName string
	Settings     ReviewSettings
	Said         []Said // newest first within an item
	Documents    []models.Document
	Likes        []Like
	Hits         []models.Hit
	Risk         models.RiskDetail  // not Known for who may not know
	OnFile       models.Distributor // as it is known now
	Others       []string           // who has the case open, too
	Officers     []Officer
	Why          []Why    // approving needs a second person
	Standing     Standing // for whoever looks
	Effects      Effects
	Changes      []models.Change // that approving makes on the distributor
	Hindered     error           // why it cannot be made, for the reader
}

// Staged is the decision that waits for a second person, nil without one.
func (d Desktop) Staged() *CaseDecision {
	if len(d.Decisions) > 0 && d.Decisions[0].State == DecisionOpen {
		return &d.Decisions[0]
	}
	return nil
}

// WhyNot answers why the reader cannot approve the case as it stands, nil when they can.
func (d Desktop) WhyNot() error {
	if err := d.Standing.WhyNot(); err != nil {
		return err
	}
	return d.Hindered
}

// Item finds one thing that is asked; the first one that is judged for "".
func (d Desktop) Item(name Item) (CaseItem, bool) {
	for _, i := range d.Items {
		if i.Item == name || name == "" && i.Item.Judged() {
			return i, true
		}
	}
	return CaseItem{}, false
}

// Judged are the things that reviewers decide about.
func (d Desktop) Judged() []CaseItem {
	return slices.DeleteFunc(slices.Clone(d.Items), func(i CaseItem) bool { return !i.Item.Judged() })
}

// Beside answers the items before and after one, "" at an end.
func (d Desktop) Beside(name Item) (before, after Item) {
	list := d.Judged()
	at := slices.IndexFunc(list, func(i CaseItem) bool { return i.Item == name })
	if at > 0 {
		before = list[at-1].Item
	}
	if at >= 0 && at < len(list)-1 {
		after = list[at+1].Item
	}
	return before, after
}

// NextOpen is the next thing after one that nobody decided about in its version, from the beginning again; "" when
// there is none.
func (d Desktop) NextOpen(after Item) Item {
	list := d.Judged()
	at := slices.IndexFunc(list, func(i CaseItem) bool { return i.Item == after })
	for n := range list {
		if i := list[(at+1+n)%len(list)]; i.State == Given {
			return i.Item
		}
	}
	return ""
}

// VersionOf finds what was given in a version, and the one before it; nil where there is none.
func (d Desktop) VersionOf(item Item, version int) (now, before *Said) {
	for i := range d.Said {
		g := &d.Said[i]
		if g.Item != item || g.Version > version {
			continue
		}
		if g.Version == version {
			now = g
			continue
		}
		return now, g
	}
	return now, nil
}

// Paper answers the version of a document that was given; ok is false for what is declared.
func (d Desktop) Paper(g *Said) (doc models.Document, v models.DocumentVersion, ok bool) {
	if g == nil {
		return doc, v, false
	}
	var s Paper
	if json.Unmarshal(g.Answer, &s) != nil || s.Document == 0 {
		return doc, v, false
	}
	for _, doc := range d.Documents {
		if doc.ID == s.Document {
			v, ok := doc.Version(s.Version)
			return doc, v, ok && s.Version != 0
		}
	}
	return doc, v, false
}

// Check is one thing that the product looked at by itself.
type Check struct {
	Tone string // ok, wait or bad
	Key  string // case.check.<key> of the catalogues
	Args []any
	Link int64 // a distributor, 0 for none
}

// Checks are what can be seen without a person: check digit, what is on file, age of documents, duplicates, proofs.
func (d Desktop) Checks() (list []Check) {
	add := func(tone, key string, args ...any) { list = append(list, Check{Tone: tone, Key: key, Args: args}) }
	var who Identity
	if a := d.Answers[Who]; len(a) > 0 && json.Unmarshal(a, &who) == nil {
		d.checkIdentity(who, add)
	}
	for _, i := range d.Items {
		if i.MaxAgeDays == 0 || i.State == Missing || i.GivenAt == nil {
			continue
		}
		last := LastOn(d.Decided, i.Item, i.Version)
		if last == nil {
			add("wait", "age_unknown", "Item", i.Item, "Days", i.MaxAgeDays)
			continue
		}
		if age, known := AgeOf(last.IssuedOn, models.Day(*i.GivenAt)); known {
			add("ok", "age", "Item", i.Item, "Age", age, "Days", i.MaxAgeDays)
		}
	}
	for _, l := range d.Likes {
		for _, what := range l.Shared {
			list = append(list, Check{Tone: "wait", Key: "like_" + what, Args: []any{"Name", l.Name, "Code", l.Code}, Link: l.ID})
		}
	}
	if len(d.Consents) > 0 {
		add("ok", "consent", "Version", d.Consents[0].TextVersion, "At", d.Consents[0].At)
	} else {
		add("bad", "no_consent")
	}
	if d.VerifiedAt != nil {
		add("ok", "contact_verified")
	} else {
		add("wait", "contact_open")
	}
	slices.SortStableFunc(list, func(a, b Check) int { return weight(a.Tone) - weight(b.Tone) })
	return list
}

func weight(tone string) int { return strings.Index("bad wait ok", tone) }

func (d Desktop) checkIdentity(who Identity, add func(tone, key string, args ...any)) {
	if who.DocType == "NIT" {
		if doc, err := ident.ParseApart("CO", "NIT", who.DocNumber, who.DocDV); err == nil && doc.DV == who.DocDV {
			add("ok", "dv", "DV", who.DocDV)
		} else {
			add("bad", "dv_wrong", "DV", who.DocDV)
		}
	}
	switch {
	case d.OnFile.DocNumber == "":
	case d.OnFile.DocType == who.DocType && d.OnFile.DocNumber == who.DocNumber:
		add("ok", "number")
	default:
		add("bad", "number_differs", "File", ident.Mask(d.OnFile.DocType, d.OnFile.DocNumber, d.OnFile.DocDV), "Said", ident.Mask(who.DocType, who.DocNumber, who.DocDV))
	}
	switch said, file := who.Name(), d.OnFile.Name(); {
	case file == "":
	case models.Fold(said) == models.Fold(file):
		add("ok", "name")
	default:
		add("wait", "name_differs", "File", file, "Said", said)
	}
}
