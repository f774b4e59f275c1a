package connectors

import (
	"bytes"
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

// PostJSON sends a question as JSON and returns what [Ask] returns. The question is
// a read: it may go out again when a kept connection proves to be closed.
func PostJSON(ctx context.Context, client *http.Client, address string, header http.Header, body []byte, limit int64) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: the request cannot be made", ErrUnavailable)
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	MarkAsRead(req)
	return Ask(client, req, limit)
}

// MarkAsRead tells the transport that a POST is a read. The header is present but
// empty, so it is not sent.
func MarkAsRead(req *http.Request) { req.Header["Idempotency-Key"] = nil }

// ExpectJSON takes an answer of status 200 that is declared as JSON in UTF-8.
func ExpectJSON(res *http.Response) error {
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: status %d", ErrRefused, res.StatusCode)
	}
	if !IsJSON(res.Header.Get("Content-Type")) {
		return fmt.Errorf("%w: the answer is not declared as JSON in UTF-8", ErrGarbage)
	}
	return nil
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
