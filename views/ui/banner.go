package ui

// bannerIcon is the icon that goes with a kind of message.
func bannerIcon(kind string) string {
	switch kind {
	case "ok":
		return "circle-check"
	case "wait":
		return "alert-triangle"
	case "bad":
		return "circle-x"
	case "hold":
		return "hand-stop"
	}
	return "info-circle"
}

// bannerRole lets a screen reader interrupt only for what went wrong.
func bannerRole(kind string) string {
	if kind == "bad" {
		return "alert"
	}
	return "status"
}

// askKind is the look of the button that does it.
func askKind(danger bool) string {
	if danger {
		return "danger"
	}
	return "primary"
}
