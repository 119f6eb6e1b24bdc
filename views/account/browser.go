package account

import (
	"context"
	"strings"

	"pagaduria/views/i18n"
)

// browsers and systems are looked for in this order: most call themselves by the names of others too.
var (
	browsers = [][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}}
	systems = [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)

// browser says what a User-Agent most likely is: "Firefox, Linux".
func browser(ctx context.Context, agent string) string {
	name, system := find(agent, browsers), find(agent, systems)
	switch {
	case name == "" && system == "":
		return i18n.T(ctx, "account.unknown_browser")
	case system == "":
		return name
	case name == "":
		return system
	}
	return name + ", " + system
}

func find(agent string, names [][2]string) string {
	for _, n := range names {
		if strings.Contains(agent, n[0]) {
			return n[1]
		}
	}
	return ""
}

func demoHint(ctx context.Context, code string) string {
	if code == "" {
		return ""
	}
	return i18n.T(ctx, "signin.demo_code") + " " + code
}
