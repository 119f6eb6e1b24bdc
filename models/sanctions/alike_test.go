package sanctions

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// plain compares spelling alone, without a floor: what the vectors were made with.
func plain(a, b word) (float64, How) { return spelling(a.text, b.text), Near }

func TestVectorsOfBestPairs(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		listed, asked string
		want          float64
	}{
		{"elvin", "elvis", 0.920},
		{"jane doe", "jane doe2", 0.940},
		{"nicolas moros maduro", "nicolas maduro", 0.958},
		{"nicolas maduro", "nicolas moros maduro", 0.839},
		{"nicolas maduro", "nicolas maduro", 1},
		{"nic maduro", "nicolas maduro", 0.872},
		{"maduro moros nicolas", "nicolas maduro", 0.953},
		{"nicolas maduro moros", "maduro", 0.900},
		{"ian mckinley", "ian", 0.891},
		{"ian", "ian mckinley", 0.429},
		{"john smith", "john smythe", 0.893},
		{"mohamed", "muhammed", 0.849},
		{"sean", "shawn", 0.757},
	} {
		m := bestPairs(wordsOf(strings.Fields(v.asked)), wordsOf(strings.Fields(v.listed)), plain)
		if math.Abs(m.score-v.want) > 0.01 {
			t.Errorf("%q for %q: %.3f, want %.3f", v.listed, v.asked, m.score, v.want)
		}
	}
}

func TestSounds(t *testing.T) {
	t.Parallel()
	for _, tt := range [][2]string{{"hernandez", "ernandes"}, {"vargas", "bargas"}, {"castillo", "castiyo"}, {"jimenez", "gimenes"}, {"quiroz", "kiros"},
		{"zapata", "sapata"}, {"jhon", "john"}, {"fredy", "freddy"}, {"sophia", "sofia"}, {"wilson", "uilson"}} {
		if a, b := Sound(tt[0]), Sound(tt[1]); a != b {
			t.Errorf("%s sounds %s, %s sounds %s", tt[0], a, tt[1], b)
		}
	}
	for _, tt := range [][2]string{{"chavez", "cabes"}, {"rosa", "roja"}, {"gato", "jato"}, {"loro", "yoro"}} {
		if a, b := Sound(tt[0]), Sound(tt[1]); a == b {
			t.Errorf("%s and %s sound alike: %s", tt[0], tt[1], a)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		kind Kind
		want string
	}{
		{"DE LA HOZ FONTALVO, Yésica  Paola", Person, "hoz fontalvo yesica paola"},
		{"J. Mosquera", Person, "j mosquera"},
		{"O'Brien-Núñez", Person, "obrien nunez"},
		{"De La", Person, "de la"},
		{"HEBRON S.A.", Company, "hebron"},
		{"Hebrón S.A.S.", Company, "hebron"},
		{"RUIZ Y CIA. S. EN C.", Company, "ruiz"},
		{"A. F. DISTRIBUCIONES, S.A. DE C.V.", Company, "a f distribuciones"},
		{"S.A.", Company, "sa"},
		{"Ltda", Company, "ltda"},
		{"", Person, ""},
	} {
		if got := strings.Join(Words(tt.name, tt.kind), " "); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestLikenessIsFair(t *testing.T) {
	t.Parallel()
	letters := rapid.StringMatching(`[a-e]{1,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := newWord(letters.Draw(t, "a")), newWord(letters.Draw(t, "b"))
		ab, _ := likeness(a, b)
		ba, _ := likeness(b, a)
		if math.Abs(ab-ba) > 1e-9 || ab < 0 || ab > 1 || ab == 1 != (a.text == b.text) {
			t.Fatalf("%v %v: %f and %f", a, b, ab, ba)
		}
		if ab > 0 && !couldBeAlike(a, b) && a.sound != b.sound {
			t.Fatalf("%s and %s are alike (%f) and were not compared", a.text, b.text, ab)
		}
	})
}

// TestTheIndexFindsWhatComparingAllWould holds the shortcuts of the index against comparing with every name.
func TestTheIndexFindsWhatComparingAllWould(t *testing.T) {
	t.Parallel()
	syllable := rapid.SampledFrom(strings.Fields("ma ri lo pe ca do ra sa mi to re na lu ci fer nan dez gon za les her va be ro jo se"))
	given := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(syllable, 2, 4).Draw(t, "word"), "") })
	rapid.Check(t, func(t *rapid.T) {
		var entries []Entry
		for range 20 {
			entries = append(entries, Entry{List: OFAC, Number: string(rune('A' + len(entries))), Kind: Person,
				Names: []Name{{Text: strings.Join(rapid.SliceOfN(given, 2, 4).Draw(t, "listed"), " "), Kind: Primary}}})
		}
		asked := []byte(rapid.SampledFrom(entries).Draw(t, "who").Names[0].Text)
		if i := rapid.IntRange(0, len(asked)-1).Draw(t, "at"); asked[i] != ' ' {
			asked[i] = rapid.SampledFrom([]byte("abeinorstz")).Draw(t, "slip")
		}
		var want []string
		for _, e := range entries {
			best := 0.0
			for _, a := range append([][]string{Words(string(asked), Person)}, joins(Words(string(asked), Person))...) {
				for _, l := range append([][]string{Words(e.Names[0].Text, Person)}, joins(Words(e.Names[0].Text, Person))...) {
					best = max(best, bestPairs(wordsOf(a), wordsOf(l), likeness).score)
				}
			}
			if int(best*Full+0.5) >= 850 {
				want = append(want, e.Number)
			}
		}
		var got []string
		for _, h := range NewIndex(entries).Search(Query{Name: string(asked), Kind: Person}, 850) {
			got = append(got, h.Entry.Number)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%q finds %v, comparing all %v", asked, got, want)
		}
	})
}
