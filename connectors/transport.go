package connectors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// Ask sends one request and returns the status and the body, which has at most
// limit bytes. Every error matches a [Fault] and holds neither address nor
// content: a deadline is [ErrTimeout], a broken connection, a 5xx or a 429 is
// [ErrUnavailable], and a redirect or an answer too large is [ErrGarbage].
// Other statuses are the protocol's own to read.
func Ask(client *http.Client, req *http.Request, limit int64) (*http.Response, []byte, error) {
	res, err := client.Do(req)
	if err != nil {
		return nil, nil, Lost(req.Context(), err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, nil, Lost(req.Context(), err)
	}
	if int64(len(body)) > limit {
		return nil, nil, fmt.Errorf("%w: the answer has more than %d bytes", ErrGarbage, limit)
	}
	if res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests {
		return nil, nil, fmt.Errorf("%w: status %d", ErrUnavailable, res.StatusCode)
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		return nil, nil, fmt.Errorf("%w: status %d, a redirect", ErrGarbage, res.StatusCode)
	}
	return res, body, nil
}

// Lost turns an error of the transport into a [Fault]: it tells a deadline from a connection that failed. The transport's own text
// is left out: it holds addresses, and nothing that the fault does not say.
func Lost(ctx context.Context, err error) error {
	if deadlinePassed(ctx, err) {
		return fmt.Errorf("%w: no complete answer by the deadline", ErrTimeout)
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: the call was given up: %w", ErrUnavailable, context.Canceled)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: the connection broke in mid-answer", ErrUnavailable)
	}
	return fmt.Errorf("%w: no connection", ErrUnavailable)
}

func deadlinePassed(ctx context.Context, err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// IsJSON reports whether a Content-Type says JSON in UTF-8, by RFC 8259 the
// only encoding of JSON between systems.
func IsJSON(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return false
	}
	charset, named := params["charset"]
	return !named || strings.EqualFold(charset, "utf-8")
}
