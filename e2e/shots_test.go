package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestShots writes a picture of every page in each width, theme and language into the folder PAGADURIA_SHOTS (make
// shots). PAGADURIA_SHOTS_ONLY is a regular expression on LOOK/PAGE for some of them, e.g. 390-dark-.*/payouts.
func TestShots(t *testing.T) {
	folder := os.Getenv("PAGADURIA_SHOTS")
	if folder == "" {
		t.Skip("pictures are made by make shots")
	}
	only, err := regexp.Compile(os.Getenv("PAGADURIA_SHOTS_ONLY"))
	if err != nil {
		t.Fatal(err)
	}
	p := install(t, "--demo")
	chromium := browser(t)
	p.settle()
	p.prepare(t, chromium)
	admin := p.as(t, chromium, "admin@demo.test", looks[0])
	pages := append(p.pagesOf(routesOf(t, admin)), states(p)...)
	sessions := p.signEverybodyIn(t, chromium, pages)
	work := make(chan look)
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for l := range work {
				photograph(t, open(t, chromium, p.url, l), pages, sessions, folder, only)
			}
		})
	}
	for _, width := range []int{1440, 390} {
		for _, theme := range []string{"light", "dark"} {
			for _, locale := range []string{"en", "es-CO", "zh-CN"} {
				work <- look{width, 900, theme, locale}
			}
		}
	}
	close(work)
	wait.Wait()
}

func photograph(t *testing.T, b *tab, pages []page, sessions map[string]string, folder string, only *regexp.Regexp) {
	for _, at := range pages {
		name := b.look.String() + "/" + fileName(at)
		if isFile(at.path) || !only.MatchString(name) {
			continue
		}
		b.setCookie(sessionCookie, sessions[at.as])
		if _, err := b.to(at.path); err != nil {
			t.Error(err)
			continue
		}
		ctx, cancel := b.limited()
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		cancel()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		file := filepath.Join(folder, name+".png")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)

// fileName is a page's path as a file's name. Set-up links are cut: their token changes.
func fileName(at page) string {
	path := at.path
	if strings.HasPrefix(path, "/setup/") && at.status == 200 {
		path = "/setup"
	}
	name := strings.Trim(unfit.ReplaceAllString(strings.ToLower(path), "-"), "-")
	if name == "" {
		name = "home"
	}
	return name
}
