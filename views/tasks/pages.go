// Package tasks draws long work: the list of it, and the panel that says how far one is.
package tasks

import (
	"context"
	"strconv"
	"strings"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the list of long work.
type ListPage struct {
	layout.Page
	Rows  []models.Task
	All   bool // everybody's
	Pages ui.Pages
}

// PanelPage is one piece of long work.
type PanelPage struct {
	layout.Page
	Task    models.Task
	MayStop bool
	MayTake bool // the file
	Mine    bool
}

// Title says what a task does: "Export payouts-2026-11-24.csv".
func Title(ctx context.Context, t models.Task) string {
	return i18n.T(ctx, "task.title."+string(t.Kind), "Name", t.Name)
}

var looks = map[models.TaskState]ui.Look{
	models.TaskWaiting:   {Tone: "", Icon: "hourglass", Key: "task.state.waiting"},
	models.TaskRunning:   {Tone: "info", Icon: "player-play", Key: "task.state.running"},
	models.TaskDone:      {Tone: "ok", Icon: "circle-check", Key: "task.state.done"},
	models.TaskFailed:    {Tone: "bad", Icon: "circle-x", Key: "task.state.failed"},
	models.TaskCancelled: {Tone: "", Icon: "ban", Key: "task.state.cancelled"},
}

func look(t models.Task) ui.Look {
	if t.State == models.TaskRunning && t.Stopping {
		return ui.Look{Tone: "wait", Icon: "hand-stop", Key: "task.state.stopping"}
	}
	return looks[t.State]
}

// percent writes how far a task is for the value of a progress element, "" while that is not known.
func percent(t models.Task) string {
	n, ok := t.Percent()
	if !ok {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// Says is where a task stands in a sentence.
func Says(ctx context.Context, t models.Task) string {
	switch t.State {
	case models.TaskWaiting:
		return i18n.T(ctx, "task.say.waiting")
	case models.TaskRunning:
		switch n, ok := t.Percent(); {
		case t.Stopping:
			return i18n.T(ctx, "task.say.stopping")
		case t.Committed:
			return i18n.T(ctx, "task.say.committed")
		case ok:
			return i18n.T(ctx, "task.say.percent", "N", i18n.Number(ctx, n))
		}
		return i18n.T(ctx, "task.say.running")
	case models.TaskFailed:
		return failure(ctx, t)
	case models.TaskCancelled:
		return i18n.T(ctx, "task.say.cancelled")
	}
	if t.Kind == models.TaskExport {
		return i18n.N(ctx, "task.say.exported", int(t.Rows))
	}
	return i18n.T(ctx, "task.say.done_"+string(t.Kind))
}

func failure(ctx context.Context, t models.Task) string {
	if !i18n.Has(t.Failure) {
		return t.Failure
	}
	args := make([]any, 0, 2*len(t.FailureArgs))
	for name, value := range t.FailureArgs {
		if f, ok := value.(float64); ok { // as JSON has whole numbers
			value = i18n.Number(ctx, int64(f))
		}
		args = append(args, name, value)
	}
	return i18n.T(ctx, t.Failure, args...)
}

// subjectURL leads to the record that a task works on or led to, "" when there is none.
func subjectURL(t models.Task) string {
	if kind, ok := strings.CutSuffix(t.SubjectType, "_import"); ok {
		return urls.Import(kind, t.SubjectID)
	}
	switch t.SubjectType {
	case "batch":
		return urls.Batch(t.SubjectID)
	case "ledger":
		return urls.Ledger()
	case "audit":
		return urls.Audit()
	case "rules":
		return urls.TryRules(t.SubjectID)
	case "sanctions_list":
		return urls.ListVersion(t.SubjectID)
	case "kyc_cases":
		return urls.Cases()
	}
	return ""
}
