package bench

import (
	"context"
	"crypto/rand"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"kapok/crypto/httpsig"
)

// unsigned is a request that its system is still to sign.
type unsigned struct {
	base, path string
	header     http.Header // beside those of the signature
	body       []byte
	system     int
	token      string
	status     int // what has to come back
}

// signedRequests signs a request for each number below count, on all processors, and
// as late as possible: a token lives a minute.
func signedRequests(ctx context.Context, systems []system, count int, draft func(number int) (unsigned, error)) (*magazine, error) {
	shots := make([]shot, count)
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for number := int(next.Add(1) - 1); number < count && ctx.Err() == nil; number = int(next.Add(1) - 1) {
				drafted, err := draft(number)
				if err != nil {
					return err
				}
				request, err := drafted.sign(ctx, systems[drafted.system])
				if err != nil {
					return err
				}
				shots[number] = shot{request: request, status: drafted.status}
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return &magazine{shots: shots}, nil
}

var covered = []httpsig.Component{{Name: "@method"}, {Name: "@target-uri"}, {Name: "content-digest"}, {Name: "authorization"}}

// sign makes the finished request, with a nonce of its own.
func (u unsigned) sign(ctx context.Context, s system) ([]byte, error) {
	header := u.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	header.Set("Authorization", "Bearer "+u.token)
	header.Set("Content-Digest", httpsig.ContentDigest(u.body))
	message := httpsig.Message{Method: http.MethodPost, TargetURI: u.base + u.path, Header: header}
	err := httpsig.Sign(ctx, message, httpsig.Params{
		Label: "sig1", Tag: "kapok", KeyID: s.keyID, Nonce: rand.Text(), Created: time.Now(), Covered: covered,
	}, s.key)
	if err != nil {
		return nil, err
	}
	return renderPost(u.base, u.path, header, u.body), nil
}

// renderPost writes a request as it goes over the wire.
func renderPost(base, path string, header http.Header, body []byte) []byte {
	request := make([]byte, 0, 1024+len(body))
	request = append(request, "POST "+path+" HTTP/1.1\r\nHost: "+hostOf(base)+"\r\n"...)
	for name, values := range header {
		for _, value := range values {
			request = append(request, name+": "+value+"\r\n"...)
		}
	}
	request = append(request, "Content-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"...)
	return append(request, body...)
}
