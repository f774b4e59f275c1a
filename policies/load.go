package policies

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"kapok/crypto/sm"
)

// digestHead stands before the files in the digest. Its number is raised when the
// rules written in Go change what they decide, so that a recorded decision names them too.
const digestHead = "kapok/policies/v3\n"

const schemaFile = "schema.cedarschema"

// layers are the folders of a set, from the top. No other folder may hold policies.
var layers = []string{"national", "province", "district", "departments"}

// Load reads a set: schema.cedarschema and the *.cedar files of the four layers.
// One mistake refuses the whole; the error joins all that were found, each with
// its file and line.
func Load(folder fs.FS) (*Set, error) {
	l := loader{folder: folder, alike: map[string]*cedar.Policy{}, actions: map[string][]cedar.String{}, names: map[cedar.String]cedar.String{}, seen: map[cedar.PolicyID]*rule{}, set: &Set{rules: newIndex(), contexts: newContexts(), desks: sync.Pool{New: newDesk}}, content: [][]byte{[]byte(digestHead)}}
	if err := l.schema(); err != nil {
		return nil, err
	}
	if err := l.strays(); err != nil {
		return nil, err
	}
	for _, layer := range layers {
		if err := l.layer(layer); err != nil {
			return nil, err
		}
	}
	if l.set.count == 0 {
		l.wrong = append(l.wrong, errors.New("the set holds no policy"))
	}
	if len(l.wrong) > 0 {
		return nil, fmt.Errorf("policies: %w", errors.Join(l.wrong...))
	}
	digest := sm.Sum(l.content...)
	l.set.digest = hex.EncodeToString(digest[:])
	return l.set, nil
}

type loader struct {
	folder    fs.FS
	types     *resolved.Schema
	validator *validate.Validator
	seen      map[cedar.PolicyID]*rule
	set       *Set
	alike     map[string]*cedar.Policy // conditions by their text
	actions   map[string][]cedar.String
	names     map[cedar.String]cedar.String
	content   [][]byte // what the digest is over: each file's name and bytes
	wrong     []error
}

func (l *loader) schema() error {
	text, err := l.read(schemaFile)
	if err != nil {
		return err
	}
	var parsed schema.Schema
	parsed.SetFilename(schemaFile)
	if err := parsed.UnmarshalCedar(text); err != nil {
		return fmt.Errorf("policies: %s: %w", schemaFile, err)
	}
	if l.types, err = parsed.Resolve(); err != nil {
		return fmt.Errorf("policies: %s: %w", schemaFile, err)
	}
	l.validator = validate.New(l.types, validate.WithStrict())
	return nil
}

// read returns a file and adds it to the digest: its name and its length come
// first, so that no two sets have the same bytes.
func (l *loader) read(file string) ([]byte, error) {
	text, err := fs.ReadFile(l.folder, file)
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	head := binary.BigEndian.AppendUint64([]byte(file+"\n"), uint64(len(text)))
	l.content = append(l.content, head, text)
	return text, nil
}

// strays refuses policy files that stand where nobody would read them.
func (l *loader) strays() error {
	return fs.WalkDir(l.folder, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("policies: %w", err)
		}
		if entry.IsDir() || path.Ext(file) != ".cedar" || isLayer(path.Dir(file)) {
			return nil
		}
		l.report(file, 1, errors.New("a policy file stands directly in national, province, district or departments"))
		return nil
	})
}

func isLayer(folder string) bool {
	for _, layer := range layers {
		if folder == layer {
			return true
		}
	}
	return false
}

// layer reads the files of one folder, in the order of their names.
func (l *loader) layer(layer string) error {
	files, err := fs.Glob(l.folder, layer+"/*.cedar")
	if err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	for _, file := range files {
		text, err := l.read(file)
		if err != nil {
			return err
		}
		l.file(file, text)
	}
	return nil
}

func (l *loader) file(file string, text []byte) {
	first, _, _ := strings.Cut(string(text), "\n")
	if source, marked := strings.CutPrefix(first, "// 依据:"); !marked || strings.TrimSpace(source) == "" {
		l.report(file, 1, errors.New(`the first line names the rule's source: "// 依据: law and article"`))
	}
	policies, err := cedar.NewPolicyListFromBytes(file, text)
	if err != nil {
		l.wrong = append(l.wrong, fmt.Errorf("%s: %w", file, err))
		return
	}
	for _, policy := range policies {
		l.policy(file, policy)
	}
}

func (l *loader) policy(file string, policy *cedar.Policy) {
	line := policy.Position().Line
	r, wrong := newRule(file, policy)
	if before, twice := l.seen[r.id]; twice {
		wrong = append(wrong, fmt.Errorf("the id %q is used before, in %s", r.id, before.file))
	}
	for _, check := range checks {
		if err := check(l, r); err != nil {
			wrong = append(wrong, err)
		}
	}
	for _, err := range wrong {
		l.report(file, line, err)
	}
	l.seen[r.id] = r
	r.order = l.set.count
	l.set.count++
	l.common(r)
	l.set.rules.add(r)
	l.set.note(r)
}

func (l *loader) report(file string, line int, err error) {
	l.wrong = append(l.wrong, fmt.Errorf("%s:%d: %w", file, line, err))
}
