package httpapi

import (
	_ "embed"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/pb33f/jsonschema/v6"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"kapok/gateway"
)

//go:embed openapi.yaml
var openAPI []byte

// contract checks requests against openapi.yaml. Its schemas are compiled once.
type contract struct {
	validator validator.Validator
	paths     map[string]operationPath // by Gin's template
}

type operationPath struct {
	template string // as openapi.yaml has it
	item     *v3.PathItem
	query    map[string]map[string]bool // by method: the query parameters known, all optional
	body     map[string]int64           // by method: how large it may be, in bytes; absent where there is none
}

// compiled is the contract, once for a process: openapi.yaml does not change, and to
// compile it takes most of a second.
var compiled = sync.OnceValues(newContract)

// Prepare compiles openapi.yaml, which [New] needs, and does so itself where nobody has.
// Call it on a goroutine of its own as the first thing of a start.
func Prepare() {
	_, _ = compiled()  // New tells of the error
	_, _ = codesPage() // here too
}

func newContract() (*contract, error) {
	document, err := libopenapi.NewDocument(openAPI)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	model, err := document.BuildV3Model()
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	withoutAnswers(&model.Model)
	k := &contract{
		validator: validator.NewValidatorFromV3Model(&model.Model, config.WithoutSecurityValidation(),
			config.WithFormatAssertions(), config.WithRegexCache(&sync.Map{}), config.WithRejectUndeclaredRequestBody()),
		paths: map[string]operationPath{},
	}
	for template, item := range model.Model.Paths.PathItems.FromOldest() {
		k.paths[ginTemplate(template)] = describePath(template, item)
	}
	return k, nil
}

// withoutAnswers spares a node's start the schemas that no request is checked against:
// the library compiles every one that it finds.
func withoutAnswers(document *v3.Document) {
	for _, item := range document.Paths.PathItems.FromOldest() {
		for _, operation := range item.GetOperations().FromOldest() {
			operation.Responses = nil
		}
	}
}

func describePath(template string, item *v3.PathItem) operationPath {
	path := operationPath{template: template, item: item, query: map[string]map[string]bool{}, body: map[string]int64{}}
	for name, operation := range item.GetOperations().FromOldest() {
		method, known := strings.ToUpper(name), map[string]bool{}
		for _, parameter := range operation.Parameters {
			if parameter.In == "query" {
				known[parameter.Name] = false
			}
		}
		path.query[method] = known
		if operation.RequestBody != nil {
			path.body[method] = maxBytes(operation)
		}
	}
	return path
}

// maxBytes is an operation's x-max-bytes, or what is usual.
func maxBytes(operation *v3.Operation) int64 {
	most := int64(maxBody)
	if node, said := operation.Extensions.Get("x-max-bytes"); said {
		_ = node.Decode(&most) // a number: a test posts more than is usual
	}
	return most
}

var templateParameter = regexp.MustCompile(`\{([a-z_]+)\}`)

// ginTemplate writes /a/{b} as Gin does: /a/:b.
func ginTemplate(template string) string {
	return templateParameter.ReplaceAllString(template, ":$1")
}

// check lets a request through that keeps the contract of its operation.
func (k *contract) check(c *gin.Context) {
	if err := k.examine(c); err != nil {
		writeProblem(c, err)
		return
	}
	c.Next()
}

func (k *contract) examine(c *gin.Context) error {
	path, method := k.paths[c.FullPath()], c.Request.Method
	if err := checkOnce(c.Request.URL.Query(), path.query[method]); err != nil {
		return err
	}
	if most, there := path.body[method]; there {
		if err := readJSON(c, most); err != nil {
			return err
		}
	}
	fine, found := k.validator.ValidateHttpRequestSyncWithPathItem(c.Request, path.item, path.template)
	if fine {
		return nil
	}
	return explain(found)
}

// explain words the first finding. The library's own texts quote what was sent, so
// none of them is passed on.
func explain(found []*errors.ValidationError) error {
	for _, finding := range found {
		if broken := schemaError(finding); broken != nil {
			return brokenRule(broken, finding.ParameterName)
		}
	}
	for _, finding := range found {
		if finding.ParameterName != "" {
			return invalid(finding.ParameterName, "A parameter is missing or breaks its rule in openapi.yaml.")
		}
	}
	return gateway.Fail(gateway.Invalid, "field-invalid", "The request breaks a rule of openapi.yaml.")
}

func schemaError(finding *errors.ValidationError) *jsonschema.ValidationError {
	for _, failure := range finding.SchemaValidationErrors {
		if failure.OriginalJsonSchemaError != nil {
			return failure.OriginalJsonSchemaError
		}
	}
	return nil
}

// serveSpec hands out openapi.yaml as it was compiled in.
func serveSpec(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "application/yaml", openAPI)
}
