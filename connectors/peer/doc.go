// Package peer asks another Kapok: the city's, another district's.
//
// Both are members of one federation ([kapok/gateway/federation]); its list, which a
// keeper signs, says where the member is and which roots its keys chain to. A question is
// POST /v1/peers/exchanges, signed with this Kapok's operational key (RFC 9421, tag
// kapok-peer), its certificates beside it. The answer's signature covers the question's,
// so that no answer to another question passes, and it bears the receipt of the entry in
// the other's log: one without a receipt that verifies by the list's roots is garbage. No
// receipt, no release holds from end to end.
//
// The other Kapok decides for itself: by its grants for this one, and by an access basis of
// its own. What stands here, department, officer, matter, case, purpose and basis, goes
// along and is recorded there.
//
// It must not know what this Kapok decided on, nor keep anything of an answer.
package peer
