package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/gin-gonic/gin"

	"kapok/gateway"
)

// maxBody is the largest body that an operation reads, in bytes, where openapi.yaml says
// nothing else (x-max-bytes).
const maxBody = 1 << 20

// readBody reads the whole body, up to maxBody.
func readBody(c *gin.Context) ([]byte, error) { return readUpTo(c, maxBody) }

func readUpTo(c *gin.Context, most int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, most))
	if err == nil {
		return body, nil
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, gateway.Fail(gateway.TooLarge, "body-too-large", fmt.Sprintf("The body is larger than %d MiB.", most>>20))
	}
	return nil, gateway.Fail(gateway.Invalid, "body-unreadable", "The body ended early or could not be read.").Because(err)
}

// readJSON reads the body and leaves it to be read again by those who come after.
func readJSON(c *gin.Context, most int64) error {
	if !isMediaType(c, "application/json") {
		return unsupportedType("application/json")
	}
	body, err := readUpTo(c, most)
	if err != nil {
		return err
	}
	if !json.Valid(body) {
		return gateway.Fail(gateway.Invalid, "json-malformed", "The body is not one JSON document.")
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	c.Request.ContentLength = int64(len(body))
	return nil
}

func isMediaType(c *gin.Context, wanted string) bool {
	found, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	return err == nil && found == wanted
}

func unsupportedType(wanted string) error {
	failure := gateway.Fail(gateway.Invalid, "content-type-unsupported", "Content-Type has to be "+wanted+".")
	failure.Field = "Content-Type"
	return failure
}
