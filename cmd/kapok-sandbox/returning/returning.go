// Package returning plays a national department that returns a dataset in batches
// (数据回流): it writes the files of a delivery, describes them in a manifest and signs
// that, as gateway/returns/FORMAT.md has it. On order it does one thing wrong.
//
// It must not know how Kapok reads any of it: the manifest's members stand here again.
package returning

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"kapok/cmd/kapok-sandbox/department"
	"kapok/cmd/kapok-sandbox/people"
	"kapok/crypto/sm"
)

// System is the provider's system that signs.
const System = "mca-return"

// Order is what to deliver.
type Order struct {
	Folder  string // made where it is missing
	Keys    string // folder of the provider's key
	Version int
	Rows    int
	First   int    // index of the first citizen
	GB18030 bool   // in the place of UTF-8
	Fault   string // one of [Faults], or ""
	Now     time.Time
}

// Faults are what can be ordered to go wrong.
var Faults = map[string]func(line int, fields []string, m *manifest){
	"comma":         func(line int, fields []string, _ *manifest) { at(line, 3, func() { fields[1] = "测,试" }) },
	"short-line":    func(line int, fields []string, _ *manifest) { at(line, 4, func() { fields[6] = drop }) },
	"repeated-key":  func(line int, fields []string, m *manifest) { at(line, 5, func() { fields[0] = m.firstNumber }) },
	"wrong-check":   func(line int, fields []string, _ *manifest) { at(line, 6, func() { fields[0] = "110105194912310021" }) },
	"lying-rows":    func(line int, _ []string, m *manifest) { at(line, 2, func() { m.extraRows = 1 }) },
	"lying-sum":     func(line int, _ []string, m *manifest) { at(line, 2, func() { m.extraCents = 1 }) },
	"lying-digest":  func(line int, _ []string, m *manifest) { at(line, 2, func() { m.wrongDigest = true }) },
	"clock-ahead":   func(line int, _ []string, m *manifest) { at(line, 2, func() { m.Created = m.Created.Add(time.Hour) }) },
	"bad-signature": func(line int, _ []string, m *manifest) { at(line, 2, func() { m.wrongSignature = true }) },
}

// drop leaves a column out of its line.
const drop = "\x00"

func at(line, place int, do func()) {
	if line == place {
		do()
	}
}

// manifest is the signed document, with what a fault does to it.
type manifest struct {
	Format      string    `json:"format"`
	Dataset     string    `json:"dataset"`
	ItemVersion int       `json:"item_version"`
	Version     int       `json:"version"`
	Kind        string    `json:"kind"`
	Created     time.Time `json:"created"`
	AsOf        time.Time `json:"as_of"`
	KeepUntil   time.Time `json:"keep_until"`
	Encoding    string    `json:"encoding"`
	Columns     []string  `json:"columns"`
	Keys        []string  `json:"keys"`
	Files       []file    `json:"files"`

	firstNumber    string
	extraRows      int
	extraCents     int64
	wrongDigest    bool
	wrongSignature bool
}

type file struct {
	Name   string            `json:"name"`
	Layout string            `json:"layout"`
	Size   int64             `json:"size"`
	SM3    string            `json:"sm3"`
	Rows   int               `json:"rows"`
	Sums   map[string]string `json:"sums"`
}

// Deliver writes a delivery and returns the manifest's path; its signature lies beside
// it, with .jws behind the name.
func Deliver(ctx context.Context, o Order) (string, error) {
	if _, known := Faults[o.Fault]; o.Fault != "" && !known {
		return "", fmt.Errorf("no such fault can be ordered")
	}
	if err := os.MkdirAll(o.Folder, 0o750); err != nil {
		return "", err
	}
	m := &manifest{
		Format: "kapok-return/1", Dataset: "2030010005/000001", ItemVersion: 1, Version: o.Version, Kind: "full",
		Created: o.Now.UTC().Truncate(time.Second), AsOf: o.Now.UTC().Truncate(time.Second).Add(-time.Hour),
		KeepUntil: o.Now.UTC().Truncate(time.Second).AddDate(1, 0, 0), Encoding: "UTF-8",
		Columns: []string{"SFZH", "XM", "BTZL", "YBTJE", "SCFFNY", "FFZT", "XZQH"}, Keys: []string{"SFZH", "BTZL"},
	}
	if o.GB18030 {
		m.Encoding = "GB18030"
	}
	written, err := m.write(o)
	if err != nil {
		return "", err
	}
	m.Files = []file{written}
	return m.sign(ctx, o)
}

