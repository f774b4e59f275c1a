package gateway

// Account is somebody who is signed in. Ref is the identity provider's name for them,
// SubjectRef their own random reference where the provider vouches for their identity
// number; "" otherwise.
type Account struct {
	Ref        string
	SubjectRef string
}

// Same reports whether two accounts are one person's. Where something needs two people,
// two accounts of one do not make them.
func (a Account) Same(other Account) bool {
	return a.Ref != "" && a.Ref == other.Ref || a.SubjectRef != "" && a.SubjectRef == other.SubjectRef
}
