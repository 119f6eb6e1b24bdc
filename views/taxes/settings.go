package taxes

import (
	"context"
	"strconv"
	"time"

	"pagaduria/models"
	"pagaduria/models/tax"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// SettingsPage is what the merchant set, and the form by which other settings are asked for.
type SettingsPage struct {
	layout.Page
	Today    time.Time
	InForce  tax.Version
	Agreed   bool          // whether InForce was agreed on
	Versions []tax.Version // the last agreed on first
	Requests []models.Request
	Form     map[string]string
	Problem  string
	Errors   map[string]string
}

// seen is the last version on the page.
func (p SettingsPage) seen() string {
	if len(p.Versions) == 0 {
		return "0"
	}
	return urls.Num(p.Versions[0].ID)
}

// open is the request that waits for a second person, if there is one.
func (p SettingsPage) open() (models.Request, bool) {
	for _, r := range p.Requests {
		if r.State == models.RequestOpen {
			return r, true
		}
	}
	return models.Request{}, false
}

// sentences are what settings say, one thing a line.
func sentences(ctx context.Context, s tax.Settings) []string {
	if s.Off() {
		return []string{i18n.T(ctx, "tax.off_text")}
	}
	var list []string
	add := func(when bool, key string, args ...any) {
		if when {
			list = append(list, i18n.T(ctx, "tax.set."+key, args...))
		}
	}
	add(s.Income, "income")
	add(s.ReteIVA, "reteiva")
	add(s.IVA > 0, "iva", "Rate", percent(s.IVA))
	for _, t := range s.Tariffs {
		add(t.Rate > 0, "tariff", "Place", placeName(t.Divipola), "Rate", perMil(t.Rate), "Minimum", strconv.FormatInt(t.MinUVT, 10))
		add(t.Rate == 0, "tariff_missing", "Place", placeName(t.Divipola))
	}
	add(s.SimpleICA, "simple_ica")
	for _, y := range s.Years {
		add(true, "year", "Year", strconv.Itoa(y.Year), "UVT", i18n.Money(ctx, y.UVT))
	}
	return append(list, i18n.T(ctx, "tax.set.rounding", "Step", i18n.T(ctx, "tax.steps."+strconv.FormatInt(s.Step, 10)),
		"Minimums", i18n.T(ctx, "tax.steps."+strconv.FormatInt(s.MinimumStep, 10))))
}

// history is the versions there were, newest first.
func (p SettingsPage) history(ctx context.Context) []ui.LogEntry {
	list := make([]ui.LogEntry, len(p.Versions))
	for i, v := range p.Versions {
		list[i] = ui.LogEntry{Icon: "history", Who: v.MakerName, Text: i18n.T(ctx, "tax.version", "From", i18n.Calendar(ctx, v.From), "Name", v.DeciderName), Note: v.Reason, At: v.At}
		if p.Agreed && v.ID == p.InForce.ID {
			list[i].Tone, list[i].Icon = "ok", "circle-check"
		}
	}
	return list
}

func settingsFrom(ctx context.Context, p SettingsPage) ui.Input {
	i := date(p.Form, p.Errors, "from", i18n.T(ctx, "tax.from"), i18n.T(ctx, "tax.settings_from_hint"))
	i.Min = p.Today.Format(time.DateOnly)
	return i
}

// tariffs is how many municipalities the form has room for: those that are filled in, and three more.
func (p SettingsPage) tariffs() int {
	last := -1
	for i := range tax.MostTariffs {
		at := strconv.Itoa(i)
		if p.Form["tariff_place_"+at]+p.Form["tariff_rate_"+at]+p.Form["tariff_min_"+at] != "" {
			last = i
		}
	}
	return min(last+4, tax.MostTariffs)
}

func places(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return list
}

func nth(at string) string {
	n, _ := strconv.Atoi(at)
	return strconv.Itoa(n + 1)
}
