package gateway_test

import (
	"strings"
	"testing"

	"kapok/gateway"
)

// Numbers are made up; where the document has a check character, it is right.
func TestDocumentsOfOthers(t *testing.T) {
	for _, one := range []struct {
		kind   gateway.IdentityType
		number string
		fits   bool
	}{
		{gateway.ResidencePermit, "810000199408230021", true},
		{gateway.ResidencePermit, "810000199408230022", false},
		{gateway.ResidencePermit, "11010519491231002X", false}, // a citizen's, not of 81, 82, 83
		{gateway.HongKongMacaoEntry, "H12345678", true},
		{gateway.HongKongMacaoEntry, "M1234567801", true},
		{gateway.HongKongMacaoEntry, "K12345678", false},
		{gateway.TaiwanPermit, "12345678", true},
		{gateway.TaiwanPermit, "1234567890(B)", true},
		{gateway.TaiwanPermit, "1234567", false},
		{gateway.Passport, "EA1234567", true},
		{gateway.Passport, "ea1", false},
		{gateway.PermanentResidence, "USA110165012345", true},
		{gateway.PermanentResidence, "911840198001010013", true},
		{gateway.PermanentResidence, "911840198001010011", false},
		{gateway.PermanentResidence, "811840198001010013", false},
	} {
		_, err := gateway.ParseIdentity(one.kind, one.number)
		if (err == nil) != one.fits {
			t.Errorf("%s %s: %v", one.kind, one.number, err)
		}
		if err != nil && strings.Contains(err.Error(), one.number) {
			t.Errorf("%s: the error holds the number", one.kind)
		}
	}
}
