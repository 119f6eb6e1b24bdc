package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// scheduleRoutes are the batches that the calendar composes, and the calendar.
func scheduleRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	view, prepare := models.PermBatchesView, models.PermBatchesPrepare
	return []Route{
		{Method: get, Path: urls.CalendarPattern, Perm: view, Handler: h.Calendar},
		{Method: get, Path: urls.SchedulesPattern, Perm: view, Handler: h.ScheduleList},
		{Method: get, Path: urls.NewSchedulePattern, Perm: prepare, Handler: h.NewSchedule},
		{Method: post, Path: urls.NewSchedulePattern, Perm: prepare, Handler: h.AddSchedule},
		{Method: get, Path: urls.SchedulePattern, Perm: view, Handler: h.SchedulePage},
		{Method: post, Path: urls.SchedulePattern, Perm: prepare, Handler: h.SaveSchedule},
		{Method: post, Path: urls.PauseSchedulePattern, Perm: prepare, Handler: h.PauseSchedule},
		{Method: post, Path: urls.ResumeSchedulePattern, Perm: prepare, Handler: h.ResumeSchedule},
	}
}
