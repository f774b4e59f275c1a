package bench

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// connection speaks as much HTTP/1.1 as it takes to send a finished request and to
// find the end of the answer. It is there so that the generator costs little of the
// processors that are measured.
type connection struct {
	conn   net.Conn
	buffer []byte
}

const (
	firstBuffer = 16 << 10
	maxAnswer   = 4 << 20 // bytes of head and body
)

// dial connects to a loopback address; everything on it has to be over by deadline.
func dial(address string, deadline time.Time) (*connection, error) {
	if err := mustBeLoopback(address); err != nil {
		return nil, err
	}
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &connection{conn: conn, buffer: make([]byte, firstBuffer)}, nil
}

// mustBeLoopback refuses to load any machine but this one.
func mustBeLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return errors.New("bench: load is sent to loopback addresses only")
	}
	return nil
}

func (c *connection) close() { _ = c.conn.Close() } // nothing is lost with it

// exchange sends a request and returns the whole answer, which is good until the
// next call.
func (c *connection) exchange(request []byte) (status int, answer []byte, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	filled := 0
	for end := 0; ; {
		if filled == len(c.buffer) && !c.grow() {
			return 0, nil, errors.New("bench: an answer longer than can be")
		}
		n, err := c.conn.Read(c.buffer[filled:])
		if err != nil {
			return 0, nil, err
		}
		filled += n
		if end == 0 {
			end = headEnd(c.buffer[:filled])
		}
		if end == 0 {
			continue
		}
		complete, err := answerEnds(c.buffer[:filled], end)
		if err != nil {
			return 0, nil, err
		}
		if complete {
			break
		}
	}
	return statusOf(c.buffer[:filled]), c.buffer[:filled], nil
}

func (c *connection) grow() bool {
	if len(c.buffer) >= maxAnswer {
		return false
	}
	c.buffer = append(c.buffer, make([]byte, len(c.buffer))...)
	return true
}

// headEnd is where the body begins, or 0 while the head is not complete.
func headEnd(answer []byte) int {
	if at := bytes.Index(answer, []byte("\r\n\r\n")); at >= 0 {
		return at + 4
	}
	return 0
}

var chunkedEnd = []byte("0\r\n\r\n") // of a chunked body without trailers

// answerEnds reports whether the body has arrived, by Content-Length or by the last
// chunk. Nothing may follow it: no second request is under way.
func answerEnds(answer []byte, end int) (bool, error) {
	if length, ok := field(answer[:end], "content-length:"); ok {
		size, err := strconv.Atoi(string(length))
		if err != nil || len(answer)-end > size {
			return false, errors.New("bench: an answer whose length is wrong")
		}
		return len(answer)-end == size, nil
	}
	if coding, ok := field(answer[:end], "transfer-encoding:"); ok && bytes.Equal(coding, []byte("chunked")) {
		return bytes.HasSuffix(answer[end:], chunkedEnd), nil
	}
	return false, errors.New("bench: an answer without a length")
}

// field finds a header field; name is in lower case and ends with a colon.
func field(head []byte, name string) ([]byte, bool) {
	for len(head) > 0 {
		line, rest, _ := bytes.Cut(head, []byte("\r\n"))
		if len(line) > len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return bytes.TrimSpace(line[len(name):]), true
		}
		head = rest
	}
	return nil, false
}

// statusOf reads "HTTP/1.1 200 …"; 0 for anything else.
func statusOf(answer []byte) int {
	if len(answer) < 12 || !bytes.HasPrefix(answer, []byte("HTTP/1.1 ")) {
		return 0
	}
	status, err := strconv.Atoi(string(answer[9:12]))
	if err != nil {
		return 0
	}
	return status
}
