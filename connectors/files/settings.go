package files

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"kapok/connectors/settings"
)

// declared is what the catalogue says.
type declared struct {
	folder, name, format, encoding, subject, digest, settle string
	host, port, user, userSecret, hostKey                   string
}

// checked is what follows from it.
type checked struct {
	settle time.Duration
	port   int
}

func declare(given map[string]string) (d declared, c checked, err error) {
	d = declared{format: "csv", encoding: "utf-8", settle: "10s", port: "22"}
	known := map[string]*string{
		"folder": &d.folder, "name": &d.name, "format": &d.format, "encoding": &d.encoding, "subject_column": &d.subject,
		"digest": &d.digest, "settle": &d.settle,
		"host": &d.host, "port": &d.port, "user": &d.user, "user_secret": &d.userSecret, "host_key": &d.hostKey,
	}
	if err = settings.Read(given, known, nil); err != nil {
		return d, c, err
	}
	if err = settings.Complete(settings.Required{Name: "subject_column", Value: d.subject}); err != nil {
		return d, c, err
	}
	var settleErr, portErr error
	c.settle, settleErr = time.ParseDuration(d.settle)
	c.port, portErr = strconv.Atoi(d.port)
	for _, rule := range []struct {
		holds bool
		says  string
	}{
		{path.IsAbs(d.folder) && path.Clean(d.folder) == d.folder, "setting folder is an absolute path, in its shortest form"},
		{nameFits(d.name), "setting name is the pattern of a file's name, without a folder"},
		{formats[d.format] != nil, "setting format is csv or jsonl"},
		{decoders[d.encoding] != nil, "setting encoding is utf-8 or gb18030"},
		{d.format != "jsonl" || d.encoding == "utf-8", "JSON is written in UTF-8 (RFC 8259)"},
		{d.digest == "" || strings.HasPrefix(d.digest, ".") && nameFits(d.digest), "setting digest is the end of a name, such as .sm3"},
		{settleErr == nil && c.settle >= 0 && c.settle <= time.Hour, "setting settle is a duration up to 1h"},
		{portErr == nil && c.port > 0 && c.port <= 65535, "setting port is a number from 1 to 65535"},
		{d.host == "" || d.user != "" && d.hostKey != "", "settings user and host_key are missing: an SFTP server is known by its key"},
		{d.host != "" || d.user+d.userSecret+d.hostKey == "", "settings user, user_secret and host_key go with host"},
	} {
		if !rule.holds {
			return d, c, fmt.Errorf("%s", rule.says)
		}
	}
	return d, c, nil
}

func nameFits(pattern string) bool {
	_, err := path.Match(pattern, "")
	return err == nil && pattern != "" && !strings.ContainsAny(pattern, "/\x00")
}
