package sanctions

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"pagaduria/models/ident"
)

// Query is who is looked for. Kind "" looks among people and companies alike.
type Query struct {
	Name           string
	Kind           Kind
	DocumentType   string // CC, NIT, … or "" when it is not known
	DocumentNumber string
	Country        string // that issued the document, "CO"; "" when it is not known
}

// Pair is one word of each side that belong together.
type Pair struct {
	Asked  string `json:"asked"`
	Listed string `json:"listed"`
	Score  int    `json:"score"` // per mille
	How    How    `json:"how"`
}

// Hit is an entry that may be whom was looked for, and why.
type Hit struct {
	Entry    *Entry   `json:"-"`
	Score    int      `json:"score"` // per mille
	Name     string   `json:"name"`  // of the list, that scored best; "" when only the document agrees
	NameKind NameKind `json:"name_kind,omitempty"`
	Document string   `json:"document,omitempty"` // "CC 16247821", when it agrees
	Pairs    []Pair   `json:"pairs,omitempty"`
	Asked    []string `json:"asked,omitempty"`  // words nobody answers to
	Listed   []string `json:"listed,omitempty"` // words of the list nobody asked for
	Lone     bool     `json:"lone,omitempty"`   // a nickname, or one word of a person's name: never enough for a hold

	named int // score of the name alone
}

// Reason says in a sentence why the hit scored so.
func (h Hit) Reason() string {
	var said []string
	if h.Document != "" {
		said = append(said, "the document "+h.Document+" is the same")
	}
	for _, p := range h.Pairs {
		switch p.How {
		case Same:
			said = append(said, p.Asked+" is the same")
		case Sounds:
			said = append(said, p.Asked+" sounds like "+p.Listed)
		default:
			said = append(said, fmt.Sprintf("%s is like %s (%d %%)", p.Asked, p.Listed, p.Score/10))
		}
	}
	if len(h.Asked) > 0 {
		said = append(said, "nothing on the list answers to "+strings.Join(h.Asked, " "))
	}
	if len(h.Listed) > 0 {
		said = append(said, "the list also says "+strings.Join(h.Listed, " "))
	}
	if h.Lone {
		said = append(said, "a nickname or a single word never holds alone")
	}
	return strings.Join(said, "; ")
}

// Full is a score of one.
const Full = 1000

// shown is how many hits a search answers at most.
const shown = 20

// Index finds entries by document and by name. It is made once for a set of entries and safe for use at once.
type Index struct {
	entries   []Entry
	names     []indexed
	words     []listWord
	byText    map[string]int32
	grams     map[gram][]int32   // pairs of letters of words and their sounds
	documents map[string][]int32 // entries by a number
	room      sync.Pool

	mu    sync.RWMutex
	known map[string][]similar // words asked for before
}

// indexed is one way of writing a name: as it is, or with two neighbouring words joined.
type indexed struct {
	entry   int32
	name    int16
	words   []int32
	letters int
}

type listWord struct {
	word
	names []int32
}

type similar struct {
	word  int32
	score float64
}

// NewIndex makes an index; the entries are kept.
func NewIndex(entries []Entry) *Index {
	x := &Index{entries: entries, byText: map[string]int32{}, grams: map[gram][]int32{}, documents: map[string][]int32{}, known: map[string][]similar{}}
	for i, e := range entries {
		if e.Kind == Vessel || e.Kind == Aircraft {
			continue // a payee is never a ship
		}
		for n, name := range e.Names {
			words := Words(name.Text, e.Kind)
			x.addName(int32(i), int16(n), words)
			for _, joined := range joins(words) {
				x.addName(int32(i), int16(n), joined)
			}
		}
		for _, d := range e.Documents {
			for _, number := range numbers(d.Type, d.Number) {
				if list := x.documents[number]; !slices.Contains(list, int32(i)) {
					x.documents[number] = append(list, int32(i))
				}
			}
		}
	}
	for id, w := range x.words {
		for _, g := range gramsOf(w.word) {
			x.grams[g] = append(x.grams[g], int32(id))
		}
	}
	x.room.New = func() any {
		return &room{stamp: make([]uint32, len(x.names)), sum: make([]float64, len(x.names)), letters: make([]int, len(x.names)), word: make([]float64, len(x.names)), by: make([]int32, len(x.names))}
	}
	return x
}

// Size is how many entries there are.
func (x *Index) Size() int { return len(x.entries) }

