package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"kapok/gateway"
)

// SQLSTATE codes that are acted upon (PostgreSQL, appendix A).
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	connectionClass      = "08"
	shutdownClass        = "57P"
	exhaustedClass       = "53"
	readOnlyTransaction  = "25006" // the former primary, after a failover
)

// again reports whether the whole transaction may succeed when run once more.
func again(err error) bool {
	if errors.Is(err, errAgain) {
		return true
	}
	code := sqlState(err)
	return code == serializationFailure || code == deadlockDetected
}

// explain turns "the database is not there" into an error that tells the caller to
// come back. Anything else passes as it is: our own fault, or an answer.
func explain(err error) error {
	if err == nil || !gone(err) {
		return err
	}
	return unavailable("database-unavailable", "The database cannot be reached now.").Because(err)
}

func contended(err error) error {
	return unavailable("database-contended", "Too many others are changing the same record now.").Because(err)
}

func unavailable(code, message string) *gateway.Error {
	failure := gateway.Fail(gateway.Unavailable, code, message)
	failure.RetryAfter = time.Second
	return failure
}

// gone reports whether the server was out of reach, closing, or full. A caller who
// gave up is not among them.
func gone(err error) bool {
	if _, failed := errors.AsType[*pgconn.ConnectError](err); failed {
		return true
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	code := sqlState(err)
	if code == "" {
		return pgconn.SafeToRetry(err) || broken(err)
	}
	return strings.HasPrefix(code, connectionClass) || strings.HasPrefix(code, shutdownClass) ||
		strings.HasPrefix(code, exhaustedClass) || code == readOnlyTransaction
}

func sqlState(err error) string {
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failure.Code
	}
	return ""
}

// broken reports whether the connection ended under the statement, so that nobody
// knows whether it was carried out.
func broken(err error) bool {
	if _, network := errors.AsType[*net.OpError](err); network {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
