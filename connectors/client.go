package connectors

import (
	"net"
	"net/http"
	"time"
)

// HTTPClient returns a client fit for asking sources: connections are kept and
// reused under load, a redirect is not followed (an identity number must not
// travel to an address nobody configured), no proxy is taken from the
// environment, and there is no time-out of its own, since each call brings its
// deadline in its context. Make one for a process and share it.
func HTTPClient() *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			MaxIdleConns:           1024,
			MaxIdleConnsPerHost:    256,
			IdleConnTimeout:        90 * time.Second,
			TLSHandshakeTimeout:    5 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: StayHere,
	}
}

// StayHere is a redirect policy: the redirect itself is the answer.
func StayHere(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