func (x *Index) addName(entry int32, name int16, words []string) {
	if len(words) == 0 {
		return
	}
	n := indexed{entry: entry, name: name}
	for _, w := range words {
		id, ok := x.byText[w]
		if !ok {
			id = int32(len(x.words))
			x.byText[w] = id
			x.words = append(x.words, listWord{word: newWord(w)})
		}
		at := int32(len(x.names))
		if list := x.words[id].names; len(list) == 0 || list[len(list)-1] != at {
			x.words[id].names = append(list, at)
		}
		n.words = append(n.words, id)
		n.letters += len(w)
	}
	x.names = append(x.names, n)
}

// gram is two neighbouring letters.
type gram [2]byte

// gramsOf are the pairs of letters of a word and of its sound, with its ends marked.
func gramsOf(w word) []gram {
	list := make([]gram, 0, 2*len(w.text)+2)
	for _, s := range []string{w.text, w.sound} {
		last := byte('^')
		for i := range len(s) {
			list = append(list, gram{last, s[i]})
			last = s[i]
		}
		list = append(list, gram{last, '$'})
	}
	slices.SortFunc(list, func(a, b gram) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(list)
}

// room is what a search works in.
type room struct {
	now     uint32
	stamp   []uint32
	sum     []float64 // what a name can come to at most, letter by letter
	letters []int     // of its words that answer
	word    []float64 // best of the word at work
	by      []int32   // the word at work
	touched []int32
}

// Search answers the entries that score at least so much (per mille), the best first. A document that agrees is a full
// score whatever the name.
func (x *Index) Search(q Query, least int) []Hit {
	best := map[int32]Hit{}
	for _, entry := range x.byDocument(q) {
		best[entry.id] = Hit{Entry: &x.entries[entry.id], Score: Full, Document: entry.said}
	}
	for _, kind := range q.kinds() {
		words := Words(q.Name, kind)
		for _, asked := range append([][]string{words}, joins(words)...) {
			x.byName(asked, kind, least, best)
		}
	}
	hits := make([]Hit, 0, len(best))
	for _, h := range best {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(b.Score-a.Score, cmp.Compare(a.Entry.List, b.Entry.List), cmp.Compare(a.Entry.Number, b.Entry.Number))
	})
	return hits[:min(len(hits), shown)]
}

func (q Query) kinds() []Kind {
	if q.Kind == "" {
		return []Kind{Person, Company}
	}
	return []Kind{q.Kind}
}

// byName adds entries of a kind that a way of writing the name finds.
func (x *Index) byName(asked []string, kind Kind, least int, best map[int32]Hit) {
	if len(asked) == 0 {
		return
	}
	words := wordsOf(asked)
	r := x.room.Get().(*room)
	defer x.room.Put(r)
	r.now++
	r.touched = r.touched[:0]
	letters := 0
	for i, w := range words {
		letters += len(w.text)
		for _, s := range x.alike(w) {
			l := x.words[s.word]
			for _, n := range l.names {
				if r.stamp[n] != r.now {
					r.stamp[n], r.sum[n], r.letters[n], r.word[n], r.by[n] = r.now, 0, 0, 0, -1
					r.touched = append(r.touched, n)
				}
				if r.by[n] != int32(i) {
					r.by[n], r.word[n] = int32(i), 0
				}
				if s.score > r.word[n] { // the best answer to this word
					r.sum[n] += (s.score - r.word[n]) * float64(len(w.text))
					r.word[n] = s.score
				}
				r.letters[n] += len(l.text)
			}
		}
	}
	for _, n := range r.touched {
		name := x.names[n]
		e := &x.entries[name.entry]
		if e.Kind != kind {
			continue
		}
		// No pairing comes to more: every word with its best answer, and as many letters of the list as there can be.
		most := min(r.letters[n], name.letters)
		if bound := (r.sum[n] + float64(most)) / float64(letters+most); bound*Full < float64(least) {
			continue
		}
		listed := make([]word, len(name.words))
		for k, id := range name.words {
			listed[k] = x.words[id].word
		}
		m := bestPairs(words, listed, likeness)
		score := int(m.score*Full + 0.5)
		known, there := best[name.entry]
		if score < least || there && known.named >= score {
			continue
		}
		best[name.entry] = explain(e, e.Names[name.name], words, listed, m, score, known.Document)
	}
}

