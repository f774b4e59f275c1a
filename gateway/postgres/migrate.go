package postgres

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var embedded embed.FS

// Waiting for another node that migrates: it is asked for every second.
const (
	migrationLockSeconds = 1
	migrationLockTries   = 600
)

// Migrate brings the schema up to this release: every embedded migration that the
// database has not seen, in order, each in its own transaction. Nodes that start
// together take turns. There is no way back: a migration must leave a schema on
// which the release before still runs.
func (db *DB) Migrate(ctx context.Context) error {
	sessions, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(migrationLockSeconds, migrationLockTries))
	if err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	pool := stdlib.OpenDBFromPool(db.pool)
	defer pool.Close() // closes the adapter; the pool below stays open
	provider, err := goose.NewProvider(goose.DialectPostgres, pool, files,
		goose.WithSessionLocker(sessions), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	applied, err := provider.Up(ctx)
	for _, one := range applied {
		db.log.Info("migrated the database", "migration", one.Source.Path, "took", one.Duration)
	}
	if err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	if err := db.migrateJobs(ctx); err != nil {
		return fmt.Errorf("postgres: migrate the jobs: %w", err)
	}
	return nil
}

// MigrationsDigest names the schema of this release: 12 hex characters over every
// migration's name and text.
func MigrationsDigest() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(embedded, "migrations", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := embedded.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s\x00%d\x00%s", path, len(text), text)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("postgres: read the embedded migrations: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}
