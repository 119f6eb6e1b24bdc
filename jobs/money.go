package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/orders"
	"pagaduria/services/payouts"
	"pagaduria/services/plans"
	"pagaduria/services/staff"
	"pagaduria/services/webhooks"
)

// How often payouts are looked after.
const (
	pollEvery       = 2 * time.Second
	sweepMoneyEvery = 5 * time.Second
	alarmEvery      = time.Minute
	tendEvery       = time.Minute
	scheduleEvery   = time.Minute
	announceEvery   = 15 * time.Second
	messagesEvery   = 5 * time.Second
	renewEvery      = 10 * time.Second
	accrueEvery     = 5 * time.Second
)

// Money are the services behind the jobs of this file. Logger is told of overdue payouts; nil is the default one.
type Money struct {
	Payouts  *payouts.Service
	Webhooks *webhooks.Service
	Orders   *orders.Service
	Plans    *plans.Service
	Logger   *slog.Logger
}

// AddMoney registers the jobs that move payouts and answers their schedule.
func AddMoney(w *river.Workers, m Money) []*river.PeriodicJob {
	Work(w, river.WorkFunc(func(ctx context.Context, job *river.Job[payouts.DispatchArgs]) error {
		return m.Payouts.Dispatch(ctx, job.Args)
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[payouts.PollArgs]) error { return m.Payouts.Poll(ctx) }))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[payouts.SweepArgs]) error { return m.Payouts.Sweep(ctx) }))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[payouts.TendArgs]) error { return m.Payouts.Tend(ctx) }))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[staff.ChangedArgs]) error { return m.Payouts.Tend(ctx) }))
	Work(w, river.WorkFunc(func(ctx context.Context, job *river.Job[webhooks.WorkArgs]) error {
		return m.Webhooks.Work(ctx, job.Args)
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, job *river.Job[orders.DeliveryArgs]) error {
		return m.Orders.WorkDelivery(ctx, job.Args)
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[orders.AttributeArgs]) error {
		_, err := m.Orders.AttributeOpen(ctx)
		return err
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[payouts.AlarmArgs]) error { return m.alarm(ctx) }))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[payouts.ScheduleArgs]) error {
		return m.Payouts.RunSchedules(ctx)
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[payouts.AnnounceArgs]) error { return m.Payouts.Announce(ctx) }))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[payouts.RenewArgs]) error { return m.Payouts.Renew(ctx) }))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[payouts.MessagesArgs]) error {
		return m.Payouts.SendMessages(ctx)
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[plans.AccrueArgs]) error { return m.Plans.Accrue(ctx) }))
	return []*river.PeriodicJob{Every(pollEvery, payouts.PollArgs{}), Every(sweepMoneyEvery, payouts.SweepArgs{}), Every(alarmEvery, payouts.AlarmArgs{}),
		Every(tendEvery, payouts.TendArgs{}), Every(scheduleEvery, payouts.ScheduleArgs{}),
		Every(announceEvery, payouts.AnnounceArgs{}), Every(messagesEvery, payouts.MessagesArgs{}),
		Every(renewEvery, payouts.RenewArgs{}), Every(accrueEvery, plans.AccrueArgs{})}
}

// alarm warns of payouts that should have moved on; the gauge pagaduria_payouts_overdue says the same.
func (m Money) alarm(ctx context.Context) error {
	if err := m.Payouts.WatchFloat(ctx); err != nil {
		return err
	}
	a, err := m.Payouts.Overdue(ctx)
	if err != nil || a.Count == 0 {
		return err
	}
	log := m.Logger
	if log == nil {
		log = slog.Default()
	}
	log.WarnContext(ctx, "payouts are overdue", "payouts", a.Count, "total", a.Total.String(), "since", a.Oldest, "oldest", a.Example)
	return nil
}
