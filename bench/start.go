package main

import "context"

// measureStart is figure 22: how long the product takes to its first answer that proves the database usable.
func measureStart(ctx context.Context, b *bench) error {
	var times []float64
	for range 5 {
		err := b.with(ctx, func(p *process) error {
			times = append(times, p.took.Seconds())
			return nil
		})
		if err != nil {
			return err
		}
	}
	b.add(22, middle(times), 0)
	return nil
}
