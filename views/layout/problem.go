package layout

// titleKey and textKey are the catalogue keys of a status; others read as 500 or, below it, as 400.
func (e Problem) titleKey() string { return "error." + e.name() + ".title" }
func (e Problem) textKey() string  { return "error." + e.name() + ".text" }

func (e Problem) name() string {
	switch e.Status {
	case 403:
		return "forbidden"
	case 404, 405:
		return "not_found"
	case 409:
		return "conflict"
	case 413:
		return "too_large"
	case 422:
		return "invalid"
	case 429:
		return "too_many"
	case 503:
		return "unavailable"
	}
	if e.Status >= 400 && e.Status < 500 {
		return "bad_request"
	}
	return "internal"
}
