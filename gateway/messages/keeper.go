package messages

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
)

// Store keeps wrapped keys.
type Store interface {
	// PersonKey returns the wrapped key of owner; nil when there is none.
	PersonKey(ctx context.Context, owner string, use keys.Use) (keys.WrappedKey, error)
	// KeepPersonKey stores a key unless one stands, and returns the one that does.
	KeepPersonKey(ctx context.Context, owner string, use keys.Use, wrapped keys.WrappedKey) (keys.WrappedKey, error)
}

// Keeper encrypts and opens messages. It is safe for concurrent use.
type Keeper struct {
	persons *keys.Persons
	store   Store
	now     func() time.Time
	known   cache
}

// New makes a keeper.
func New(persons *keys.Persons, store Store, now func() time.Time) *Keeper {
	return &Keeper{persons: persons, store: store, now: now, known: cache{keys: map[string]held{}}}
}

const (
	layout       = 1
	wrappedKey   = 12 + sm.KeySize + 16 // nonce, key, tag
	sealedHeader = 1 + wrappedKey
	sealedDomain = "kapok/message/v1\x00"

	// ServiceKey is the use of the keys that wrap what concerns nobody. One serves
	// for a month; destroying it ends the month's messages at once.
	ServiceKey keys.Use = "service"
)

// ServiceOwner names the service's key of a month.
func ServiceOwner(at time.Time) string { return "service:" + at.UTC().Format("2006-01") }

// Seal encrypts a message for the entry that it proves. subjectRef "" concerns
// nobody. When the key cannot be had the error is Unavailable, messages-unavailable:
// what cannot be proved later is not to be done.
func (k *Keeper) Seal(ctx context.Context, subjectRef string, class Class, message []byte) (*ledger.Attachment, error) {
	now := k.now()
	owner := subjectRef
	if owner == "" {
		owner = ServiceOwner(now)
	}
	sealed, err := k.seal(ctx, owner, class, message)
	if err != nil {
		return nil, gateway.Fail(gateway.Unavailable, "messages-unavailable", "The key that seals the evidence of this call could not be had; try again.").Because(err)
	}
	return &ledger.Attachment{Owner: owner, Class: string(class), Until: class.Until(now, time.Time{}), Sealed: sealed}, nil
}

// seal writes layout ‖ the record's key, wrapped by the owner's ‖ the message,
// encrypted with the record's; both parts are bound to owner and class.
func (k *Keeper) seal(ctx context.Context, owner string, class Class, message []byte) ([]byte, error) {
	owned, err := k.ownersKey(ctx, owner)
	if err != nil {
		return nil, err
	}
	var record [sm.KeySize]byte
	rand.Read(record[:]) // never fails: it ends the program instead
	bound := place(owner, class)
	wrapped, err := owned.Seal(record[:], bound)
	if err != nil {
		return nil, err
	}
	sealed, err := sm.SealGCM(record[:], message, bound)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, sealedHeader+len(sealed))
	out = append(out, layout)
	out = append(out, wrapped...)
	return append(out, sealed...), nil
}

// ErrSealed says that a message was altered, or is another's.
var ErrSealed = errors.New("messages: the sealed message was changed, or is another owner's")

// Open decrypts a message. [keys.ErrDestroyed] when the owner's key is gone: erased,
// or its time has ended.
func (k *Keeper) Open(ctx context.Context, owner string, class Class, sealed []byte) ([]byte, error) {
	if len(sealed) <= sealedHeader || sealed[0] != layout {
		return nil, ErrSealed
	}
	wrapped, err := k.store.PersonKey(ctx, owner, useOf(owner))
	if err != nil {
		return nil, err
	}
	if wrapped == nil {
		return nil, keys.ErrDestroyed
	}
	owned, err := k.persons.Open(ctx, useOf(owner), owner, wrapped)
	if err != nil {
		return nil, err
	}
	defer owned.Forget()
	bound := place(owner, class)
	record, err := owned.Open(sealed[1:sealedHeader], bound)
	if err != nil {
		return nil, ErrSealed
	}
	message, err := sm.OpenGCM(record, sealed[sealedHeader:], bound)
	if err != nil {
		return nil, ErrSealed
	}
	return message, nil
}

func place(owner string, class Class) []byte {
	bound := append([]byte(sealedDomain), class...)
	return append(append(bound, 0), owner...)
}

// useOf: a subject_ref has no colon.
func useOf(owner string) keys.Use {
	if len(owner) > len("service:") && owner[:len("service:")] == "service:" {
		return ServiceKey
	}
	return keys.RecordKey
}

// ownersKey is the owner's key, made where there is none.
func (k *Keeper) ownersKey(ctx context.Context, owner string) (*keys.PersonKey, error) {
	if key := k.known.find(owner, k.now()); key != nil {
		return key, nil
	}
	use := useOf(owner)
	wrapped, err := k.store.PersonKey(ctx, owner, use)
	if err != nil {
		return nil, err
	}
	if wrapped == nil {
		if wrapped, err = k.makeKey(ctx, owner, use); err != nil {
			return nil, err
		}
	}
	key, err := k.persons.Open(ctx, use, owner, wrapped)
	if err != nil {
		return nil, err
	}
	k.known.keep(owner, key, k.now())
	return key, nil
}

func (k *Keeper) makeKey(ctx context.Context, owner string, use keys.Use) (keys.WrappedKey, error) {
	offered, key, err := k.persons.Create(use, owner)
	if err != nil {
		return nil, err
	}
	key.Forget()
	wrapped, err := k.store.KeepPersonKey(ctx, owner, use, offered)
	if err == nil && wrapped == nil {
		err = fmt.Errorf("messages: a key that was stored is not there")
	}
	return wrapped, err
}
