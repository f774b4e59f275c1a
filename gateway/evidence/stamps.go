package evidence

// stamps checks the time-stamps.
func (run *verification) stamps() (string, error) {
	return "", errNothing("no time-stamp is in the bundle")
}
