package store

// Progress hears how far long work is. *tasks.Run is one.
type Progress interface {
	Expect(total int64) // how much there is to do
	Did(n int64)        // so much more was done
}

// Unseen is the progress of work that nobody watches.
type Unseen struct{}

// Expect does nothing.
func (Unseen) Expect(int64) {}

// Did does nothing.
func (Unseen) Did(int64) {}
