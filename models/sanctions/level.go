package sanctions

// Level is what a score asks for.
type Level string

// The levels.
const (
	Clear  Level = "clear"
	Review Level = "review" // a person looks; payouts go on
	Hold   Level = "hold"   // payouts stop until a person decided
)

// Thresholds are the scores, per mille, from which a hit is looked at and from which it stops payouts.
type Thresholds struct {
	Review int
	Hold   int
}

// DefaultThresholds are in force until others are set.
var DefaultThresholds = Thresholds{Review: 850, Hold: 950}

// LowestReview bounds how low the threshold of a review may be set: below it everybody is a hit.
const LowestReview = 800

// Valid answers whether the thresholds make sense together.
func (t Thresholds) Valid() bool {
	return t.Review >= LowestReview && t.Review < t.Hold && t.Hold <= Full
}

// Of answers what a hit asks for. A nickname alone is for a person to look at, however well it agrees.
func (t Thresholds) Of(h Hit) Level {
	switch {
	case h.Score >= t.Hold && !h.Lone:
		return Hold
	case h.Score >= t.Review:
		return Review
	}
	return Clear
}

// Worst is the level of the worst of several hits.
func (t Thresholds) Worst(hits []Hit) Level {
	worst := Clear
	for _, h := range hits {
		switch l := t.Of(h); {
		case l == Hold:
			return Hold
		case l == Review:
			worst = Review
		}
	}
	return worst
}