// write makes the one file of the delivery.
func (m *manifest) write(o Order) (written file, err error) {
	register, err := people.NewRegister(o.First + o.Rows)
	if err != nil {
		return file{}, err
	}
	name := fmt.Sprintf("subsidies-%d.csv", o.Version)
	created, err := os.Create(filepath.Join(o.Folder, name))
	if err != nil {
		return file{}, err
	}
	defer func() {
		if closing := created.Close(); err == nil {
			err = closing
		}
	}()
	hash, counted := sm.NewHash(), &counting{}
	buffered := bufio.NewWriter(io.MultiWriter(created, hash, counted))
	var encoded io.Writer = buffered
	if o.GB18030 {
		encoded = simplifiedchinese.GB18030.NewEncoder().Writer(buffered)
	}
	cents, err := m.lines(o, register, encoded)
	if err != nil {
		return file{}, err
	}
	if err := buffered.Flush(); err != nil {
		return file{}, err
	}
	digest := hash.Sum(nil)
	if m.wrongDigest {
		digest[0] ^= 1
	}
	cents += m.extraCents
	return file{
		Name: name, Layout: "csv", Size: counted.bytes, SM3: hex.EncodeToString(digest), Rows: o.Rows + m.extraRows,
		Sums: map[string]string{"YBTJE": fmt.Sprintf("%d.%02d", cents/100, cents%100)},
	}, nil
}

// lines writes the header and a line for each citizen; the sum comes back in cents.
func (m *manifest) lines(o Order, register people.Register, out io.Writer) (cents int64, err error) {
	if _, err := fmt.Fprint(out, strings.Join(m.Columns, ","), "\r\n"); err != nil {
		return 0, err
	}
	m.firstNumber = register.At(o.First).Number
	for i := range o.Rows {
		who := register.At(o.First + i)
		amount := int64(10_000 + 50*(i%400))
		cents += amount
		fields := []string{who.Number, who.Name, "生活补贴", fmt.Sprintf("%d.%02d", amount/100, amount%100), "2025-09", "在发", "440106"}
		if fault := Faults[o.Fault]; fault != nil {
			fault(i+2, fields, m)
		}
		line := strings.ReplaceAll(strings.Join(fields, ","), ","+drop, "")
		if _, err := io.WriteString(out, line+"\r\n"); err != nil {
			return 0, err
		}
	}
	return cents, nil
}

// sign writes the manifest and its detached JWS (RFC 7515, appendix F).
func (m *manifest) sign(ctx context.Context, o Order) (string, error) {
	key, err := department.OpenKey(o.Keys, System)
	if err != nil {
		return "", err
	}
	document, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return "", err
	}
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"SGD_SM3_SM2","kid":"` + key.ID + `","typ":"kapok-return+jws"}`))
	signature, err := key.Sign(ctx, []byte(head+"."+base64.RawURLEncoding.EncodeToString(document)), sm.Raw)
	if err != nil {
		return "", err
	}
	if m.wrongSignature {
		signature[40] ^= 1
	}
	path := filepath.Join(o.Folder, fmt.Sprintf("manifest-%d.json", o.Version))
	if err := os.WriteFile(path, document, 0o644); err != nil { //nolint:gosec // made-up people
		return "", err
	}
	return path, os.WriteFile(path+".jws", []byte(head+".."+base64.RawURLEncoding.EncodeToString(signature)+"\n"), 0o644) //nolint:gosec // as above
}

type counting struct{ bytes int64 }

func (c *counting) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return len(p), nil
}
