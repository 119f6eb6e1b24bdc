package savedviews

import (
	"slices"
	"sync"
	"time"

	"pagaduria/models"
)

// viewsFor is how long the views in a menu are shown again before they are read anew.
const viewsFor = time.Second

// keptMenus bounds how many menus are remembered.
const keptMenus = 1000

// recentViews keeps the menus that every visit of a list shows, so that a busy list reads its rows alone. What is handed
// out is shared: nobody writes to it.
type recentViews struct {
	mu   sync.Mutex
	read map[recentKey]viewsAt
}

type recentKey struct {
	staff int64
	list  models.SavedList
}

type viewsAt struct {
	at    time.Time // by this machine's monotonic clock
	views []models.SavedView
}

// get answers what is remembered, unless it is too old or says nothing of the view that must be certain.
func (r *recentViews) get(k recentKey, certain int64, read func() ([]models.SavedView, error)) ([]models.SavedView, error) {
	r.mu.Lock()
	known, ok := r.read[k]
	r.mu.Unlock()
	if ok && time.Since(known.at) < viewsFor && certain == 0 {
		return known.views, nil
	}
	at := time.Now()
	views, err := read()
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.read == nil || len(r.read) >= keptMenus {
		r.read = map[recentKey]viewsAt{}
	}
	r.read[k] = viewsAt{at, slices.Clip(views)}
	return views, nil
}

func (r *recentViews) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read = nil
}
