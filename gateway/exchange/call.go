package exchange

import (
	"net/http"
	"net/netip"
	"time"
)

// Call is a request as it arrived, before anything of it is believed.
type Call struct {
	Method    string
	TargetURI string // the public address, path and query as the caller signed them
	Header    http.Header
	Body      []byte
	TraceID   string     // 32 hex digits, for problems and logs
	Remote    netip.Addr // where it came from; the zero one is not known
}

// Release is what leaves: a signed response.
type Release struct {
	Status int
	Header http.Header
	Body   []byte
	System string // who called, for the log

	handed func(error)
}

// Handed tells the path what became of the bytes; whoever writes them calls it once.
// An error says that they may not have reached the caller, or only in part.
func (r Release) Handed(err error) {
	if r.handed != nil {
		r.handed(err)
	}
}

// Caller is a department's system that has proven itself.
type Caller struct {
	System     string // the system's id in the catalogue
	Department string
	KeyID      string // thumbprint of the key that signed
	Nonce      string
	Created    time.Time // when the caller says it signed
	Base       string    // what it signed: the signature base (RFC 9421 §2.5)
	Signature  []byte    // the request's signature, raw r‖s
	Door       string    // what admitted the caller: [deskDoor], [gatewayDoor], a facade's, who signed nothing, or [peerDoor]; "": a department's system signed this request
}
