package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"kapok/cmd/kapok-sandbox/bureau"
	"kapok/cmd/kapok-sandbox/certshare"
	"kapok/cmd/kapok-sandbox/direct"
	"kapok/cmd/kapok-sandbox/drop"
	"kapok/cmd/kapok-sandbox/faults"
	"kapok/cmd/kapok-sandbox/idp"
	"kapok/cmd/kapok-sandbox/licenceapp"
	"kapok/cmd/kapok-sandbox/people"
	"kapok/cmd/kapok-sandbox/platform"
	"kapok/cmd/kapok-sandbox/receiver"
	"kapok/cmd/kapok-sandbox/tif"
	"kapok/cmd/kapok-sandbox/tsa"
)

// consumerKey is the public key of the trial's Kapok at the licence share service; its
// private key is a secret of the trial.
const consumerKey = "04200dcc0fd86904e620e8ec0b18d3dfff32a0e386fc6544ad70160200dc2654049022002edd1b518392b71d8a7d090e599d0063f2bf87e5a86695bd21ebdff31c"

type serveOptions struct {
	address    string
	publicURL  string
	parentDies bool
	citizens   int
	platform   platform.Config
	direct     direct.Config
	tif        tif.Config
	bureau     bureau.Config
	licences   licenceapp.Config
	share      certshare.Config
	drop       drop.Config
	client     idp.Client
}

func serveFlags(args []string) (serveOptions, error) {
	var o serveOptions
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.StringVar(&o.address, "address", "127.0.0.1:8641", "where to listen; port 0 takes a free one")
	flags.StringVar(&o.publicURL, "public-url", "", "how others reach it, also the OpenID issuer (default http://ADDRESS)")
	flags.BoolVar(&o.parentDies, "parent-dies", false, "stop when the process that started this one is gone")
	flags.IntVar(&o.citizens, "citizens", people.Named, "how many citizens to make up")
	flags.StringVar(&o.platform.RID, "rid", "rid-440106-kapok", "platform: Kapok's consumer id")
	flags.StringVar(&o.platform.AppKey, "app-key", "sandbox-app-key-440106", "platform: Kapok's own key")
	flags.StringVar(&o.platform.Cipher, "cipher", "cbc", "platform: how secrets are sealed, cbc or ecb")
	flags.DurationVar(&o.platform.SecretLife, "secret-life", 30*time.Minute, "platform: how long a lent secret serves")
	flags.StringVar(&o.direct.RID, "direct-rid", "rid-440106-direct", "data direct: Kapok's consumer id")
	flags.StringVar(&o.direct.AppKey, "direct-app-key", "sandbox-direct-key-440106", "data direct: Kapok's own key")
	flags.StringVar(&o.tif.PaasID, "paas-id", "kapok440106", "Guangdong's gateway: Kapok's paasid")
	flags.StringVar(&o.tif.Token, "paas-token", "sandbox-tif-token-440106", "Guangdong's gateway: Kapok's token")
	flags.StringVar(&o.bureau.APIKey, "bureau-key", "sandbox-bureau-key-440106", "a department's REST interface: Kapok's key")
	flags.StringVar(&o.licences.AppKey, "licence-app-key", "kapok440106", "province's e-licence system: Kapok's app key")
	flags.StringVar(&o.licences.AppSecret, "licence-app-secret", "sandbox-licence-secret-440106", "province's e-licence system: Kapok's app secret")
	flags.StringVar(&o.licences.Account, "licence-account", "kapok", "province's e-licence system: Kapok's account")
	flags.StringVar(&o.licences.Password, "licence-password", "sandbox-licence-password-440106", "province's e-licence system: Kapok's password")
	flags.StringVar(&o.share.AccessID, "share-id", "kapok440106", "province's licence share service: Kapok's access id")
	flags.StringVar(&o.share.AccessToken, "share-token", "sandbox-share-token-440106", "province's licence share service: Kapok's access token")
	flags.StringVar(&o.share.PublicKey, "share-public-key", consumerKey, "province's licence share service: Kapok's public key, 04‖X‖Y in hexadecimal digits")
	flags.StringVar(&o.drop.Address, "sftp", "", "a department's SFTP server: where to listen; none without")
	flags.StringVar(&o.drop.User, "sftp-user", "kapok", "a department's SFTP server: Kapok's account")
	flags.StringVar(&o.drop.Password, "sftp-password", "sandbox-sftp-440106", "a department's SFTP server: Kapok's password")
	flags.StringVar(&o.client.ID, "client-id", "kapok", "identity provider: Kapok's client id")
	flags.StringVar(&o.client.Secret, "client-secret", "", "identity provider: Kapok's client secret; without one, PKCE alone")
	flags.StringVar(&o.client.Redirect, "redirect", "http://127.0.0.1:8640/auth/callback", "identity provider: where Kapok takes people back")
	return o, parse(flags, args)
}

