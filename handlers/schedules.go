package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/views/i18n"
	pages "pagaduria/views/schedules"
	"pagaduria/views/urls"
)

// ScheduleList is GET urls.SchedulesPattern.
func (h *Handlers) ScheduleList(c echo.Context) error {
	ctx := c.Request().Context()
	list, err := h.Payouts.Schedules(ctx)
	if err != nil {
		return err
	}
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "schedule.title"), "calendar")}
	for _, s := range list {
		row := pages.Row{Schedule: s}
		if next := s.NextRuns(h.Now(), 1); len(next) > 0 {
			row.Next = next[0]
		}
		p.Rows = append(p.Rows, row)
	}
	return render(c, http.StatusOK, pages.List(p))
}

type scheduleForm struct {
	Name       string   `form:"name"`
	Connection int64    `form:"connection"`
	Methods    []string `form:"method"`
	Cadence    string   `form:"cadence"`
	Weekdays   []int64  `form:"weekday"`
	MonthDay   string   `form:"month_day"`
	At         string   `form:"at"`
	Shift      string   `form:"shift"`
	Minimum    string   `form:"minimum"`
	Submit     bool     `form:"submit"`
	Version    int      `form:"version"`
}

func (f scheduleForm) shown() pages.Form {
	return pages.Form{Name: f.Name, At: f.At, Minimum: f.Minimum, MonthDay: f.MonthDay, Cadence: f.Cadence, Shift: f.Shift, ConnectionID: f.Connection,
		Methods: f.Methods, Weekdays: f.Weekdays, Submit: f.Submit, Version: f.Version}
}

// read makes a schedule of the form. Days of the cadence that was not chosen are left out.
func (f scheduleForm) read(id int64) (s models.Schedule, err error) {
	s = models.Schedule{ID: id, Name: cut(f.Name, 120), ConnectionID: f.Connection, Cadence: models.Cadence(f.Cadence), Shift: models.Shift(f.Shift),
		Submit: f.Submit, Version: f.Version, Minimum: models.Pesos(0)}
	bad := models.Refuse(models.Invalid, "form.fix", "Some fields need another look.", nil)
	for _, m := range f.Methods {
		if k := models.MethodKind(m); k.Valid() && !slices.Contains(s.Methods, k) {
			s.Methods = append(s.Methods, k)
		}
	}
	switch s.Cadence {
	case models.Weekly:
		for _, d := range f.Weekdays {
			if 0 <= d && d <= 6 && !slices.Contains(s.Weekdays, time.Weekday(d)) {
				s.Weekdays = append(s.Weekdays, time.Weekday(d))
			}
		}
	case models.Monthly:
		if s.MonthDay, err = strconv.Atoi(f.MonthDay); err != nil {
			bad = bad.WithField("month_day", "schedule.refused.month_day")
		}
	}
	if s.At, err = models.ParseMinutes(f.At); err != nil {
		bad = bad.WithField("at", "error.bad_field")
	}
	if f.Minimum != "" {
		if s.Minimum, err = typedPesos(f.Minimum); err != nil {
			bad = bad.WithField("minimum", "schedule.refused.minimum")
		}
	}
	if len(bad.Fields) > 0 {
		return s, bad
	}
	return s, nil
}

// NewSchedule is GET urls.NewSchedulePattern.
func (h *Handlers) NewSchedule(c echo.Context) error {
	return h.showSchedule(c, http.StatusOK, models.Schedule{}, pages.Form{Cadence: string(models.Weekly), Weekdays: []int64{int64(time.Friday)}, At: "10:00", Shift: string(models.Next)}, nil)
}

// SchedulePage is GET urls.SchedulePattern.
func (h *Handlers) SchedulePage(c echo.Context) error {
	s, err := h.scheduleOf(c)
	if err != nil {
		return err
	}
	return h.showSchedule(c, http.StatusOK, s, pages.FormOf(s), nil)
}

func (h *Handlers) scheduleOf(c echo.Context) (models.Schedule, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return models.Schedule{}, err
	}
	return h.Payouts.Schedule(c.Request().Context(), id)
}

