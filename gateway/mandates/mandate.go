package mandates

import (
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
)

// Kind is what makes somebody act for another.
type Kind string

// The kinds.
const (
	Agent    Kind = "AGENT"    // a person appoints them (民法典 161)
	Guardian Kind = "GUARDIAN" // of a minor or of an adult who needs one (民法典 27, 28), as registered
)

// Power is what a mandate lets somebody do.
type Power string

// The powers.
const (
	View      Power = "VIEW"      // see what waits, what was granted and who looked
	Authorise Power = "AUTHORISE" // agree, refuse, let wait, resume
	Withdraw  Power = "WITHDRAW"  // withdraw and pause
)

// Powers lists every power.
func Powers() []Power { return []Power{View, Authorise, Withdraw} }

// State is where a mandate stands.
type State string

// The states. A mandate whose time is over is Ended, also before anybody wrote so.
const (
	Proposed State = "PROPOSED" // by one officer; another has to confirm it
	Active   State = "ACTIVE"
	Ended    State = "ENDED"
)

// Mandate is one person's right to act for another.
type Mandate struct {
	ID        string // 32 hex digits
	Kind      Kind
	Principal string // subject_ref
	Agent     string // subject_ref
	Matters   []string
	Powers    []Power
	From      time.Time
	Until     time.Time // exclusive
	Minor     bool      // of a guardian: the principal is under 18
	Evidence  string    // of a guardian: SM3 of the document that shows it, 64 hex digits
	Assertion string    // of an agent: SM3 of the assertion by which the principal signed in for exactly this
	Proposer  gateway.Account
	Second    string // the officer who confirmed it
	State     State
	EndedAt   time.Time
	EndedBy   string // agent, principal, staff, time
}

const (
	agentLife    = 30 * 24 * time.Hour
	guardianLife = 366 * 24 * time.Hour
	maxMatters   = 10
)

// rules are read top to bottom; the first that does not hold is reported.
var rules = []struct {
	field, says string
	holds       func(m Mandate) bool
}{
	{"/agent", "the agent is another person than the principal", func(m Mandate) bool { return m.Agent != m.Principal }},
	{"/matters", "1 to 10 matters, none twice", func(m Mandate) bool { return once(m.Matters) && len(m.Matters) <= maxMatters }},
	{"/powers", "at least one of VIEW, AUTHORISE, WITHDRAW, none twice", func(m Mandate) bool {
		return once(m.Powers) && !slices.ContainsFunc(m.Powers, func(p Power) bool { return !slices.Contains(Powers(), p) })
	}},
	{"/until", "it ends after it begins", func(m Mandate) bool { return m.Until.After(m.From) }},
	{"/until", "an agent's mandate lasts 30 days at most", func(m Mandate) bool { return m.Kind != Agent || m.Until.Sub(m.From) <= agentLife }},
	{"/until", "a guardian's mandate lasts a year at most, and is registered anew", func(m Mandate) bool { return m.Kind != Guardian || m.Until.Sub(m.From) <= guardianLife }},
	{"/evidence", "a guardian shows a document: its SM3 in 64 hexadecimal digits", func(m Mandate) bool { return m.Kind != Guardian || hex64(m.Evidence) }},
}

func (m Mandate) check() error {
	for _, rule := range rules {
		if !rule.holds(m) {
			return refused(rule.field, rule.says)
		}
	}
	return nil
}

func once[T comparable](list []T) bool {
	for i, one := range list {
		if slices.Contains(list[:i], one) {
			return false
		}
	}
	return len(list) > 0
}

func hex64(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == sm.Size && hex.EncodeToString(raw) == text
}

// StateAt is its state at a moment: time ends it by itself.
func (m Mandate) StateAt(now time.Time) State {
	if m.State == Active && !now.Before(m.Until) {
		return Ended
	}
	return m.State
}

// Text is what the principal reads and signs in for: whom they appoint for what. matters
// are the names of the matters; agent is how the principal named the agent, for people; the mark
// is of exactly this agent for exactly this principal. The same wish is the same text.
func (m Mandate) Text(agent string, matters []string) string {
	words := make([]string, len(m.Powers))
	for i, power := range m.Powers {
		words[i] = powerWords[power]
	}
	return fmt.Sprintf("委托谁:%s(标识 %s)\n代办哪些事项:%s\n可以做什么:%s\n到什么时候:%s(北京时间)之前\n受托人不得转委托。每次代办都会记入您的记录,您随时可以一键终止;终止后经其同意的授权随即失效。",
		agent, m.mark(), strings.Join(matters, "、"), strings.Join(words, "、"), m.Until.In(time.FixedZone("CST", 8*60*60)).Format("2006-01-02 15:04"))
}

const markDomain = sm.Domain("kapok/mandate-agent/v1")

// mark binds the text to one agent without showing anybody's reference.
func (m Mandate) mark() string {
	digest := sm.Sum(markDomain.Message([]byte(m.Principal)), []byte(m.Agent))
	return hex.EncodeToString(digest[:8])
}

var powerWords = map[Power]string{View: "查看", Authorise: "代为同意或者拒绝", Withdraw: "代为撤回或者暂停"}

// Digest is the SM3 of a text, 64 hex digits: what a sign-in is for.
func Digest(text string) string {
	digest := sm.Sum([]byte(text))
	return hex.EncodeToString(digest[:])
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
