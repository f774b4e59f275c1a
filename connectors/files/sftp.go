package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"kapok/connectors"
	"kapok/connectors/settings"
)

// server is a store on an SFTP server. One connection serves all; it is made when it is
// needed, and again when it broke.
type server struct {
	address, folder string
	config          ssh.ClientConfig
	pinned          []byte

	mu     sync.Mutex
	client *sftp.Client
	under  net.Conn
}

func newServer(d declared, port int, secrets func(string) (string, error)) (*server, error) {
	key, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(d.hostKey))
	if err != nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("setting host_key is not one public key as OpenSSH writes it")
	}
	secret, err := settings.Secret("user_secret", d.userSecret, secrets)
	if err != nil {
		return nil, err
	}
	proof := ssh.Password(secret)
	if strings.HasPrefix(secret, "-----BEGIN ") {
		signer, err := ssh.ParsePrivateKey([]byte(secret))
		if err != nil {
			return nil, fmt.Errorf("setting user_secret: the secret is not a private key without passphrase")
		}
		proof = ssh.PublicKeys(signer)
	}
	return &server{
		address: net.JoinHostPort(d.host, strconv.Itoa(port)), folder: d.folder, pinned: key.Marshal(),
		config: ssh.ClientConfig{User: d.user, Auth: []ssh.AuthMethod{proof}, HostKeyAlgorithms: algorithms(key.Type())},
	}, nil
}

// algorithms of signatures by a key of one type.
func algorithms(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

func (s *server) list(ctx context.Context) ([]fs.FileInfo, error) {
	return with(ctx, s, func(c *sftp.Client) ([]fs.FileInfo, error) { return c.ReadDirContext(ctx, s.folder) })
}

func (s *server) open(ctx context.Context, name string) (file, error) {
	return with(ctx, s, func(c *sftp.Client) (file, error) {
		opened, err := c.Open(path.Join(s.folder, path.Base(name)))
		return remoteFile{ctx, s, c, opened}, err
	})
}

// with does one thing over the connection, and once more over a new one where the kept
// one had been closed.
func with[T any](ctx context.Context, s *server, do func(*sftp.Client) (T, error)) (T, error) {
	kept, fresh, err := s.connection(ctx)
	if err != nil {
		var none T
		return none, err
	}
	found, err := bounded(ctx, s, kept, func() (T, error) { return do(kept) })
	if err == nil || fresh || !lost(err) || ctx.Err() != nil {
		return found, storeFault(err)
	}
	if kept, _, err = s.connection(ctx); err != nil {
		return found, err
	}
	found, err = bounded(ctx, s, kept, func() (T, error) { return do(kept) })
	return found, storeFault(err)
}

// bounded returns by the deadline. A server that does not answer by then loses the
// connection, so that nobody waits behind the question.
func bounded[T any](ctx context.Context, s *server, client *sftp.Client, do func() (T, error)) (T, error) {
	type outcome struct {
		found T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		found, err := do()
		done <- outcome{found, err}
	}()
	select {
	case result := <-done:
		if lost(result.err) {
			s.drop(client)
		}
		return result.found, result.err
	case <-ctx.Done():
		s.drop(client)
		var none T
		return none, connectors.Lost(ctx, ctx.Err())
	}
}

func (s *server) drop(client *sftp.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == client {
		_ = s.under.Close() // whatever still waits on it ends
		s.client = nil
	}
}

func (s *server) connection(ctx context.Context) (client *sftp.Client, fresh bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		return s.client, false, nil
	}
	dialer := net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, false, connectors.Lost(ctx, err)
	}
	client, err = s.greet(ctx, conn)
	if err != nil {
		_ = conn.Close()
		return nil, false, err
	}
	s.client, s.under = client, conn
	return client, true, nil
}

// errHostKey is another machine than the pinned one, or somebody in between.
var errHostKey = fmt.Errorf("%w: the server's key is not the pinned one", connectors.ErrGarbage)

// greet proves both sides, within the deadline.
func (s *server) greet(ctx context.Context, conn net.Conn) (*sftp.Client, error) {
	if end, bounded := ctx.Deadline(); bounded {
		_ = conn.SetDeadline(end)
	}
	var known, wrong bool
	config := s.config
	config.HostKeyCallback = func(_ string, _ net.Addr, key ssh.PublicKey) error {
		known = bytes.Equal(key.Marshal(), s.pinned)
		wrong = !known
		if wrong {
			return errHostKey
		}
		return nil
	}
	secured, channels, requests, err := ssh.NewClientConn(conn, s.address, &config)
	if err != nil {
		return nil, greetingFault(ctx, err, known, wrong)
	}
	client, err := sftp.NewClient(ssh.NewClient(secured, channels, requests))
	if err != nil {
		return nil, connectors.Lost(ctx, err)
	}
	_ = conn.SetDeadline(time.Time{})
	return client, nil
}

func greetingFault(ctx context.Context, err error, known, wrong bool) error {
	var network net.Error
	switch {
	case wrong:
		return errHostKey
	case ctx.Err() != nil, errors.As(err, &network), errors.Is(err, io.EOF), !known:
		return connectors.Lost(ctx, err)
	}
	return fmt.Errorf("%w: the server does not admit the account", connectors.ErrRefused)
}

func lost(err error) bool {
	return errors.Is(err, sftp.ErrSSHFxConnectionLost) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe)
}

// remoteFile reads within the deadline of the question it was opened for.
type remoteFile struct {
	ctx    context.Context
	server *server
	client *sftp.Client
	file   *sftp.File
}

// ReadAt reads into a buffer of its own: one that the deadline left behind may still be
// written to.
func (r remoteFile) ReadAt(into []byte, from int64) (int, error) {
	type part struct {
		bytes []byte
		err   error
	}
	read, err := bounded(r.ctx, r.server, r.client, func() (part, error) {
		own := make([]byte, len(into))
		count, err := r.file.ReadAt(own, from)
		if errors.Is(err, io.EOF) {
			return part{own[:count], err}, nil
		}
		return part{own[:count], nil}, err
	})
	if err != nil {
		return 0, err
	}
	return copy(into, read.bytes), read.err
}

// Stat asks the server.
func (r remoteFile) Stat() (fs.FileInfo, error) {
	info, err := bounded(r.ctx, r.server, r.client, r.file.Stat)
	return named{info, path.Base(r.file.Name())}, err
}

// Close tells the server.
func (r remoteFile) Close() error {
	_, err := bounded(r.ctx, r.server, r.client, func() (struct{}, error) { return struct{}{}, r.file.Close() })
	return err
}

// named gives a file's attributes its name back: the server's answer has none.
type named struct {
	fs.FileInfo
	name string
}

// Name is the file's, without its folder.
func (n named) Name() string { return n.name }
