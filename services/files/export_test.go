package files

import "context"

// Hold takes every turn until release is closed, and says on taken that it has them.
func (c *Checker) Hold(ctx context.Context, taken, release chan struct{}) {
	leave, err := c.enter(ctx, maxPixels)
	if err != nil {
		return
	}
	close(taken)
	<-release
	leave()
}

// Inspect is what is done with a PDF before a library reads it.
var Inspect = inspectPDF
