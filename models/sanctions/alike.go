package sanctions

import (
	"math/bits"
	"slices"
)

// The weights of the comparison, see Alike.
const (
	boostFrom    = 0.7  // Jaro-Winkler rewards an equal beginning from here on
	prefix       = 4    // of so many letters
	lengthCutoff = 0.9  // words less alike in length than this
	lengthWeight = 0.3  // lose so much of what they lack
	otherLetter  = 0.9  // words that begin differently
	unmatched    = 0.15 // what a name of the list loses when none of its letters are asked for
	soundsAlike  = 0.98 // spelled differently, sounding the same
	soundsNear   = 0.98 // of what the sounds are alike
	floor        = 0.8  // words less alike than this are two different words
)

// jaroWinkler is the likeness of two words, 0 to 1.
func jaroWinkler(a, b string) float64 {
	j := jaro(a, b)
	if j <= boostFrom {
		return j
	}
	n := 0
	for n < min(prefix, len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return j + 0.1*float64(n)*(1-j)
}

func jaro(a, b string) float64 {
	if a == b {
		return 1
	}
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	const most = 64
	if len(a) > most || len(b) > most {
		a, b = a[:min(len(a), most)], b[:min(len(b), most)]
	}
	reach := max(max(len(a), len(b))/2-1, 0)
	var inA, inB uint64
	matches := 0
	for i := range len(a) {
		for k := max(0, i-reach); k < min(len(b), i+reach+1); k++ {
			if inB&(1<<k) == 0 && a[i] == b[k] {
				inA |= 1 << i
				inB |= 1 << k
				matches++
				break
			}
		}
	}
	if matches == 0 {
		return 0
	}
	swapped, k := 0, 0
	for i := range len(a) {
		if inA&(1<<i) == 0 {
			continue
		}
		for inB&(1<<k) == 0 {
			k++
		}
		if a[i] != b[k] {
			swapped++
		}
		k++
	}
	m := float64(matches)
	return (m/float64(len(a)) + m/float64(len(b)) + (m-float64(swapped/2))/m) / 3
}

// spelling is jaroWinkler with what it is too kind to taken off: words of different length, and of another beginning.
func spelling(a, b string) float64 {
	if a == "" || b == "" {
		return 0
	}
	s := jaroWinkler(a, b)
	if s == 0 {
		return 0
	}
	if ratio := float64(min(len(a), len(b))) / float64(max(len(a), len(b))); ratio < lengthCutoff {
		s *= 1 - (1-ratio)*lengthWeight
	}
	if a[0] != b[0] {
		s *= otherLetter
	}
	return s
}

// How says by what two words agree.
type How string

// The ways words agree.
const (
	Same   How = "same"
	Sounds How = "sounds" // spelled differently
	Near   How = "near"
)

// word is a word with its sound, and which letters each has.
type word struct {
	text, sound           string
	letters, soundLetters uint32
}

func newWord(text string) word {
	sound := Sound(text)
	return word{text, sound, letters(text), letters(sound)}
}

// letters is a bit for every letter that occurs; others share the rest.
func letters(s string) (bits uint32) {
	for i := range len(s) {
		bits |= 1 << (s[i] & 31)
	}
	return bits
}

// couldBeAlike answers without comparing letter by letter whether two words can reach the floor.
func couldBeAlike(a, b word) bool {
	return mostAlike(a.text, b.text, a.letters, b.letters) >= floor || mostAlike(a.sound, b.sound, a.soundLetters, b.soundLetters) >= floor
}

// mostAlike bounds spelling from above: letters that the other word lacks cannot agree.
func mostAlike(a, b string, inA, inB uint32) float64 {
	la, lb := float64(len(a)), float64(len(b))
	m := min(la-float64(bits.OnesCount32(inA&^inB)), lb-float64(bits.OnesCount32(inB&^inA)))
	if m <= 0 {
		return 0
	}
	s := (m/la + m/lb + 1) / 3
	n := 0
	for n < min(prefix, len(a), len(b)) && a[n] == b[n] {
		n++
	}
	s += 0.1 * float64(n) * (1 - s)
	if ratio := min(la, lb) / max(la, lb); ratio < lengthCutoff {
		s *= 1 - (1-ratio)*lengthWeight
	}
	if n == 0 {
		s *= otherLetter
	}
	return s
}

// likeness of two words: the spelling, or the sound where it is nearer. Below the floor they have nothing to do with
// each other and it is 0.
func likeness(a, b word) (float64, How) {
	if a.text == b.text {
		return 1, Same
	}
	if a.sound == b.sound && a.sound != "" {
		return soundsAlike, Sounds
	}
	s := max(spelling(a.text, b.text), spelling(a.sound, b.sound)*soundsNear)
	if s < floor {
		return 0, ""
	}
	return s, Near
}

// pair is one word of each side that belong together.
type pair struct {
	asked, listed int
	score         float64
	how           How
}

// match is what the words of two names come to.
type match struct {
	score float64
	pairs []pair
}

// bestPairs pairs words off, the most alike first, each once. The average counts by letters, words that nobody answers
// to count nothing, and a name of the list with words nobody asked for loses a little.
func bestPairs(asked, listed []word, alike func(a, b word) (float64, How)) match {
	var most [64]pair
	all := most[:0]
	lettersAsked, lettersListed := 0, 0
	for i, a := range asked {
		lettersAsked += len(a.text)
		for k, l := range listed {
			if s, how := alike(a, l); s > 0 {
				all = append(all, pair{i, k, s, how})
			}
		}
	}
	for _, l := range listed {
		lettersListed += len(l.text)
	}
	if lettersAsked == 0 || lettersListed == 0 {
		return match{}
	}
	slices.SortStableFunc(all, func(a, b pair) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	var m match
	var sum float64
	var usedAsked, usedListed uint64
	found := 0
	for _, p := range all {
		if p.asked > 63 || p.listed > 63 || usedAsked&(1<<p.asked) != 0 || usedListed&(1<<p.listed) != 0 {
			continue
		}
		usedAsked |= 1 << p.asked
		usedListed |= 1 << p.listed
		n := len(asked[p.asked].text) + len(listed[p.listed].text)
		sum += p.score * float64(n)
		found += len(listed[p.listed].text)
		m.pairs = append(m.pairs, p)
	}
	m.score = sum / float64(lettersAsked+found)
	m.score *= 1 - (1-float64(found)/float64(lettersListed))*unmatched
	return m
}

func wordsOf(list []string) []word {
	words := make([]word, len(list))
	for i, w := range list {
		words[i] = newWord(w)
	}
	return words
}
