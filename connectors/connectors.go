package connectors

import (
	"context"
	"time"

	"kapok/gateway"
)

// Query is one question to a source: what do you hold about this subject?
type Query struct {
	Subject     gateway.Identity // checked; goes into the request's body and nowhere else
	Fields      []string         // catalogue names wanted, for protocols that can ask for fewer; may be ignored
	ServiceItem string           // 事项 code, for protocols that carry it
	CaseNo      string           // the case the data is for, for protocols that carry it
	Purpose     string           // the catalogue's code of what it is for (用证事由), for protocols that carry it
	Operator    Operator         // who asks, for protocols that carry it
	Right       Right            // by what right, for protocols that carry it
	SubjectRef  string           // Kapok's own reference of the subject, for sources that are Kapok itself; it leaves for nowhere
	RequestID   string           // links the source's log with ours; random, holds no personal data
}

// Operator is who asks (经办人), as Kapok's own record has them: by references, never by
// the name of a person.
type Operator struct {
	Department string // its id in the catalogue
	System     string // its id in the catalogue; the desk's where an officer asked at Kapok's own
	Officer    string // the department's reference of the officer; "" where nobody is named
}

// Right is the access basis that a question rests on. It was checked before; whoever is
// told of it takes it as the asker's word.
type Right struct {
	Kind      string // consent, statutory, …
	Provision string // law and article; "" where none is named
	Digest    string // SM3 of the basis's signed document, in hexadecimal digits
}

// Record is one record by the source's own field names, each value as text. A
// field that the source holds without a value is present and empty.
type Record map[string]string

// Answer is what the source said. No record is an answer too: the source holds
// nothing about the subject.
type Answer struct {
	Records    []Record
	AsOf       time.Time // when the source's data was true, in UTC; zero where the source does not say
	Signature  []byte    // the source's own signature over the body; nil where the protocol has none
	Cached     bool      // kept from an earlier question; AsOf then says of when it is
	Licence    string    // the stop marker of the licence that was answered with; "": none
	BodyDigest [32]byte  // SM3 of the raw body as received, kept as evidence of what was answered
	Origin     string    // where in the source the record stands, as its lineage is recorded; "" where that cannot be said
}

// Connector asks one source.
//
// Fetch obeys these rules, which the shared suite checks:
//   - it returns by the context's deadline, and is safe for concurrent use;
//   - every error matches exactly one of [ErrUnavailable], [ErrTimeout],
//     [ErrRefused], [ErrGarbage] by errors.Is;
//   - no error text holds a value of the query or of the answer;
//   - a record about anybody but the subject is [ErrGarbage], where the protocol
//     lets the connector see it;
//   - it reads a bounded answer, and sends a question a second time only where
//     the first was surely not answered: the source closed a kept connection
//     before a byte came back, or it did not accept the credentials.
type Connector interface {
	Fetch(ctx context.Context, q Query) (Answer, error)
}
