package intake

import "hash/maphash"

// hasher turns keys into 64 bits, with a seed of its own so that nobody can prepare keys that collide. Among a
// million keys two are mixed up with a chance of 1 in 30 million.
type hasher struct{ seed maphash.Seed }

func newHasher() hasher { return hasher{maphash.MakeSeed()} }

func (h hasher) of(s string) uint64 { return maphash.String(h.seed, s) }
