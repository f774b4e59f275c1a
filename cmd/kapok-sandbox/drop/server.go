package drop

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// Start listens until ctx ends. Without an address there is no server.
func Start(ctx context.Context, config Config) (*Drop, error) {
	config.Faults.Announce(SID)
	// The register was left some minutes ago: what replaces it is newer, and still not
	// of the future.
	d := &Drop{config: config, began: time.Now().Truncate(time.Second).Add(-10 * time.Minute), sessions: map[io.Closer]bool{}}
	d.put("")
	if config.Address == "" {
		return d, nil
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", config.Address)
	if err != nil {
		return nil, err
	}
	d.address, d.hostKey = listener.Addr().String(), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
	context.AfterFunc(ctx, func() { _ = listener.Close(); d.hangUp(0) })
	admission := &ssh.ServerConfig{PasswordCallback: d.admit}
	admission.AddHostKey(key)
	go d.accept(listener, admission)
	return d, nil
}

func (d *Drop) accept(listener net.Listener, admission *ssh.ServerConfig) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return // closed
		}
		go d.serve(conn, admission)
	}
}

func (d *Drop) admit(meta ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rejects > 0 {
		d.rejects--
		return nil, errors.New("the account has expired")
	}
	if meta.User() != d.config.User || subtle.ConstantTimeCompare(password, []byte(d.config.Password)) != 1 {
		return nil, errors.New("wrong password")
	}
	return &ssh.Permissions{}, nil
}

// hangUp ends all sessions, and rejects the next sign-ins.
func (d *Drop) hangUp(rejects int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rejects += rejects
	for session := range d.sessions {
		_ = session.Close()
	}
	clear(d.sessions)
}

func (d *Drop) serve(conn net.Conn, admission *ssh.ServerConfig) {
	defer conn.Close()
	secured, channels, requests, err := ssh.NewServerConn(conn, admission)
	if err != nil {
		return
	}
	d.mu.Lock()
	d.sessions[conn] = true
	d.mu.Unlock()
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		if offered.ChannelType() != "session" {
			_ = offered.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go d.session(channel, asked)
	}
	_ = secured.Close()
}

// session takes the subsystem sftp and nothing else.
func (d *Drop) session(channel ssh.Channel, asked <-chan *ssh.Request) {
	for request := range asked {
		wanted := request.Type == "subsystem" && strings.HasSuffix(string(request.Payload), "sftp")
		_ = request.Reply(wanted, nil)
		if !wanted {
			continue
		}
		go ssh.DiscardRequests(asked)
		server := sftp.NewRequestServer(channel, sftp.Handlers{FileGet: d, FileList: d, FilePut: closed{}, FileCmd: closed{}})
		_ = server.Serve()
		_ = channel.Close()
		return
	}
}

// closed refuses to be written to.
type closed struct{}

// Filewrite refuses.
func (closed) Filewrite(*sftp.Request) (io.WriterAt, error) {
	return nil, sftp.ErrSSHFxPermissionDenied
}

// Filecmd refuses.
func (closed) Filecmd(*sftp.Request) error { return sftp.ErrSSHFxPermissionDenied }
