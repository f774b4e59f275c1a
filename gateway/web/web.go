package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

//go:embed pages all:dist
var files embed.FS

// Folders of the pages, and the address at which each one's files are served.
var mounts = []struct{ folder, at string }{
	{"pages", "/static/"},
	{"dist/swagger", "/docs/"},
	{"dist/pages/assets", assets},
}

// assets are named after their content: what a browser has of them never grows old.
const assets = "/assets/"

// Files that answer an address without a file name. The first that exists is it.
var fronts = []struct{ at, file string }{
	{"/", "dist/pages/start.html"},
	{"/", "pages/index.html"},
	{"/safe", "dist/pages/safe.html"},
	{"/safe", "dist/placeholder.html"},
	{"/desk", "dist/pages/desk.html"},
	{"/desk", "dist/placeholder.html"},
	{"/board", "dist/pages/board.html"},
	{"/board", "dist/placeholder.html"},
	{"/docs", "dist/swagger/index.html"},
	{"/docs", "dist/placeholder.html"},
}

// types are those of the files here. A machine's own table could say otherwise.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".png":  "image/png",
	".svg":  "image/svg+xml",
	"":      "text/plain; charset=utf-8",
}

// File is one file as it is served.
type File struct {
	Type    string // Content-Type
	ETag    string // quoted; changes with the content
	Content []byte
	Lasting bool          // its address changes with its content
	Gzipped func() []byte // Content compressed, made when it is first asked for; empty where that gains nothing
}

// Pages is every file by its address: "/", "/static/kapok.css", "/docs", "/docs/init.js".
type Pages map[string]File

// Load reads the pages that were compiled in. Where they were not built, /docs says
// how to build them.
func Load() (Pages, error) { return load(files) }

func load(from fs.FS) (Pages, error) {
	pages := Pages{}
	for _, mount := range mounts {
		if err := pages.mount(from, mount.folder, mount.at); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
	}
	for _, front := range fronts {
		if _, taken := pages[front.at]; taken {
			continue
		}
		if content, err := fs.ReadFile(from, front.file); err == nil {
			pages[front.at] = newFile(front.file, content)
		}
	}
	return pages, nil
}

// mount adds the files of a folder; one that is not there adds nothing.
func (p Pages) mount(from fs.FS, folder, at string) error {
	names, err := fs.Glob(from, folder+"/*")
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		file := newFile(name, content)
		file.Lasting = at == assets
		p[at+strings.TrimPrefix(name, folder+"/")] = file
	}
	return nil
}

func newFile(name string, content []byte) File {
	kind, known := types[path.Ext(name)]
	if !known {
		kind = "application/octet-stream"
	}
	digest := sha256.Sum256(content)
	return File{
		Type: kind, ETag: `"` + hex.EncodeToString(digest[:8]) + `"`, Content: content,
		Gzipped: sync.OnceValue(func() []byte { return compressed(content) }),
	}
}

const worthwhile = 1024 // bytes; below it, compression gains nothing

func compressed(content []byte) []byte {
	if len(content) < worthwhile {
		return nil
	}
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, err := writer.Write(content)
	if err = errors.Join(err, writer.Close()); err != nil || out.Len() >= len(content) {
		return nil
	}
	return out.Bytes()
}
