package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// client speaks to a running node as a person who is signed in: with the token of a
// session of their own (POST /v1/me/terminals), which they keep in a file.
type client struct {
	server, token, csrf string
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 256 << 20

func clientFlags(flags *flag.FlagSet) (server, session *string) {
	return flags.String("server", os.Getenv("KAPOK_SERVER"), "address of a running node"),
		flags.String("session", os.Getenv("KAPOK_SESSION"), "file that holds the token of your session")
}

// newClient reads the token and asks who it is.
func newClient(ctx context.Context, server, session string) (*client, error) {
	if server == "" || session == "" {
		return nil, errors.New("--server and --session are needed, or KAPOK_SERVER and KAPOK_SESSION; sign in at the server, and have a session made with POST /v1/me/terminals")
	}
	token, err := os.ReadFile(session)
	if err != nil {
		return nil, err
	}
	c := &client{server: strings.TrimSuffix(server, "/"), token: strings.TrimSpace(string(token))}
	var me struct {
		CSRF string `json:"csrf_token"`
	}
	if err := c.get(ctx, "/v1/me", &me); err != nil {
		return nil, err
	}
	c.csrf = me.CSRF
	return c, nil
}

// personsAct is what somebody does on a running node, as the person whose session it is.
type personsAct func(ctx context.Context, c *client, words []string, out io.Writer) error

// asPerson makes a command of an act that takes so many words.
func asPerson(name string, least, most int, act personsAct) func(context.Context, []string, io.Writer) error {
	return func(ctx context.Context, args []string, out io.Writer) error {
		flags := flag.NewFlagSet(name, flag.ContinueOnError)
		server, session := clientFlags(flags)
		if err := flags.Parse(args); err != nil {
			return err
		}
		if count := flags.NArg(); count < least || count > most {
			group, _, _ := strings.Cut(name, " ")
			return fmt.Errorf("usage: kapok %s COMMAND [--server URL] [--session FILE] …; kapok %s lists the commands", group, group)
		}
		c, err := newClient(ctx, *server, *session)
		if err != nil {
			return err
		}
		return act(ctx, c, flags.Args(), out)
	}
}

func (c *client) get(ctx context.Context, path string, into any) error {
	return c.do(ctx, http.MethodGet, path, nil, into)
}

func (c *client) post(ctx context.Context, path string, body, into any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.do(ctx, http.MethodPost, path, encoded, into)
}

func (c *client) do(ctx context.Context, method, path string, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	name := "kapok"
	if strings.HasPrefix(c.server, "https:") {
		name = "__Host-kapok"
	}
	request.AddCookie(&http.Cookie{Name: name, Value: c.token}) //nolint:gosec // it is sent, not set
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-CSRF-Token", c.csrf)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // it was read
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return refusal(response.StatusCode, answer)
	}
	return json.Unmarshal(answer, into)
}

// refusal words a problem with the places that it names, one a line.
func refusal(status int, answer []byte) error {
	var p struct {
		Code, Detail, Remedy string
		TraceID              string `json:"trace_id"`
		Places               []struct {
			File    string `json:"file"`
			Row     int    `json:"row"`
			Column  int    `json:"column"`
			Cell    string `json:"cell"`
			Heading string `json:"heading"`
			Zh      string `json:"zh"`
			En      string `json:"en"`
		}
	}
	if err := json.Unmarshal(answer, &p); err != nil || p.Code == "" {
		return fmt.Errorf("the server answered %d", status)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s", p.Code, strings.TrimSpace(p.Detail+" "+p.Remedy))
	for _, at := range p.Places {
		place := fmt.Sprintf("%s:%d:%d", at.File, at.Row, at.Column)
		if at.Cell != "" {
			place = at.File + "!" + at.Cell
		}
		fmt.Fprintf(&text, "\n%s: %s", place, strings.Join(strings.Fields(at.Heading+" "+at.Zh+" "+at.En), " "))
	}
	fmt.Fprintf(&text, " (trace %s)", p.TraceID)
	return errors.New(text.String())
}
