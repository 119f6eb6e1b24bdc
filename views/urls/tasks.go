package urls

// The paths of long work.
const (
	TasksPattern    = NavTasks
	TaskPattern     = "/tasks/:id"
	StopTaskPattern = "/tasks/:id/stop"
	TaskFilePattern = "/tasks/:id/file"
)

// Tasks is the list of one's own long work; everybody's is AllTasks.
func Tasks() string { return NavTasks }

// AllTasks is the list of everybody's long work.
func AllTasks() string { return NavTasks + "?all=1" }

// Task is the page of one piece of long work, and the part of it that moves.
func Task(id int64) string { return NavTasks + "/" + Num(id) }

// StopTask is where it is stopped.
func StopTask(id int64) string { return Task(id) + "/stop" }

// TaskFile is the file it made.
func TaskFile(id int64) string { return Task(id) + "/file" }
