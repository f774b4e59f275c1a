package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
)

// initialise makes the data folder under another name and renames it when it is
// complete, so that a start that was cut short leaves nothing that looks like data.
func initialise(ctx context.Context, programs binaries, l layout, a account, options Options) error {
	if err := os.RemoveAll(l.unfinished()); err != nil { // never held a row
		return err
	}
	if err := a.own(l.unfinished()); err != nil {
		return err
	}
	output, err := l.openLog()
	if err != nil {
		return err
	}
	defer output.Close()
	started, err := launch(a.command(filepath.Join(programs.folder, "initdb"), initArguments(l, options), output))
	if err != nil {
		return err
	}
	select {
	case <-started.ended:
	case <-ctx.Done():
		_ = started.command.Process.Kill() // ended meanwhile: fine
		<-started.ended
		return ctx.Err()
	}
	if started.err != nil {
		return fmt.Errorf("initdb failed (%w); the end of its log, %s:\n%s", started.err, l.log(), l.logTail())
	}
	return os.Rename(l.unfinished(), l.data())
}

// initArguments: the locale is C, so that no update of the machine's libraries
// changes how an index is ordered; pages carry checksums.
func initArguments(l layout, options Options) []string {
	args := []string{
		"--pgdata", l.unfinished(), "--username", role, "--auth", "peer",
		"--encoding", "UTF8", "--locale", "C", "--data-checksums", "--no-instructions",
	}
	if options.Temporary {
		args = append(args, "--no-sync")
	}
	return args
}

// makeDatabase makes Kapok's database on the first start.
func (s *Server) makeDatabase(ctx context.Context) (err error) {
	conn, err := pgx.Connect(ctx, s.address("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var there bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", database).Scan(&there); err != nil || there {
		return err
	}
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{database}.Sanitize())
	return err
}
