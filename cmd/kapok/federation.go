package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"kapok/catalog"
	"kapok/connectors/peer"
	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway/federation"
)

// peerProtocol is how the catalogue names sources that are other Kapoks.
const peerProtocol = "kapok"

// ownFederation is this node's place in a federation: whose signature it believes under
// the list of members, and the list in force.
type ownFederation struct {
	member   string
	keepers  []federation.Keeper
	verifier *sm.Verifier
	inForce  atomic.Pointer[federation.List]
}

func openFederation(c federationConfig, verifier *sm.Verifier) (*ownFederation, error) {
	f := &ownFederation{member: c.Member, verifier: verifier}
	for _, path := range c.Keepers {
		key, err := readJWK(path)
		if err != nil {
			return nil, fmt.Errorf("configuration: federation.keepers: %w", err)
		}
		f.keepers = append(f.keepers, federation.Keeper{Key: key})
	}
	return f, nil
}

// self is this Kapok as a member; the zero one where it is none.
func (f *ownFederation) self(signing func() keys.Signing) peer.Self {
	if f.member == "" {
		return peer.Self{}
	}
	return peer.Self{ID: f.member, Signing: signing, Members: f.inForce.Load, Now: time.Now}
}

// membersOf opens the list that a catalogue carries; nil where it carries none. What
// names a member that the list does not have refuses the catalogue.
func (f *ownFederation) membersOf(directory *catalog.Catalog) (list *federation.List, err error) {
	for carried := range directory.Federations() {
		if f.member == "" {
			return nil, fmt.Errorf("federation %s: this node's configuration names no keeper of it", carried.ID)
		}
		if list, err = federation.Open([]byte(carried.Members), carried.Signature, f.keepers, f.verifier); err != nil {
			return nil, err
		}
		if list.Federation != carried.ID || !list.Holds(f.member) {
			return nil, fmt.Errorf("federation %s: the list is of another federation, or this Kapok is not on it", carried.ID)
		}
	}
	for system := range directory.Systems() {
		if system.Peer != nil && !list.Holds(system.Peer.Member) {
			return nil, fmt.Errorf("system %s: the federation's list has no member %s", system.ID, system.Peer.Member)
		}
	}
	for item := range directory.Items() {
		connection, served := directory.Connection(item.Code)
		if served && connection.Protocol == peerProtocol && !list.Holds(connection.Settings["member"]) {
			return nil, fmt.Errorf("item %s: the federation's list has no member %s", item.Code, connection.Settings["member"])
		}
	}
	return list, nil
}

// follows reports why a catalogue's list may not take the place of another's.
func (f *ownFederation) follows(before, after *catalog.Catalog) error {
	old, err := f.membersOf(before)
	if err != nil {
		return nil //nolint:nilerr // what cannot be read is in nobody's way
	}
	list, err := f.membersOf(after)
	if err != nil {
		return err
	}
	return list.Follows(old)
}

// opens reports whether a catalogue could be taken over.
func (n *node) opens(directory *catalog.Catalog) error {
	if _, err := n.federation.membersOf(directory); err != nil {
		return err
	}
	if err := checkPulls(directory, n.workshop.world.Secrets); err != nil {
		return err
	}
	return n.workshop.check(directory)
}
