package basis

import "time"

// beijing is where a birthday begins and ends.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// BandOf is the band of somebody born on a date, at a moment. A year of age is full
// from the day after the birthday on: the cautious of the two readings there are.
func BandOf(born, at time.Time) AgeBand {
	today := at.In(beijing)
	full := func(years int) bool {
		birthday := time.Date(born.Year()+years, born.Month(), born.Day()+1, 0, 0, 0, 0, beijing)
		return !today.Before(birthday)
	}
	switch {
	case full(18):
		return Adult
	case full(14):
		return Under18
	}
	return Under14
}
