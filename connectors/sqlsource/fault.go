package sqlsource

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"kapok/connectors"
)

// sqlStates are PostgreSQL's error codes, by their beginnings; the longest that fits
// counts. Any other is taken for the server's trouble.
var sqlStates = map[string]connectors.Fault{
	"57014": connectors.ErrTimeout, // statement_timeout
	"28":    connectors.ErrRefused, // no such account, or a wrong password
	"3D":    connectors.ErrRefused, // no such database
	"3F":    connectors.ErrRefused, // no such schema
	"42":    connectors.ErrRefused, // no right, no such view or column
	"25006": connectors.ErrRefused, // the view writes
	"22":    connectors.ErrGarbage, // a value that the view itself cannot read
}

// mysqlErrors are the codes of MySQL and MariaDB.
var mysqlErrors = map[uint16]connectors.Fault{
	1969: connectors.ErrTimeout, 3024: connectors.ErrTimeout, 1317: connectors.ErrTimeout,
	1044: connectors.ErrRefused, 1045: connectors.ErrRefused, 1049: connectors.ErrRefused, 1054: connectors.ErrRefused,
	1142: connectors.ErrRefused, 1143: connectors.ErrRefused, 1146: connectors.ErrRefused, 1227: connectors.ErrRefused,
	1356: connectors.ErrRefused, 1370: connectors.ErrRefused, 1449: connectors.ErrRefused, 1792: connectors.ErrRefused,
	1820: connectors.ErrRefused, 1862: connectors.ErrRefused, 3118: connectors.ErrRefused, 4151: connectors.ErrRefused,
	1292: connectors.ErrGarbage, 1366: connectors.ErrGarbage, 1365: connectors.ErrGarbage,
}

// faultOf words an error of a driver. Their own texts are left out: they quote values
// and addresses; the code is kept.
func faultOf(ctx context.Context, err error) error {
	if _, own := errors.AsType[connectors.Fault](err); own {
		return err // this package said it
	}
	if ctx.Err() != nil {
		return connectors.Lost(ctx, ctx.Err())
	}
	if said, is := errors.AsType[*pgconn.PgError](err); is {
		return fmt.Errorf("%w: SQLSTATE %s", stateFault(said.Code), said.Code)
	}
	if said, is := errors.AsType[*mysql.MySQLError](err); is {
		fault, known := mysqlErrors[said.Number]
		if !known {
			fault = connectors.ErrUnavailable
		}
		return fmt.Errorf("%w: error %d", fault, said.Number)
	}
	return connectors.Lost(ctx, err)
}

func stateFault(code string) connectors.Fault {
	found, length := connectors.ErrUnavailable, 0
	for beginning, fault := range sqlStates {
		if strings.HasPrefix(code, beginning) && len(beginning) > length {
			found, length = fault, len(beginning)
		}
	}
	return found
}
