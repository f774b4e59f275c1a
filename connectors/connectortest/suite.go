package connectortest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"kapok/connectors"
	"kapok/gateway"
)

// Candidate is a connector to be tested.
type Candidate struct {
	// New makes a connector of an interface at the sandbox that holds a record of
	// its first citizen and faults of which are ordered under SID.
	New func(t testing.TB, s Sandbox) connectors.Connector
	SID string
	// NameField and NumberField are what the interface calls 姓名 and 公民身份号码.
	NameField, NumberField string
	// Flags of the sandbox.
	Flags []string
	// Wants says for a fault what this protocol makes of it where that differs from
	// the suite's own: connectors.ErrRefused for "expired-key", say, where nothing can
	// be exchanged anew. Lacks says why a fault cannot be in this protocol.
	Wants map[string]error
	Lacks map[string]string
	// Order is how faults are ordered; nil: at the sandbox, under SID. What Order orders
	// lasts until Cancel.
	Order func(t testing.TB, s Sandbox, fault Fault)
	// Cancel takes back what Order ordered; nil: at the sandbox.
	Cancel func(t testing.TB, s Sandbox)
}

func (c Candidate) order(t testing.TB, s Sandbox, fault Fault) {
	t.Helper()
	if c.Order != nil {
		c.Order(t, s, fault)
		return
	}
	s.Order(t, fault)
}

func (c Candidate) cancel(t testing.TB, s Sandbox) {
	t.Helper()
	if c.Cancel != nil {
		c.Cancel(t, s)
		return
	}
	s.Cancel(t)
}

// stranger is nobody's number: the published example of GB 11643.
const stranger = "11010519491231002X"

// patience is the deadline of a call that is to be too slow, generosity that of one that
// is not. A call that does not mind its deadline is noticed by slowness, however loaded
// the machine is.
const (
	patience   = 250 * time.Millisecond
	generosity = 10 * time.Second
	slowness   = 3 * time.Second
	tolerance  = 2 * time.Second
)

// testCase is one way a call may go.
type testCase struct {
	name    string
	fault   string
	count   int
	delay   time.Duration
	want    error // nil: the record comes
	recover bool  // the next call works
}

var testCases = []testCase{
	{name: "all is well"},
	{name: "slow, within the deadline", fault: "slow", delay: patience / 5},
	{name: "slow, beyond the deadline", fault: "slow", delay: slowness, want: connectors.ErrTimeout, recover: true},
	{name: "status 500", fault: "500", want: connectors.ErrUnavailable, recover: true},
	{name: "the connection is cut in mid-answer", fault: "down", want: connectors.ErrUnavailable, recover: true},
	{name: "garbage", fault: "garbage", want: connectors.ErrGarbage, recover: true},
	{name: "half an answer", fault: "half", want: connectors.ErrGarbage, recover: true},
	{name: "a login page instead of an answer", fault: "wrong-content", want: connectors.ErrGarbage, recover: true},
	{name: "another person's record", fault: "wrong-person", want: connectors.ErrAnotherPerson, recover: true},
	{name: "a wrong signature", fault: "wrong-signature", want: connectors.ErrGarbage, recover: true},
	{name: "refused", fault: "refused", want: connectors.ErrRefused, recover: true},
	{name: "the key has expired", fault: "expired-key"},
	{name: "the key expires again and again", fault: "expired-key", count: 2, want: connectors.ErrRefused, recover: true},
}

// Run puts a candidate through the suite.
func Run(t *testing.T, c Candidate) {
	s := StartSandbox(t, c.Flags...)
	citizen := s.Citizens(t)[0]
	connector := c.New(t, s)
	for _, test := range testCases {
		t.Run(test.name, func(t *testing.T) {
			if reason, lacks := c.Lacks[test.fault]; lacks {
				t.Skip(reason)
			}
			if want, differs := c.Wants[test.fault]; differs {
				test.want, test.count, test.recover = want, 1, true
			}
			defer c.cancel(t, s)
			if test.fault != "" {
				c.order(t, s, Fault{SID: c.SID, Kind: test.fault, Count: max(test.count, 1), DelayMS: int(test.delay.Milliseconds())})
			}
			began := time.Now()
			answer, err := fetch(t, connector, citizen.IDNumber, test.deadline())
			if took := time.Since(began); took > test.deadline()+tolerance {
				t.Errorf("it took %v, the deadline was %v", took, test.deadline())
			}
			judge(t, c, citizen, test.want, answer, err)
			if test.recover {
				if c.Order != nil {
					c.cancel(t, s)
				}
				answer, err := fetch(t, connector, citizen.IDNumber, generosity)
				judge(t, c, citizen, nil, answer, err)
			}
		})
	}
	t.Run("a person the source does not know", func(t *testing.T) { unknownPerson(t, connector) })
	t.Run("nobody", func(t *testing.T) { nobody(t, connector) })
	t.Run("the call is given up", func(t *testing.T) { givenUp(t, connector, citizen) })
	t.Run("many at once", func(t *testing.T) { manyAtOnce(t, c, connector, citizen) })
	t.Run("the source is not there", func(t *testing.T) { notThere(t, c, citizen) })
}

