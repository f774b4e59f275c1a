package subscriptions

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/federation"
)

const (
	sendTime   = 10 * time.Second
	answerRead = 4 << 10 // bytes of an answer; nothing in it matters

	// The signature of a push (RFC 9421).
	pushLabel = "kapok"
	pushTag   = "kapok-push"
)

// Sender sends signed pushes. It follows no redirect, uses no proxy, and connects neither
// to this machine nor to link-local or multicast addresses, unless the registered address
// itself is such a number: a name that leads there is not believed.
type Sender struct {
	signing func() keys.Signing
	now     func() time.Time
	client  *http.Client
}

// NewSender makes a sender that signs with the operational key in force.
func NewSender(signing func() keys.Signing, now func() time.Time) *Sender {
	return &Sender{signing: signing, now: now, client: &http.Client{
		Timeout:       sendTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute},
	}}
}

// Send posts a body. An error says that the receiver did not take it, or may not have.
func (s *Sender) Send(ctx context.Context, address string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return gateway.Fail(gateway.Forbidden, "webhook-not-registered", "The registered address cannot be called.")
	}
	signing := s.signing()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Digest", httpsig.ContentDigest(body))
	req.Header.Set(federation.Certificates, federation.WriteChain(signing.Chain))
	message := httpsig.Message{Method: req.Method, TargetURI: address, Header: req.Header}
	if err := httpsig.Sign(ctx, message, httpsig.Params{
		Label: pushLabel, Tag: pushTag, Created: s.now(), Nonce: rand.Text(), KeyID: jose.NewJWK("", signing.Signer.Public()).Thumbprint(),
		Covered: []httpsig.Component{
			{Name: "@method"}, {Name: "@target-uri"}, {Name: "content-type"}, {Name: "content-digest"}, {Name: strings.ToLower(federation.Certificates)},
		},
	}, signing.Signer); err != nil {
		return gateway.Fail(gateway.Unavailable, "signing-failed", "The push could not be signed.").Because(err)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return gateway.Fail(gateway.Unavailable, "webhook-unreachable", "The receiver could not be reached, or did not answer in time.").Because(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, answerRead)) // so that the connection can serve again
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return gateway.Fail(gateway.Unavailable, "webhook-refused", "The receiver did not take the push.")
	}
	return nil
}

// dial holds the address that a name led to against what pushes never go to.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	_, notNumber := netip.ParseAddr(host)
	dialer := net.Dialer{Timeout: sendTime / 2, Control: func(_, found string, _ syscall.RawConn) error {
		if notNumber != nil && !mayReach(found) {
			return &net.AddrError{Err: "the name leads to an address that pushes never go to", Addr: host}
		}
		return nil
	}}
	return dialer.DialContext(ctx, network, address)
}

func mayReach(found string) bool {
	at, err := netip.ParseAddrPort(found)
	if err != nil {
		return false
	}
	ip := at.Addr().Unmap()
	return !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified() && !ip.IsMulticast() && !ip.IsInterfaceLocalMulticast()
}
