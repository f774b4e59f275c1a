// Package drop plays a department that leaves its register as a file on an SFTP server
// at night: a CSV of everybody's household, and beside it the file's SM3.
//
// It shares no code with Kapok's connectors.
package drop

import (
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/pkg/sftp"

	"kapok/cmd/kapok-sandbox/faults"
	"kapok/cmd/kapok-sandbox/holdings"
	"kapok/cmd/kapok-sandbox/people"
	"kapok/crypto/sm"
)

// SID is the folder, for orders of faults. An order is taken by the next listing, and
// holds until the one after.
const SID = "drop-household"

// Folder and File are where the register lies.
const (
	Folder = "/drop"
	File   = "household.csv"
)

// Config is the folder's one reader.
type Config struct {
	Address        string // to listen on; "" plays no SFTP server
	User, Password string
	People         people.Register
	Faults         *faults.Board
}

// Drop is the running server.
type Drop struct {
	config  Config
	address string
	hostKey string

	mu       sync.Mutex
	files    map[string]dropped
	began    time.Time
	spoilt   int // how often the file was replaced
	rejects  int // how many sign-ins are to be rejected
	sessions map[io.Closer]bool
}

type dropped struct {
	name    string
	content []byte
	at      time.Time
}

// Routes adds to a mux where the server is and which key it has.
func (d *Drop) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /_sandbox/sftp", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"address": d.address, "host_key": d.hostKey})
	})
}

// put leaves the register, as it is or spoilt.
func (d *Drop) put(kind string) {
	at, content := d.began, d.register()
	if spoil, ordered := spoils[kind]; ordered {
		d.spoilt++
		at, content = at.Add(time.Duration(d.spoilt)*time.Second), spoil(content)
	}
	digest := sm.Sum(content)
	if kind == faults.WrongSignature {
		digest = sm.Sum(content, []byte("another"))
	}
	d.files = map[string]dropped{File: {File, content, at}}
	if kind != "half" {
		d.files[File+".sm3"] = dropped{File + ".sm3", []byte(hex.EncodeToString(digest[:]) + "  " + File + "\n"), at}
	}
}

// spoils are the faults of a file.
var spoils = map[string]func([]byte) []byte{
	"garbage": func(right []byte) []byte {
		return bytes.ReplaceAll(right, []byte("测试"), []byte("\xb2\xe2\xca\xd4"))
	},
	"half":          func(right []byte) []byte { return right[:len(right)/2+1] },
	"wrong-content": func([]byte) []byte { return []byte("<html><title>请登录</title></html>\n") },

	faults.WrongSignature: func(right []byte) []byte { return right }, // the digest beside it is another's
}

var columns = []string{"GMSFHM", "XM", "XB", "MZ", "CSRQ", "CSD", "JG", "HJDZ", "HH", "YHZGX", "HNRS", "HKXZ", "HJZT", "LXDH"}

func (d *Drop) register() []byte {
	var out bytes.Buffer
	rows := csv.NewWriter(&out)
	_ = rows.Write(columns) // memory takes everything
	for i := range d.config.People.Size() {
		encoded, err := json.Marshal(holdings.Household(d.config.People.At(i)))
		if err != nil {
			panic(err) // a plain struct of text cannot fail
		}
		var record map[string]any
		if err := json.Unmarshal(encoded, &record); err != nil {
			panic(err)
		}
		values := make([]string, len(columns))
		for at, column := range columns {
			values[at] = fmt.Sprint(record[column])
		}
		_ = rows.Write(values)
	}
	rows.Flush()
	return out.Bytes()
}

// Filelist lists the folder or describes one file.
func (d *Drop) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	if r.Method == "List" {
		if err := d.take(); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var found listing
	for _, file := range d.files {
		if r.Method == "List" && r.Filepath == Folder || r.Filepath == Folder+"/"+file.name {
			found = append(found, file.info())
		}
	}
	if len(found) == 0 {
		return nil, sftp.ErrSSHFxNoSuchFile
	}
	return found, nil
}

// take does what was ordered for this listing.
func (d *Drop) take() error {
	order := d.config.Faults.Take(SID)
	switch order.Kind {
	case "slow":
		time.Sleep(time.Duration(order.DelayMS) * time.Millisecond)
	case "500":
		return sftp.ErrSSHFxFailure
	case "refused":
		return sftp.ErrSSHFxPermissionDenied
	case "down":
		d.hangUp(0)
	case faults.ExpiredKey:
		d.hangUp(order.Count)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(order.Kind)
	return nil
}

// Fileread opens a file.
func (d *Drop) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, file := range d.files {
		if r.Filepath == Folder+"/"+file.name {
			return bytes.NewReader(file.content), nil
		}
	}
	return nil, sftp.ErrSSHFxNoSuchFile
}

type listing []fs.FileInfo

// ListAt copies what there is from an offset on.
func (l listing) ListAt(into []fs.FileInfo, from int64) (int, error) {
	if from >= int64(len(l)) {
		return 0, io.EOF
	}
	copied := copy(into, l[from:])
	if copied < len(into) {
		return copied, io.EOF
	}
	return copied, nil
}

func (f dropped) info() fs.FileInfo { return info{f} }

type info struct{ file dropped }

func (i info) Name() string       { return i.file.name }
func (i info) Size() int64        { return int64(len(i.file.content)) }
func (i info) Mode() fs.FileMode  { return 0o440 }
func (i info) ModTime() time.Time { return i.file.at }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }
