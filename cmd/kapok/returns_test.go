package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/returns"
	"kapok/gateway/safe"
)

// desk is an operator's terminal beside a running node: kapok and the sandbox's
// provider as programs of their own.
type desk struct {
	*world
	program, config, folder string
	sessions                map[string]string // files of tokens, by whose they are
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	program, err := gatewayProgram()
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{world: newWorld(t, 1), program: program, folder: t.TempDir(), sessions: map[string]string{}}
	d.config = filepath.Join(d.folder, "kapok.yaml")
	if err := os.WriteFile(d.config, yamlOf(d.world.config("desk"), d.outside), 0o600); err != nil {
		t.Fatal(err)
	}
	d.deliver("--version", "1", "--rows", "1") // makes the provider's key
	d.must("keys", "enrol", "mca-return", filepath.Join(d.folder, "mca-return.jwk.json"))
	return d
}

// deliver has the provider write a delivery and returns its manifest's path.
func (d *desk) deliver(flags ...string) string {
	d.t.Helper()
	command := exec.Command(sandboxProgram, append([]string{"return", "--to", d.folder, "--dir", d.folder}, flags...)...)
	out, err := command.CombinedOutput()
	if err != nil {
		d.t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// kapok runs one command of the operator's.
func (d *desk) kapok(words ...string) *exec.Cmd {
	at := 1
	if words[0] == "returns" {
		at = 2
	}
	args := append(append(append([]string{}, words[:at]...), "--config", d.config), words[at:]...)
	return exec.Command(d.program, args...)
}

func (d *desk) must(words ...string) string {
	d.t.Helper()
	var told bytes.Buffer
	command := d.kapok(words...)
	command.Stderr = &told
	out, err := command.Output()
	if err != nil {
		d.t.Fatalf("%v: %v\n%s%s", words, err, out, told.String())
	}
	return string(out)
}

// byTwo has one person propose an act at the terminal and another confirm it.
func (d *desk) byTwo(act, delivery string) {
	d.t.Helper()
	for who, role := range map[string]string{"staff-bureau-01": "bureau", "staff-approver-01": "approver"} {
		if d.sessions[who] == "" {
			d.sessions[who] = d.terminal(who, role)
		}
	}
	id, _, _ := strings.Cut(d.asPerson("staff-bureau-01", "propose", act, delivery, "test"), "\t")
	if told := d.asPerson("staff-approver-01", "confirm", id); !strings.Contains(told, "confirmed") {
		d.t.Error(told)
	}
}

// asPerson runs a command on the node as a member of staff.
func (d *desk) asPerson(who, act string, words ...string) string {
	d.t.Helper()
	var out bytes.Buffer
	if err := returnsCommand(d.t.Context(), append([]string{act, "--server", d.urls[0], "--session", d.sessions[who]}, words...), &out); err != nil {
		d.t.Fatalf("%s: %v", act, err)
	}
	return out.String()
}

func deliveryIn(t *testing.T, printed string) shown {
	t.Helper()
	var one shown
	if err := json.NewDecoder(strings.NewReader(printed)).Decode(&one); err != nil {
		t.Fatalf("%v in %s", err, printed)
	}
	return one
}

// TestReturnedInBatches: a department's delivery is received, published, asked for
// through the one path, traced to its line, replaced, taken back and destroyed.
func TestReturnedInBatches(t *testing.T) {
	d := newDesk(t)
	one := deliveryIn(t, d.must("returns", "receive", d.deliver("--version", "1", "--rows", "20", "--gb18030")))
	caller := d.enrol(dibao)
	basis := d.statutoryOn("2030010005/000001", "name", "monthly_amount")
	body := strings.Replace(ask(basis, "name", "monthly_amount"), household, "2030010005/000001", 1)
	if refused := caller.send(caller.shot(body)); refused.status != 502 {
		t.Errorf("before anything is published: %d %s", refused.status, refused.body)
	}
	d.byTwo("publish", one.Delivery)
	answer := caller.send(caller.shot(body))
	if answer.status != 200 || !bytes.Contains(answer.body, []byte(`"monthly_amount":"100.00"`)) {
		t.Fatalf("%d %s", answer.status, answer.body)
	}
	lineage := regexp.MustCompile(`"lineage":"([^"]+)"`).FindSubmatch(answer.body)
	if lineage == nil {
		t.Fatalf("no lineage in %s", answer.body)
	}
	if told := d.must("returns", "lineage", string(lineage[1])); !strings.Contains(told, "subsidies-1.csv") || !strings.Contains(told, "line      2\n") {
		t.Error(told)
	}
	two := deliveryIn(t, d.must("returns", "receive", d.deliver("--version", "2", "--rows", "20", "--first", "5")))
	if got := two.Report.Changes; got == nil || got.Added != 5 || got.Removed != 5 {
		t.Errorf("%+v", got)
	}
	d.byTwo("publish", two.Delivery)
	if gone := caller.send(caller.shot(body)); gone.status != 404 {
		t.Errorf("who is no more in the dataset: %d %s", gone.status, gone.body)
	}
	d.byTwo("roll-back", two.Delivery)
	if back := caller.send(caller.shot(body)); back.status != 200 {
		t.Errorf("after the rollback: %d %s", back.status, back.body)
	}
	d.byTwo("destroy", two.Delivery)
	if told := d.asPerson("staff-bureau-01", "proposals"); strings.Count(told, "confirmed, by staff-approver-01") != 4 {
		t.Error(told)
	}
	if told := d.must("returns", "status"); !strings.Contains(told, "destroyed") || !strings.Contains(told, "published") {
		t.Error(told)
	}
	returnsByAPI(t, d, one.Report.Content, func() string {
		t.Helper()
		answer := caller.send(caller.shot(body))
		from := regexp.MustCompile(`"lineage":"([0-9a-f]+)/`).FindSubmatch(answer.body)
		if answer.status != 200 || from == nil {
			t.Fatalf("%d %s", answer.status, answer.body)
		}
		return string(from[1])
	})
	deliveredBySystem(t, d)
	keeper := d.nodes[0].returns.Config
	keeper.Now = func() time.Time { return time.Now().AddDate(50, 0, 0) } // past every keep_until
	if err := returns.New(keeper).Retain(t.Context()); err != nil {
		t.Fatal(err)
	}
	caller.send(caller.shot(body)).wants(t, http.StatusBadGateway, "source-unavailable")
}

// deliveredBySystem: the provider's own system announces a delivery and sends its file in
// pieces, each call signed; one that comes again does no harm, and no other department's
// system has anything to do with it.
func deliveredBySystem(t *testing.T, d *desk) {
	t.Helper()
	provider, other := d.enrol("mca-return"), d.enrol(dibao)
	path := d.deliver("--version", "4", "--rows", "20")
	announced := map[string]string{"manifest": string(contentOf(t, path)), "signature": strings.TrimSpace(string(contentOf(t, path+".jws")))}
	other.orders(http.MethodPost, "/v1/deliveries", announced).wants(t, http.StatusForbidden, "return-not-provider")
	first := provider.orders(http.MethodPost, "/v1/deliveries", announced)
	again := provider.orders(http.MethodPost, "/v1/deliveries", announced)
	var four returnedSeen
	if err := json.Unmarshal(first.body, &four); err != nil || first.status != http.StatusCreated || !bytes.Equal(first.body, again.body) {
		t.Fatalf("%d %s, and again %s", first.status, first.body, again.body)
	}
	other.orders(http.MethodGet, "/v1/deliveries/"+four.Delivery, nil).wants(t, http.StatusForbidden, "return-not-provider")
	content := contentOf(t, filepath.Join(d.folder, "subsidies-4.csv"))
	half := len(content) / 2
	piece := func(from, to int) answer {
		s := provider.shot(string(content[from:to]))
		s.target = fmt.Sprintf("%s/v1/deliveries/%s/files/subsidies-4.csv?offset=%d", publicURL, four.Delivery, from)
		s.header.Set("Content-Type", "application/octet-stream")
		return provider.send(s)
	}
	piece(0, half).into(t, &four)
	piece(0, half).wants(t, http.StatusConflict, "return-offset")
	provider.orders(http.MethodGet, "/v1/deliveries/"+four.Delivery, nil).into(t, &four)
	if len(four.Files) != 1 || four.Files[0].Arrived != int64(half) {
		t.Errorf("%+v", four)
	}
	piece(half, len(content)).into(t, &four)
	for deadline := time.Now().Add(time.Minute); four.State == "received" && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		provider.orders(http.MethodGet, "/v1/deliveries/"+four.Delivery, nil).into(t, &four)
	}
	if four.State != "reconciled" {
		t.Errorf("it is %s", four.State)
	}
}

// statutoryOn registers a duty over an item.
func (w *world) statutoryOn(item string, fields ...string) string {
	w.t.Helper()
	made, err := w.safe(0).Register(w.t.Context(), safe.Person{Ref: "staff-bureau-01", Level: "L3"}, safe.Wanted{
		Department: "tianhe-minzheng", System: dibao, Item: item, Fields: fields, Operation: gateway.View,
		ServiceItem: dibaoMatter, Purpose: "assistance-review", Expires: time.Now().Add(24 * time.Hour),
	}, "social-assistance-58")
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID
}

// TestFaultyDeliveries: each fault that the provider can be ordered to make is named,
// with its file and line, and nothing is published.
func TestFaultyDeliveries(t *testing.T) {
	d := newDesk(t)
	for fault, want := range map[string]string{
		"comma": "subsidies-1.csv:3: columns", "short-line": "subsidies-1.csv:4: columns", "repeated-key": "subsidies-1.csv:5: key-repeated",
		"wrong-check": "subsidies-1.csv:6: SFZH: identity", "lying-rows": "subsidies-1.csv: manifest-rows", "lying-sum": "subsidies-1.csv: YBTJE: manifest-sums",
		"lying-digest": "subsidies-1.csv: manifest-sm3", "clock-ahead": "return-clock", "bad-signature": "token-signature-invalid",
	} {
		manifest := d.deliver("--version", "1", "--rows", "30", "--fault", fault)
		told, err := d.kapok("returns", "receive", manifest).CombinedOutput()
		if err == nil || !strings.Contains(string(told), want) {
			t.Errorf("%s: %v, and %q is not in\n%s", fault, err, want, told)
		}
	}
	if told := d.must("returns", "status"); strings.Contains(told, "published") || strings.Contains(told, "reconciled") {
		t.Error(told)
	}
	tryConnector(t, d)
}

// TestKilledImport kills the importer with SIGKILL at random moments, over and over,
// until it comes through: the digest is that of an unbroken one.
func TestKilledImport(t *testing.T) {
	if testing.Short() {
		t.Skip("the kill test takes its time")
	}
	d := newDesk(t)
	const rows = "60000"
	began := time.Now()
	whole := deliveryIn(t, d.must("returns", "receive", d.deliver("--version", "1", "--rows", rows)))
	unbroken := time.Since(began)
	manifest := d.deliver("--version", "2", "--rows", rows)
	kills := 0
	for range 6 {
		command := d.kapok("returns", "receive", manifest)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(rand.N(unbroken*3/5), func() { _ = command.Process.Kill() })
		if err := command.Wait(); err == nil {
			break
		}
		kills++
	}
	survived := deliveryIn(t, d.must("returns", "receive", manifest))
	t.Logf("killed %d times", kills)
	if survived.State != "reconciled" || survived.Report.Content != whole.Report.Content || survived.Report.Rows != whole.Report.Rows {
		t.Errorf("%+v, want the content of %+v", survived.Report, whole.Report)
	}
	if found := strings.TrimSpace(d.must("returns", "verify", survived.Delivery)); found != whole.Report.Content {
		t.Errorf("what stands is %s", found)
	}
}
