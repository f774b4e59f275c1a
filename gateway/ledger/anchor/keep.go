package anchor

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Heads returns the last signed checkpoint of every log.
type Heads func(ctx context.Context) ([]string, error)

// KeepUp keeps the heads of all logs until ctx ends, and once more then. A log that
// went back is told of, loudly, and its file stays as it is.
func (f *Folder) KeepUp(ctx context.Context, every time.Duration, heads Heads, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), every)
			defer cancel()
			f.keepAll(ending, heads, log)
			return
		case <-tick.C:
			f.keepAll(ctx, heads, log)
		}
	}
}

func (f *Folder) keepAll(ctx context.Context, heads Heads, log *slog.Logger) {
	found, err := heads(ctx)
	if err != nil {
		if ctx.Err() == nil {
			log.Warn("the logs could not be anchored; tried again in a moment", "error", err)
		}
		return
	}
	for _, signed := range found {
		err := f.Keep(signed)
		switch {
		case errors.Is(err, ErrBack):
			log.Error("a log went back behind its anchor: the database was set back or rewritten; see docs/recovery.md")
		case err != nil:
			log.Error("a log could not be anchored", "error", err)
		}
	}
}
