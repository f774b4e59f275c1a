package evidence

import "errors"

// stamps checks the time-stamps.
func (run *verification) stamps() (string, error) {
	if len(run.bundle.Stamps) > 0 {
		return "", errors.New("time-stamps are not verified by this release")
	}
	return "", errNothing("no time-stamp is in the bundle")
}
