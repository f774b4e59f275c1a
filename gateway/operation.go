package gateway

// Operation is what a caller may do with a data item, least first.
type Operation string

// The operations, from "is it so?" to "give me the whole copy".
const (
	Verify    Operation = "VERIFY"    // the value given by the caller is compared; only true or false leaves
	Predicate Operation = "PREDICATE" // a condition over the value; only true or false leaves
	View      Operation = "VIEW"      // the value leaves, to be looked at for this case
	Copy      Operation = "COPY"      // the value leaves, to be kept with this case
)

// Operations lists every operation, least first.
func Operations() []Operation { return []Operation{Verify, Predicate, View, Copy} }

// Known reports whether o is one of [Operations].
func (o Operation) Known() bool {
	for _, known := range Operations() {
		if o == known {
			return true
		}
	}
	return false
}
