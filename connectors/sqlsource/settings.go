package sqlsource

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"kapok/connectors/settings"
)

// declared is what the catalogue says, checked but not yet joined.
type declared struct {
	dialect, host, port, database, user, password, tls, tlsCA, unencrypted string
	views, view, columns, subject, lookup, asOf                            string
	statementTimeout, connections                                          string
}

func declare(given map[string]string) (declared, error) {
	d := declared{tls: "verify", statementTimeout: "2s", connections: "8"}
	known := map[string]*string{
		"dialect": &d.dialect, "host": &d.host, "port": &d.port, "database": &d.database, "user": &d.user,
		"password": &d.password, "tls": &d.tls, "tls_ca": &d.tlsCA, "unencrypted": &d.unencrypted,
		"views": &d.views, "view": &d.view, "columns": &d.columns, "subject_column": &d.subject,
		"lookup_column": &d.lookup, "as_of_column": &d.asOf,
		"statement_timeout": &d.statementTimeout, "connections": &d.connections,
	}
	if err := settings.Read(given, known, nil); err != nil {
		return d, err
	}
	if d.lookup == "" {
		d.lookup = d.subject
	}
	return d, d.check()
}

func (d declared) check() error {
	err := settings.Complete(
		settings.Required{Name: "host", Value: d.host}, settings.Required{Name: "database", Value: d.database},
		settings.Required{Name: "user", Value: d.user}, settings.Required{Name: "view", Value: d.view},
		settings.Required{Name: "columns", Value: d.columns}, settings.Required{Name: "subject_column", Value: d.subject},
	)
	if err != nil {
		return err
	}
	for _, rule := range []struct {
		holds bool
		says  string
	}{
		{dialects[d.dialect].open != nil, "setting dialect is postgres, mysql or mariadb"},
		{d.tls == "verify" || d.tls == "off", "setting tls is verify or off"},
		{d.tls == "verify" || d.socket() || d.unencrypted == "accepted", "with tls: off the data crosses the network unencrypted; say unencrypted: accepted"},
		{slices.Contains(list(d.views), d.view), "setting view is not one of the source's views"},
		{slices.Contains(list(d.columns), d.subject), "setting subject_column is not one of the columns"},
		{named(d.view, 2), "setting view is a name, or a schema and a name with a dot between"},
		{named(d.lookup, 1), "setting lookup_column is not a column's name"},
		{d.asOf == "" || named(d.asOf, 1), "setting as_of_column is not a column's name"},
		{columnsFit(list(d.columns)), "setting columns is a list of names with commas between, none twice"},
	} {
		if !rule.holds {
			return fmt.Errorf("%s", rule.says)
		}
	}
	return nil
}

// socket reports whether the database is reached on this machine, by a file.
func (d declared) socket() bool { return filepath.IsAbs(d.host) }

func list(text string) []string {
	var found []string
	for _, part := range strings.Split(text, ",") {
		found = append(found, strings.TrimSpace(part))
	}
	return found
}

// identifier is what may be quoted as a name: letters of any script, digits, _ and $.
var identifier = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_$]{0,62}$`)

func named(name string, most int) bool {
	parts := strings.Split(name, ".")
	return len(parts) <= most && !slices.ContainsFunc(parts, func(part string) bool { return !identifier.MatchString(part) })
}

func columnsFit(columns []string) bool {
	for i, name := range columns {
		if !named(name, 1) || slices.Contains(columns[:i], name) {
			return false
		}
	}
	return true
}

// bounds are the limits that the catalogue sets in numbers.
type bounds struct {
	atPort    int
	atOnce    int // connections
	statement time.Duration
}

const (
	maxStatement   = time.Minute
	maxConnections = 256
	maxPort        = 65535
)

func (d declared) bounds() (b bounds, err error) {
	if b.statement, err = time.ParseDuration(d.statementTimeout); err != nil || b.statement < time.Millisecond || b.statement > maxStatement {
		return b, fmt.Errorf("setting statement_timeout is a duration from 1ms to 1m")
	}
	if b.atOnce, err = strconv.Atoi(d.connections); err != nil || b.atOnce < 1 || b.atOnce > maxConnections {
		return b, fmt.Errorf("setting connections is a number from 1 to %d", maxConnections)
	}
	if d.port == "" {
		b.atPort = dialects[d.dialect].port
		return b, nil
	}
	if b.atPort, err = strconv.Atoi(d.port); err != nil || b.atPort < 1 || b.atPort > maxPort {
		return b, fmt.Errorf("setting port is a number from 1 to %d", maxPort)
	}
	return b, nil
}
