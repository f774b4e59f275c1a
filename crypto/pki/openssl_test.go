package pki_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kapok/crypto/pki"
)

// openSSL runs the real binary in one folder.
type openSSL struct {
	t      *testing.T
	folder string
}

const distID = "distid:1234567812345678"

func newOpenSSL(t *testing.T) openSSL {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed: what we make is not checked against it")
	}
	return openSSL{t, t.TempDir()}
}

func (o openSSL) try(args ...string) (string, error) {
	command := exec.Command("openssl", args...)
	command.Dir = o.folder
	out, err := command.CombinedOutput()
	return string(out), err
}

func (o openSSL) run(args ...string) string {
	o.t.Helper()
	out, err := o.try(args...)
	if err != nil {
		o.t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (o openSSL) write(name string, contents []byte) {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.folder, name), contents, 0o600); err != nil {
		o.t.Fatal(err)
	}
}

func (o openSSL) readDER(name string) []byte {
	o.t.Helper()
	contents, err := os.ReadFile(filepath.Join(o.folder, name))
	if err != nil {
		o.t.Fatal(err)
	}
	block, _ := pem.Decode(contents)
	if block == nil {
		o.t.Fatalf("%s is not PEM", name)
	}
	return block.Bytes
}

// OpenSSL 3.0 gives the identifier of -vfyopt to the first certificate only, so it
// is asked link by link.
func TestOpenSSLAcceptsOurChains(t *testing.T) {
	o := newOpenSSL(t)
	root := newRoot(t)
	middle := root.issue(t, pki.Request{Name: "中间", Usage: pki.Authority})
	o.write("root.pem", pki.PEM(root.cert.Raw))
	o.write("middle.pem", pki.PEM(middle.cert.Raw))
	o.verify("root.pem", "middle.pem")
	for _, usage := range []pki.Usage{pki.Operational, pki.Department, pki.Seal} {
		leaf := middle.issue(t, pki.Request{Name: "测试" + string(usage), Usage: usage})
		o.write("leaf.pem", pki.PEM(leaf.cert.Raw))
		o.verify("middle.pem", "leaf.pem")
		text := o.run("x509", "-in", "leaf.pem", "-noout", "-text", "-nameopt", "utf8")
		for _, wanted := range []string{"SM2-with-SM3", "Digital Signature", "2.25.185079505149225106439197064153411032899."} {
			if !strings.Contains(text, wanted) {
				t.Errorf("openssl does not read %q in\n%s", wanted, text)
			}
		}
	}
}

func (o openSSL) verify(issuer, certificate string) {
	o.t.Helper()
	at := strconv.FormatInt(noon.Unix(), 10)
	o.run("verify", "-x509_strict", "-partial_chain", "-attime", at, "-vfyopt", distID, "-trusted", issuer, certificate)
}

func TestOpenSSLRefusesAChangedCertificate(t *testing.T) {
	o := newOpenSSL(t)
	root := newRoot(t)
	leaf := root.issue(t, pki.Request{Name: "d", Usage: pki.Department})
	changed := bytes.Replace(leaf.cert.Raw, leaf.cert.Serial.Bytes(), make([]byte, len(leaf.cert.Serial.Bytes())), 1)
	o.write("root.pem", pki.PEM(root.cert.Raw))
	o.write("leaf.pem", pki.PEM(changed))
	if out, err := o.try("verify", "-no_check_time", "-vfyopt", distID, "-CAfile", "root.pem", "leaf.pem"); err == nil {
		t.Errorf("openssl does not check what we think it checks: %s", out)
	}
}

func TestOpenSSLReadsOurLists(t *testing.T) {
	o := newOpenSSL(t)
	root := newRoot(t)
	leaf := root.issue(t, pki.Request{Name: "d", Usage: pki.Department})
	o.write("root.pem", pki.PEM(root.cert.Raw))
	o.write("leaf.pem", pki.PEM(leaf.cert.Raw))
	list := newList(t, root, noon.Add(-time.Hour), noon.Add(time.Hour), pki.Revocation{Serial: leaf.cert.Serial, At: noon.Add(-time.Hour), Reason: pki.Superseded})
	o.write("list.pem", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list.Raw}))
	text := o.run("crl", "-in", "list.pem", "-noout", "-text")
	for _, wanted := range []string{"SM2-with-SM3", leaf.cert.SerialHex(), "Superseded"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("openssl does not read %q in\n%s", wanted, text)
		}
	}
}

func TestOpenSSLReadsOurRequests(t *testing.T) {
	o := newOpenSSL(t)
	der, err := pki.NewSigningRequest(t.Context(), newKey(t), "测试系统")
	if err != nil {
		t.Fatal(err)
	}
	o.write("request.der", der)
	o.run("req", "-inform", "DER", "-in", "request.der", "-verify", "-noout", "-vfyopt", distID)
}

func TestWeAcceptOpenSSLsChains(t *testing.T) {
	o := newOpenSSL(t)
	root, leaf := opensslChain(o)
	now := time.Now()
	if err := pki.VerifyChain(verifier(), "test", leaf, nil, []*pki.Certificate{root}, now); err != nil {
		t.Fatal(err)
	}
	if leaf.CommonName() != "测试局" {
		t.Errorf("common name %q", leaf.CommonName())
	}
	if err := leaf.RequireUsage(pki.Department); !errors.Is(err, pki.ErrUsage) {
		t.Errorf("a certificate without Kapok's mark passed for a department's: %v", err)
	}
	list := opensslList(o)
	if err := pki.VerifyChain(verifier(), "test", leaf, nil, []*pki.Certificate{root}, now.Add(time.Minute), list); !errors.Is(err, pki.ErrRevoked) {
		t.Errorf("OpenSSL's list was not honoured: %v", err)
	}
	request, err := pki.ParseSigningRequest(verifier(), "test", o.readDER("leaf.csr"))
	if err != nil || request.Subject.CommonName() != "测试局" {
		t.Errorf("OpenSSL's request: %+v, %v", request, err)
	}
}

func opensslChain(o openSSL) (root, leaf *pki.Certificate) {
	o.t.Helper()
	for _, name := range []string{"root", "leaf"} {
		o.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", name+".key")
	}
	o.write("ext.cnf", []byte("keyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"))
	o.run("req", "-x509", "-new", "-key", "root.key", "-sm3", "-sigopt", distID, "-days", "30", "-utf8", "-subj", "/C=CN/CN=测试根",
		"-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", "root.pem")
	o.run("req", "-new", "-key", "leaf.key", "-sm3", "-sigopt", distID, "-utf8", "-subj", "/C=CN/CN=测试局", "-out", "leaf.csr")
	o.run("x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-sm3",
		"-vfyopt", distID, "-sigopt", distID, "-days", "10", "-extfile", "ext.cnf", "-out", "leaf.pem")
	return parse(o.t, o.readDER("root.pem"), nil), parse(o.t, o.readDER("leaf.pem"), nil)
}

func opensslList(o openSSL) *pki.CRL {
	o.t.Helper()
	o.write("index.txt", nil)
	o.write("ca.cnf", []byte("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sm3\ndefault_crl_days=5\ncrlnumber=number\n"))
	o.write("number", []byte("01\n"))
	o.run("ca", "-config", "ca.cnf", "-keyfile", "root.key", "-cert", "root.pem", "-revoke", "leaf.pem")
	o.run("ca", "-config", "ca.cnf", "-keyfile", "root.key", "-cert", "root.pem", "-gencrl", "-sigopt", distID, "-out", "list.pem")
	list, err := pki.ParseCRL(o.readDER("list.pem"))
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}
