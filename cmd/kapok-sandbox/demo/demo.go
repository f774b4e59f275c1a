package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"kapok/cmd/kapok-sandbox/department"
	"kapok/cmd/kapok-sandbox/people"
)

// Options say what the demonstration runs against.
type Options struct {
	Kapok  string    // Kapok's address
	Bundle string    // file: the pinned trust bundle
	Dir    string    // folder of the departments' keys; receipts are left there too
	Verify string    // the kapok-verify program
	Out    io.Writer // where it prints
	Colour bool      // whether Out shows colours
	Docs   []Link    // further addresses to open, printed at the end
}

// Link is an address for people.
type Link struct{ Label, URL string }

// show is the demonstration under way.
type show struct {
	options Options
	kapok   string
	page    *page
	trust   department.Trust
	run     string // makes case numbers of this run differ from those of the last
}

// part is one act of the demonstration.
type part struct {
	zh, en string
	play   func(*show, context.Context) error
}

var parts = []part{
	{"依法履职调用", "An exchange under a statutory duty", (*show).statutory},
	{"居民同意、使用、撤回", "A citizen consents, a department uses it, the citizen withdraws", (*show).consent},
	{"申请、批准、使用授权", "Refused for want of a grant: a department applies, is approved, and uses it", (*show).apply},
	{"规则变更:先回放,双人发布", "A change of the rules: replayed, published by two people, and taken back", (*show).rules},
	{"一个文件,新增一个数源", "A new REST source by one file, while the gateway runs", (*show).newSource},
	{"电子证照的一生", "An e-licence: issued, shown by QR, verified, copied for the file, abolished", (*show).licences},
	{"可以打开的地址", "Addresses to open", (*show).addresses},
}

// readyTime is how long Kapok may take until it is ready.
const readyTime = 15 * time.Second

// Run plays every part in order and stops at the first surprise.
func Run(ctx context.Context, o Options) error {
	trust, err := department.ReadTrust(o.Bundle)
	if err != nil {
		return err
	}
	s := &show{
		options: o, kapok: strings.TrimSuffix(o.Kapok, "/"), trust: trust,
		page: &page{out: o.Out, colour: o.Colour}, run: time.Now().Format("20060102-150405"),
	}
	if err := s.waitUntilReady(ctx); err != nil {
		return err
	}
	s.page.note("以下的人都是虚构的,所以打印了数据的值;红棉自己从不打印。",
		"Everybody below is made up, so values are printed; Kapok itself never prints any.")
	for i, part := range parts {
		s.page.title(i+1, part.zh, part.en)
		if err := part.play(s, ctx); err != nil {
			return fmt.Errorf("%s: %w", part.en, err)
		}
	}
	return s.page.err
}

func (s *show) waitUntilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	for {
		if ready(ctx, s.kapok+"/readyz") {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("Kapok at %s is not ready", s.kapok)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func ready(ctx context.Context, address string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// subsidyAbout is whom the subsidy's department asks about, and its system.
func (s *show) subsidyAbout() (people.Person, *department.System, error) {
	about, err := firstCitizen()
	if err != nil {
		return about, nil, err
	}
	system, err := s.system(subsidySystem)
	return about, system, err
}

// system opens the key of a department's system and makes it ready to call.
func (s *show) system(id string) (*department.System, error) {
	key, err := department.OpenKey(s.options.Dir, id)
	if err != nil {
		return nil, err
	}
	return department.New(s.kapok, key, s.trust), nil
}