// explain makes a hit that says why.
func explain(e *Entry, name Name, asked, listed []word, m match, score int, document string) Hit {
	h := Hit{Entry: e, Score: score, named: score, Name: name.Text, NameKind: name.Kind, Document: document}
	var inAsked, inListed uint64
	for _, p := range m.pairs {
		h.Pairs = append(h.Pairs, Pair{asked[p.asked].text, listed[p.listed].text, int(p.score*Full + 0.5), p.how})
		inAsked |= 1 << p.asked
		inListed |= 1 << p.listed
	}
	for i, w := range asked {
		if i > 63 || inAsked&(1<<i) == 0 {
			h.Asked = append(h.Asked, w.text)
		}
	}
	for i, w := range listed {
		if i > 63 || inListed&(1<<i) == 0 {
			h.Listed = append(h.Listed, w.text)
		}
	}
	h.Lone = name.Kind == Weak || e.Kind == Person && len(listed) == 1
	if document != "" {
		h.Score, h.Lone = Full, false
	}
	return h
}

// knownWords bounds how many words that were asked for are remembered: names repeat, files of names do not end.
const knownWords = 50_000

// alike are the words of the list that a word could be.
func (x *Index) alike(w word) []similar {
	x.mu.RLock()
	list, ok := x.known[w.text]
	x.mu.RUnlock()
	if ok {
		return list
	}
	list = x.lookUp(w)
	x.mu.Lock()
	if len(x.known) >= knownWords {
		x.known = map[string][]similar{}
	}
	x.known[w.text] = list
	x.mu.Unlock()
	return list
}

// lookUp compares a word with the words that share neighbouring letters with it: two words that are alike share some, in
// how they are written or how they sound, the ends of the words counted.
func (x *Index) lookUp(w word) []similar {
	shared := make([]uint8, len(x.words))
	var touched []int32
	for _, g := range gramsOf(w) {
		for _, id := range x.grams[g] {
			if shared[id] == 0 {
				touched = append(touched, id)
			}
			shared[id]++
		}
	}
	need := uint8(min(max(len(w.text)/2, 1), 4))
	var list []similar
	for _, id := range touched {
		if l := x.words[id].word; shared[id] >= need && couldBeAlike(w, l) {
			if s, _ := likeness(w, l); s > 0 {
				list = append(list, similar{id, s})
			}
		}
	}
	slices.SortFunc(list, func(a, b similar) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.word, b.word)) })
	return list
}

// documentHit is an entry that a document finds.
type documentHit struct {
	id   int32
	said string
}

// byDocument are the entries whose document is the same one: the number, and the type and country where both are known.
func (x *Index) byDocument(q Query) (list []documentHit) {
	seen := map[int32]bool{}
	for _, number := range numbers(q.DocumentType, q.DocumentNumber) {
		for _, id := range x.documents[number] {
			if seen[id] {
				continue
			}
			for _, d := range x.entries[id].Documents {
				if q.sameDocument(d, number) {
					seen[id] = true
					list = append(list, documentHit{id, d.Type + " " + d.Number})
					break
				}
			}
		}
	}
	return list
}

func (q Query) sameDocument(d Document, number string) bool {
	if !slices.Contains(numbers(d.Type, d.Number), number) {
		return false
	}
	if ours := classes[q.DocumentType]; ours != "" && classes[d.Type] != "" && ours != classes[d.Type] {
		return false
	}
	return q.DocumentType == "PAS" || q.Country == "" || d.Country == "" || countries[q.Country] == "" || strings.EqualFold(countries[q.Country], d.Country)
}

var (
	// A person's NIT is their cédula with a check digit; what a list calls otherwise may be any of ours.
	classes   = map[string]string{"CC": "citizen", "NIT": "citizen", "TI": "citizen", "CE": "foreigner", "PPT": "permit", "PEP": "permit", "PAS": "passport", "RUC": "ruc", "CI": "ruc"}
	countries = map[string]string{"CO": "Colombia", "EC": "Ecuador", "PE": "Peru", "PA": "Panama", "VE": "Venezuela", "MX": "Mexico"}
)

// shortest is how many characters a number has at least to say who somebody is.
const shortest = 5

// numbers are the ways of writing a document's number: letters and digits without leading zeros, and of a NIT the number
// with and without its check digit.
func numbers(kind, number string) (list []string) {
	put := func(s string) {
		if s = strings.TrimLeft(s, "0"); len(s) >= shortest && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	bare := bareNumber(number)
	put(bare)
	if kind != "NIT" && kind != "" {
		return list
	}
	if i := strings.LastIndexByte(number, '-'); i > 0 && len(strings.TrimSpace(number[i+1:])) == 1 {
		put(bareNumber(number[:i]))
	} else if len(bare) == 10 {
		if dv, err := ident.CheckDigitNIT(bare[:9]); err == nil && dv == bare[9:] {
			put(bare[:9])
		}
	}
	return list
}

func bareNumber(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z':
			return r
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return -1
	}, s)
}
