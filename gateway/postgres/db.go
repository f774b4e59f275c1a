package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"kapok/crypto/keys"
)

// Options are what an operator may set of the pool. The zero value is sound.
type Options struct {
	MaxConns int32        // connections at most; 0: 16
	Log      *slog.Logger // nil: discard
	Shelf    Shelf        // nil: what the archive took of the ledger cannot be read
}

// DB is every store of Kapok over one pool of connections. It is safe for
// concurrent use.
type DB struct {
	pool *pgxpool.Pool
	log  *slog.Logger

	shelf      Shelf
	resolving  *loader[question, resolved]
	notes      *knownParts
	personKeys *loader[personKeyID, keys.WrappedKey]
}

// Open connects to the server that dsn names (a URL or key=value string of libpq;
// several hosts are tried in turn) and makes sure that a commit there is durable.
// It does not touch the schema: see [DB.Migrate].
func Open(ctx context.Context, dsn string, options Options) (*DB, error) {
	config, err := poolConfig(dsn, options)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("postgres: open: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("postgres: open: %w", err)
	}
	db := &DB{pool: pool, log: options.Log}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if db.shelf = options.Shelf; db.shelf == nil {
		db.shelf = noShelf{}
	}
	db.resolving, db.notes = newLoader(db.resolveAll), newKnownParts()
	db.personKeys = newLoader(db.readPersonKeys)
	return db, nil
}

// poolConfig does not name dsn in its errors: it may hold a password.
func poolConfig(dsn string, options Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("postgres: the address of the database cannot be read; it is a URL such as postgres://user@host/name, or key=value pairs as libpq has them")
	}
	config.MaxConns = options.MaxConns
	if config.MaxConns == 0 {
		config.MaxConns = 16
	}
	config.MaxConnLifetimeJitter = 5 * time.Minute
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		plainArrays(conn.TypeMap())
		return requireDurable(ctx, conn)
	}
	conn := config.ConnConfig
	conn.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	conn.StatementCacheCapacity = 256
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = 5 * time.Second
	}
	conn.RuntimeParams["application_name"] = "kapok"
	conn.RuntimeParams["timezone"] = "UTC"
	conn.RuntimeParams["idle_in_transaction_session_timeout"] = "60000" // ms; a node that hangs must not hold a ledger's lock
	return config, nil
}

// requireDurable refuses a connection on which COMMIT would answer before the data
// is safe. A role or a database may carry its own setting, and a server may be
// replaced by another, so every connection is asked, not only the first.
func requireDurable(ctx context.Context, conn *pgx.Conn) error {
	var mode string
	if err := conn.QueryRow(ctx, "select current_setting('synchronous_commit')").Scan(&mode); err != nil {
		return fmt.Errorf("postgres: read synchronous_commit: %w", err)
	}
	if mode != "on" && mode != "remote_apply" {
		return fmt.Errorf("postgres: synchronous_commit is %q; Kapok releases data only after a durable commit, so set it to on for this server, database and role", mode)
	}
	return nil
}

// Close waits for running statements and ends every connection.
func (db *DB) Close() { db.pool.Close() }

// Ping asks the server for a sign of life, for readiness.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.pool.Ping(ctx); err != nil {
		return explain(err)
	}
	return nil
}

// Settings returns what the server says of its durability and size: the names and
// values that a measurement must be printed with.
func (db *DB) Settings(ctx context.Context) (map[string]string, error) {
	rows, err := db.pool.Query(ctx, `
		select name, setting || coalesce(' ' || unit, '') from pg_settings
		where name in ('server_version', 'fsync', 'full_page_writes', 'synchronous_commit', 'wal_sync_method', 'shared_buffers', 'max_connections')`)
	if err != nil {
		return nil, explain(err)
	}
	settings := map[string]string{}
	var name, value string
	_, err = pgx.ForEachRow(rows, []any{&name, &value}, func() error {
		settings[name] = value
		return nil
	})
	if err != nil {
		return nil, explain(err)
	}
	return settings, nil
}