func (test testCase) deadline() time.Duration {
	if test.delay == slowness {
		return patience
	}
	return generosity
}

func fetch(t testing.TB, connector connectors.Connector, number string, within time.Duration) (connectors.Answer, error) {
	t.Helper()
	subject, err := gateway.ParseIdentity(gateway.CitizenID, number)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	return connector.Fetch(ctx, connectors.Query{Subject: subject, RequestID: "4f1d2c3b4a5968778695a4b3c2d1e0f0"})
}

// judge compares an outcome with what was wanted, and holds every error to the
// rules of [connectors.Connector].
func judge(t testing.TB, c Candidate, citizen Citizen, want error, answer connectors.Answer, err error) {
	t.Helper()
	if want == nil {
		rightRecord(t, c, citizen, answer, err)
		return
	}
	if !errors.Is(err, want) {
		t.Fatalf("the error is %v, want one that is %v", err, want)
	}
	if len(faultsOf(err)) != 1 {
		t.Errorf("the error %v matches %v", err, faultsOf(err))
	}
	if strings.Contains(err.Error(), citizen.IDNumber) || strings.Contains(err.Error(), citizen.Name) {
		t.Error("the error tells personal data")
	}
	if len(answer.Records) > 0 {
		t.Error("data came with the error")
	}
}

func rightRecord(t testing.TB, c Candidate, citizen Citizen, answer connectors.Answer, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Records) != 1 {
		t.Fatalf("%d records came, want 1", len(answer.Records))
	}
	record := answer.Records[0]
	if record[c.NumberField] != citizen.IDNumber || record[c.NameField] != citizen.Name {
		t.Errorf("it is the record of %s %s", record[c.NameField], record[c.NumberField])
	}
	if len(record) < 10 {
		t.Errorf("the record has %d fields", len(record))
	}
	if age := time.Since(answer.AsOf); age < 0 || age > time.Hour {
		t.Errorf("the data is of %v", answer.AsOf)
	}
	if answer.BodyDigest == [32]byte{} {
		t.Error("the body's digest is missing")
	}
}

func faultsOf(err error) (matched []error) {
	for _, fault := range []error{connectors.ErrUnavailable, connectors.ErrTimeout, connectors.ErrRefused, connectors.ErrGarbage} {
		if errors.Is(err, fault) {
			matched = append(matched, fault)
		}
	}
	return matched
}

// unknownPerson: no record is an answer, not an error.
func unknownPerson(t *testing.T, connector connectors.Connector) {
	answer, err := fetch(t, connector, stranger, generosity)
	if err != nil || len(answer.Records) != 0 || answer.BodyDigest == [32]byte{} {
		t.Errorf("answer %v, error %v", answer, err)
	}
}

func nobody(t *testing.T, connector connectors.Connector) {
	_, err := connector.Fetch(t.Context(), connectors.Query{})
	if len(faultsOf(err)) != 1 {
		t.Errorf("asking about nobody: %v", err)
	}
}

func givenUp(t *testing.T, connector connectors.Connector, citizen Citizen) {
	subject, err := gateway.ParseIdentity(gateway.CitizenID, citizen.IDNumber)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = connector.Fetch(ctx, connectors.Query{Subject: subject}); len(faultsOf(err)) != 1 {
		t.Errorf("a call that was given up: %v", err)
	}
}

// manyAtOnce: one connector serves many callers, each with its own answer.
func manyAtOnce(t *testing.T, c Candidate, used connectors.Connector, citizen Citizen) {
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			answer, err := fetch(t, used, citizen.IDNumber, generosity)
			if err != nil || len(answer.Records) != 1 || answer.Records[0][c.NumberField] != citizen.IDNumber {
				t.Errorf("answer %v, error %v", answer, err)
			}
		})
	}
	all.Wait()
}

// notThere asks where nobody listens.
func notThere(t *testing.T, c Candidate, citizen Citizen) {
	connector := c.New(t, Sandbox{URL: "http://127.0.0.1:1"})
	answer, err := fetch(t, connector, citizen.IDNumber, generosity)
	judge(t, c, citizen, connectors.ErrUnavailable, answer, err)
}

// Subject makes an identity of a citizen's number.
func Subject(t testing.TB, number string) gateway.Identity {
	t.Helper()
	subject, err := gateway.ParseIdentity(gateway.CitizenID, number)
	if err != nil {
		t.Fatal(err)
	}
	return subject
}
