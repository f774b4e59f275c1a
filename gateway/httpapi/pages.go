package httpapi

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/goccy/go-yaml"

	"kapok/gateway/web"
)

// servePage hands out a file that is the same for everybody.
func servePage(file web.File) gin.HandlerFunc {
	return func(c *gin.Context) {
		header := c.Writer.Header()
		header.Set("Content-Security-Policy", pagePolicy)
		header.Set("Permissions-Policy", pagePermissions)
		header.Set("Cache-Control", "no-cache") // ask again, by ETag
		if file.Lasting {
			header.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		header.Set("ETag", file.ETag)
		header.Set("Vary", "Accept-Encoding")
		if c.GetHeader("If-None-Match") == file.ETag {
			c.Status(http.StatusNotModified)
			return
		}
		content := file.Content
		if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
			if packed := file.Gzipped(); len(packed) > 0 {
				content = packed
				header.Set("Content-Encoding", "gzip")
			}
		}
		c.Data(http.StatusOK, file.Type, content)
	}
}

//go:embed problems.html
var problemsHTML string

// codes is the table of openapi.yaml: what each code means.
type codes struct {
	Codes yaml.MapSlice `yaml:"x-codes"`
}

// problemPage explains the codes; the type of a problem leads to it.
type problemPage struct{ content []byte }

type explainedCode struct {
	Code   string
	Status any
	When   any
}

var codesPage = sync.OnceValues(newProblemPage)

func newProblemPage() (problemPage, error) {
	var table codes
	if err := yaml.Unmarshal(openAPI, &table); err != nil {
		return problemPage{}, fmt.Errorf("openapi.yaml: x-codes: %w", err)
	}
	rows := make([]explainedCode, 0, len(table.Codes))
	for _, entry := range table.Codes {
		told, ok := entry.Value.(map[string]any)
		if !ok {
			return problemPage{}, fmt.Errorf("openapi.yaml: x-codes: %v says nothing", entry.Key)
		}
		rows = append(rows, explainedCode{Code: fmt.Sprint(entry.Key), Status: told["status"], When: told["when"]})
	}
	page, err := template.New("problems").Parse(problemsHTML)
	if err != nil {
		return problemPage{}, err
	}
	var out bytes.Buffer
	if err := page.Execute(&out, rows); err != nil {
		return problemPage{}, err
	}
	return problemPage{content: out.Bytes()}, nil
}

func (p problemPage) serve(c *gin.Context) {
	c.Header("Content-Security-Policy", pagePolicy)
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "text/html; charset=utf-8", p.content)
}
