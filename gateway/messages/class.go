package messages

import "time"

// Class is how long a message is kept.
type Class string

// The classes (access-basis: "Keep"). Each is the law's least, rounded up.
const (
	Security Class = "security" // network and security logs: at least 6 months (网络安全法 21)
	Use      Class = "use"      // provision and use records: at least 3 years (政务数据共享条例, 网络数据安全管理条例 12)
	Consent  Class = "consent"  // evidence of a consent: its life and 3 years after
)

// Until is how long a message of this class is kept that was made at the given time.
// life is the end of what it proves, for [Consent].
func (c Class) Until(made, life time.Time) time.Time {
	switch c {
	case Security:
		return made.AddDate(0, 6, 1)
	case Consent:
		if life.After(made) {
			made = life
		}
	case Use:
	}
	return made.AddDate(3, 0, 1)
}
