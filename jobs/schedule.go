package jobs

import (
	"time"

	"github.com/riverqueue/river"
)

// Every is a job that comes round at an interval, and once when the workers start. Of several processes on
// one database one schedules it.
func Every(interval time.Duration, args river.JobArgs) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(interval), func() (river.JobArgs, *river.InsertOpts) {
		return args, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: interval}}
	}, &river.PeriodicJobOpts{RunOnStart: true})
}

// Work registers a function as the worker of one kind of job.
func Work[T river.JobArgs](w *river.Workers, work river.Worker[T]) { river.AddWorker(w, work) }
