package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"kapok/gateway"
	"kapok/gateway/confirmation"
	"kapok/gateway/ledger"
	"kapok/policies"
)

// Confirmations asks for a second officer's word. AskConfirmation finds what stands for
// the same request, or opens it: one transaction with its entry.
type Confirmations interface {
	AskConfirmation(ctx context.Context, wanted confirmation.Confirmation) (found confirmation.Confirmation, pending string, err error)
}

// confirm holds a use to the duty second-approver: without another officer's word it is
// refused, and their word is asked for. One word is good for one use; it is used up
// with the intent, so exactly once over all nodes.
func (s *Service) confirm(ctx context.Context, u *use) error {
	if !u.owes(policies.SecondApprover) || u.confirmed.State == confirmation.Confirmed {
		return nil
	}
	wanted, err := s.toConfirm(u)
	if err != nil {
		return err
	}
	found, pending, err := s.confirmations.AskConfirmation(ctx, wanted)
	if err == nil && pending != "" {
		_, err = s.drain(ctx, pending)
	}
	if err != nil {
		return gateway.Fail(gateway.Unavailable, "store-unavailable", "The second officer could not be asked; try again.").Because(err)
	}
	u.confirmed = found
	switch {
	case found.State == confirmation.Refused:
		return awaiting(found, "second-approver-refused",
			"第二人未同意本次使用。 The second officer has refused this use.", "说明理由后另行申请。 Clear up why, then ask again when this refusal has run out.")
	case found.State == confirmation.Confirmed && !u.answered:
		return nil
	}
	return awaiting(found, "second-approver-needed",
		"规则要求第二人确认本次使用。 A policy asks for the confirmation of a second officer.",
		fmt.Sprintf("请本部门或提供部门的另一人在 24 小时内确认(POST /v1/confirmations/%s/events),再提出同一请求。 Have another person of your department or of the provider confirm it within 24 hours, then make the same request again.", found.ID))
}

func awaiting(c confirmation.Confirmation, code, says, remedy string) *gateway.Error {
	failure := gateway.Fail(gateway.Forbidden, code, says)
	failure.Remedy, failure.Confirmation = remedy, c.ID
	return failure
}

// toConfirm is the request as the second officer is asked about it.
func (s *Service) toConfirm(u *use) (confirmation.Confirmation, error) {
	asked := u.ask
	asked.Subject = AskedSubject{} // their random reference stands for the number
	request, err := json.Marshal(asked)
	if err != nil {
		return confirmation.Confirmation{}, err
	}
	now := s.now()
	return confirmation.Confirmation{
		ID: gateway.NewRef(), Digest: confirmation.Digest(u.resolved.SubjectRef, request), SubjectRef: u.resolved.SubjectRef,
		System: u.caller.System, Department: u.caller.Department, Provider: u.item.Provider,
		Item: u.item.Code, Fields: u.ask.Fields, Operation: u.ask.Operation, ServiceItem: u.ask.ServiceItem,
		CaseNo: u.ask.CaseNo, Purpose: u.ask.Purpose, OfficerRef: u.ask.OfficerRef,
		AskedAt: now, Expires: now.Add(confirmation.Life), State: confirmation.Pending,
	}, nil
}

// confirmationClaim uses the second officer's word up. It is remembered for longer than
// the word is good.
func (u *use) confirmationClaim() ledger.Claim {
	return ledger.Claim{
		Space: confirmationSpace, Owner: u.caller.System, Key: u.confirmed.ID, Ref: u.ref, Expires: u.confirmed.Expires.Add(time.Hour),
	}
}

const confirmationSpace = "confirmation"

func confirmationUsed() *gateway.Error {
	failure := gateway.Fail(gateway.Conflict, "confirmation-used", "The second officer's confirmation was used for another call.")
	failure.Remedy = "Make the request again; it is asked for anew."
	return failure
}
