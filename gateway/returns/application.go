package returns

import (
	"context"
	"errors"
	"time"

	"kapok/gateway"
)

// Application is a district's wish that the level above return a dataset of its list.
type Application struct {
	ID      string    `json:"-"`
	Dataset string    `json:"-"`
	Actor   string    `json:"-"`
	At      time.Time `json:"-"`
	Purpose string    `json:"purpose"` // what for
	Matters []string  `json:"matters"` // service items that need it

	Delivered string `json:"-"` // the first delivery received since; "" for none
}

// Apply keeps an application for a dataset of the return list, and enters it in the
// ledger. How it reaches the level above is outside of Kapok; what comes of it is a
// delivery.
func (i *Importer) Apply(ctx context.Context, a Application) (Application, error) {
	if _, err := i.Dataset(a.Dataset); err != nil {
		return a, err
	}
	for _, matter := range a.Matters {
		if _, known := i.Catalog().ServiceItem(matter); !known {
			failure := gateway.Fail(gateway.NotFound, "service-item-unknown", "The catalogue holds no such matter.")
			failure.Field = "/service_items"
			return a, failure
		}
	}
	a.ID, a.At = gateway.NewRef(), i.Now()
	pending, err := i.Store.Apply(ctx, a)
	return a, errors.Join(err, i.seal(ctx, pending))
}

// Applications lists what was applied for, the latest first.
func (i *Importer) Applications(ctx context.Context, limit int) ([]Application, error) {
	return i.Store.Applications(ctx, limit)
}
