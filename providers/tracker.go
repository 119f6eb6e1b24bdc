package providers

import (
	"context"
	"errors"

	"pagaduria/models/parcel"
)

// ErrUnknownParcel is a carrier's word that it has no such parcel, which may be too new for it.
var ErrUnknownParcel = errors.New("the carrier knows no such parcel")

// Tracker asks a carrier for the events of one parcel, the whole list each time. Any other error than ErrUnknownParcel says
// nothing about the parcel.
type Tracker interface {
	Track(ctx context.Context, waybill string) ([]parcel.Event, error)
}
