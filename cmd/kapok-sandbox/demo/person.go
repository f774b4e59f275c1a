package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// person is somebody who signed in, with a browser's cookies and no browser.
type person struct {
	kapok  string
	client *http.Client
	me     struct {
		Roles []string `json:"roles"`
		CSRF  string   `json:"csrf_token"`
	}
}

// pageLimit bounds what is read of an answer, in bytes.
const pageLimit = 1 << 20

// signIn goes the way of a browser: Kapok sends it to the identity provider, whose
// login form is filled in for the person, and which sends it back.
func (s *show) signIn(ctx context.Context, who string) (*person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p := &person{kapok: s.kapok, client: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
	form, _, err := p.do(ctx, http.MethodGet, s.kapok+"/auth/login?return_to=/v1/me", "", nil)
	if err != nil {
		return nil, err
	}
	if form.Path != "/login" || form.Query().Get("id") == "" {
		return nil, fmt.Errorf("sign-in led to %s%s, which is not the sandbox's login page", form.Host, form.Path)
	}
	filled := url.Values{"id": {form.Query().Get("id")}, "subject": {who}}
	login := url.URL{Scheme: form.Scheme, Host: form.Host, Path: form.Path}
	back, body, err := p.do(ctx, http.MethodPost, login.String(), "application/x-www-form-urlencoded", []byte(filled.Encode()))
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(body, &p.me) != nil || p.me.CSRF == "" {
		return nil, fmt.Errorf("%s signed in and came to %s, where no session is", who, back.Path)
	}
	return p, nil
}

// do sends one request, follows the redirects, and returns where it ended. A
// status of 400 and more is an error that tells the problem.
func (p *person) do(ctx context.Context, method, address, contentType string, body []byte) (*url.URL, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if p.me.CSRF != "" {
		req.Header.Set("X-CSRF-Token", p.me.CSRF)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, pageLimit))
	if err != nil {
		return nil, nil, err
	}
	if res.StatusCode >= http.StatusBadRequest {
		return nil, nil, fmt.Errorf("%s %s answered %d: %s", method, res.Request.URL.Path, res.StatusCode, answer)
	}
	return res.Request.URL, answer, nil
}

// get reads a JSON document of Kapok's API.
func (p *person) get(ctx context.Context, path string, into any) error {
	_, body, err := p.do(ctx, http.MethodGet, p.kapok+path, "", nil)
	if err != nil {
		return err
	}
	return decode(path, body, into)
}

// post sends a JSON document, or nothing, and reads one, or nothing.
func (p *person) post(ctx context.Context, path string, document, into any) error {
	var body []byte
	contentType := ""
	if document != nil {
		encoded, err := json.Marshal(document)
		if err != nil {
			return err
		}
		body, contentType = encoded, "application/json"
	}
	_, answer, err := p.do(ctx, http.MethodPost, p.kapok+path, contentType, body)
	if err != nil {
		return err
	}
	if into == nil {
		return nil
	}
	return decode(path, answer, into)
}

func decode(path string, body []byte, into any) error {
	if json.Unmarshal(body, into) != nil {
		return errors.New(path + " answered something that is not the JSON of the API")
	}
	return nil
}
