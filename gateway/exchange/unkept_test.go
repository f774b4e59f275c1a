package exchange

import (
	"testing"

	"kapok/gateway"
	"kapok/policies"
)

// TestADutyThatCannotBeKeptReleasesNothing: it is not dropped in silence.
func TestADutyThatCannotBeKeptReleasesNothing(t *testing.T) {
	kept := policies.Decision{Allowed: true, Obligations: []string{"notify", "mask:phone", "watermark"}}
	if err := unkept(kept); err != nil {
		t.Error(err)
	}
	kept.Obligations = append(kept.Obligations, policies.SecondApprover)
	if err := unkept(kept); err == nil || gateway.AsError(err).Kind != gateway.NotBuilt {
		t.Errorf("a second approver was asked for and not missed: %v", err)
	}
}