// serve runs until ctx ends. The first line it prints is its address.
func serve(ctx context.Context, args []string, out io.Writer) error {
	options, err := serveFlags(args)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", options.address)
	if err != nil {
		return err
	}
	defer listener.Close() // the server closes it too; this is for the ways out before it
	if options.publicURL == "" {
		options.publicURL = "http://" + listener.Addr().String()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	world, err := outsideWorld(ctx, options)
	if err != nil {
		return err
	}
	if options.parentDies {
		go stopWithParent(ctx, cancel)
	}
	fmt.Fprintln(out, options.publicURL)
	return serveUntil(ctx, listener, world)
}

// outsideWorld is everything on the one address.
func outsideWorld(ctx context.Context, o serveOptions) (http.Handler, error) {
	register, err := people.NewRegister(o.citizens)
	if err != nil {
		return nil, err
	}
	board := faults.NewBoard()
	o.platform.People, o.platform.Faults = register, board
	sharing, err := platform.New(o.platform)
	if err != nil {
		return nil, err
	}
	o.direct.People, o.direct.Faults = register, board
	o.tif.People, o.tif.Faults = register, board
	o.bureau.People, o.bureau.Faults = register, board
	o.licences.People, o.licences.Faults = register, board
	o.share.People, o.share.Faults = register, board
	shared, err := certshare.New(o.share)
	if err != nil {
		return nil, err
	}
	department, err := bureau.New(o.bureau)
	if err != nil {
		return nil, err
	}
	o.drop.People, o.drop.Faults = register, board
	dropped, err := drop.Start(ctx, o.drop)
	if err != nil {
		return nil, err
	}
	identities, err := idp.New(o.publicURL, o.client, register)
	if err != nil {
		return nil, err
	}
	stamps, err := tsa.New()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	board.Routes(mux)
	stamps.Routes(mux)
	receiver.New(o.publicURL).Routes(mux)
	sharing.Routes(mux)
	direct.New(o.direct).Routes(mux)
	tif.New(o.tif).Routes(mux)
	licenceapp.New(o.licences).Routes(mux)
	shared.Routes(mux)
	department.Routes(mux)
	dropped.Routes(mux)
	identities.Routes(mux)
	mux.HandleFunc("GET /_sandbox/alive", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return mux, nil
}

func serveUntil(ctx context.Context, listener net.Listener, world http.Handler) error {
	server := &http.Server{Handler: world, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(ending); errors.Is(err, context.DeadlineExceeded) {
		return server.Close() // somebody waits for a slow answer that was ordered
	} else if err != nil {
		return err
	}
	return nil
}

// stopWithParent cancels when the parent changes. Where the system can, the
// parent has asked for a signal at its death as well; this works everywhere.
func stopWithParent(ctx context.Context, cancel context.CancelFunc) {
	parent := os.Getppid()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if os.Getppid() != parent {
				cancel()
				return
			}
		}
	}
}