func (h *Handlers) showSchedule(c echo.Context, status int, s models.Schedule, f pages.Form, refusal error) (err error) {
	ctx := c.Request().Context()
	title := s.Name
	if s.ID == 0 {
		title = i18n.T(ctx, "schedule.add")
	}
	p := pages.RecordPage{Page: h.page(c, title, "calendar"), Schedule: s, Form: f, Next: s.NextRuns(h.Now(), 5),
		Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}
	if p.Connections, err = h.Payouts.Connections(ctx); err != nil {
		return err
	}
	if s.ID != 0 {
		if p.Runs, err = h.Payouts.RunsOf(ctx, s.ID); err != nil {
			return err
		}
	}
	return render(c, status, pages.Record(p))
}

// AddSchedule is POST urls.NewSchedulePattern.
func (h *Handlers) AddSchedule(c echo.Context) error { return h.saveSchedule(c, models.Schedule{}) }

// SaveSchedule is POST urls.SchedulePattern.
func (h *Handlers) SaveSchedule(c echo.Context) error {
	s, err := h.scheduleOf(c)
	if err != nil {
		return err
	}
	return h.saveSchedule(c, s)
}

func (h *Handlers) saveSchedule(c echo.Context, known models.Schedule) error {
	var f scheduleForm
	if err := decode(c, &f); err != nil {
		return err
	}
	s, err := f.read(known.ID)
	id := known.ID
	if err == nil {
		id, err = h.Payouts.SaveSchedule(c.Request().Context(), ActorFrom(c), s)
	}
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showSchedule(c, Status(err), known, f.shown(), err)
	}
	return h.done(c, err, "schedule.saved", urls.Schedule(id))
}

// PauseSchedule is POST urls.PauseSchedulePattern.
func (h *Handlers) PauseSchedule(c echo.Context) error { return h.turnSchedule(c, "paused") }

// ResumeSchedule is POST urls.ResumeSchedulePattern.
func (h *Handlers) ResumeSchedule(c echo.Context) error { return h.turnSchedule(c, "active") }

func (h *Handlers) turnSchedule(c echo.Context, state string) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Version int `form:"version"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	return h.done(c, h.Payouts.TurnSchedule(c.Request().Context(), ActorFrom(c), id, state, f.Version), "schedule.turned_"+state, urls.Schedule(id))
}

// Calendar is GET urls.CalendarPattern: what a month brings.
func (h *Handlers) Calendar(c echo.Context) error {
	today := models.Day(h.Now())
	month := today.AddDate(0, 0, 1-today.Day())
	if asked := c.QueryParam("month"); asked != "" {
		var err error
		if month, err = time.Parse("2006-01", asked); err != nil || month.Year() < 2000 || month.Year() > 2200 {
			return models.Refuse(models.Invalid, "calendar.bad_month", "There is no such month.", nil)
		}
	}
	from := month.AddDate(0, 0, -(int(month.Weekday())+6)%7)
	last := month.AddDate(0, 1, -1)
	to := last.AddDate(0, 0, (7-int(last.Weekday()))%7)
	ctx := c.Request().Context()
	days, err := h.Payouts.Calendar(ctx, from, to)
	if err != nil {
		return err
	}
	p := pages.CalendarPage{Page: h.page(c, i18n.T(ctx, "calendar.title"), "calendar"), Month: month, Today: today,
		Earlier: urls.CalendarOf(month.AddDate(0, -1, 0).Format("2006-01")), Later: urls.CalendarOf(month.AddDate(0, 1, 0).Format("2006-01")),
		Payments: ActorFrom(c).May(models.PermPayoutsView)}
	holidays := holidayNames(i18n.From(ctx), from.Year(), to.Year())
	for week := range slices.Chunk(days, 7) {
		var shown []pages.Day
		for _, d := range week {
			shown = append(shown, pages.Day{CalendarDay: d, Holiday: holidays[d.Day], Outside: d.Day.Month() != month.Month()})
		}
		p.Weeks = append(p.Weeks, shown)
	}
	return render(c, http.StatusOK, pages.Calendar(p))
}

// holidayNames are the holidays of some years by their day, two of one day together.
func holidayNames(l i18n.Locale, from, to int) map[time.Time]string {
	names := map[time.Time]string{}
	for year := from; year <= to; year++ {
		for _, x := range colombia.Holidays(year) {
			name := map[i18n.Locale]string{i18n.En: x.NameEN, i18n.Es: x.NameES, i18n.Zh: x.NameZH}[l]
			if names[x.Date] != "" {
				name = names[x.Date] + ", " + name
			}
			names[x.Date] = name
		}
	}
	return names
}
