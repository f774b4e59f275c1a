package pki

import (
	"context"
	"crypto/rand"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/sm"
)

// Request asks for one certificate.
type Request struct {
	Name         string // the subject's common name, 1 to 64 characters
	Organization string // may be ""
	Usage        Usage
	From, To     time.Time // cut to whole seconds; must lie within the issuer's life
	Public       *sm.PublicKey
	MaxPath      int // for [Authority]: how many authorities may stand below it
}

const (
	maxNameRunes = 64 // ub-common-name, RFC 5280, A.1
	keyIDLength  = 20
)

// NewRoot makes a self-signed root whose key is signer's, with room for one
// authority below it.
func NewRoot(ctx context.Context, signer sm.Signer, name string, from, to time.Time) ([]byte, error) {
	request := Request{Name: name, Usage: Authority, From: from, To: to, Public: signer.Public(), MaxPath: 1}
	template, err := request.template()
	if err != nil {
		return nil, err
	}
	return create(ctx, template, template, signer.Public(), signer)
}

// Issue makes the certificate that r asks for. ca and caSigner belong together;
// the certificate cannot outlive ca, and an operational one lives at most
// [MaxOperational].
func Issue(ctx context.Context, ca *Certificate, caSigner sm.Signer, r Request) ([]byte, error) {
	if err := mayIssue(ca, caSigner, r); err != nil {
		return nil, err
	}
	template, err := r.template()
	if err != nil {
		return nil, err
	}
	parent := &smx509.Certificate{RawSubject: ca.RawSubject, SubjectKeyId: ca.SubjectKeyID}
	return create(ctx, template, parent, r.Public, caSigner)
}

func mayIssue(ca *Certificate, caSigner sm.Signer, r Request) error {
	if err := ca.RequireUsage(Authority); err != nil {
		return err
	}
	public, err := ca.PublicKey()
	if err != nil {
		return err
	}
	if !public.Equal(caSigner.Public()) {
		return errors.New("pki: the issuer's certificate and key do not belong together")
	}
	if len(ca.SubjectKeyID) == 0 {
		return errors.New("pki: the issuer's certificate has no subject key identifier")
	}
	if r.From.Truncate(time.Second).Before(ca.NotBefore) || r.To.After(ca.NotAfter) {
		return errors.New("pki: the certificate would reach beyond its issuer's life")
	}
	if r.Usage == Authority && ca.MaxPath >= 0 && r.MaxPath >= ca.MaxPath {
		return errors.New("pki: the issuer's path length leaves no room for this authority")
	}
	return nil
}

func (r Request) template() (*smx509.Certificate, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &smx509.Certificate{
		SerialNumber:          serial,
		Subject:               r.subject(),
		NotBefore:             r.From.UTC().Truncate(time.Second),
		NotAfter:              r.To.UTC().Truncate(time.Second),
		KeyUsage:              smx509.KeyUsage(keyUsages[r.Usage]),
		BasicConstraintsValid: true,
		SubjectKeyId:          keyID(r.Public),
	}
	if r.Usage == Authority {
		template.IsCA = true
		template.MaxPathLen, template.MaxPathLenZero = r.MaxPath, true
		return template, nil
	}
	mark, err := usageExtension(r.Usage)
	template.ExtraExtensions = []pkix.Extension{mark}
	return template, err
}

func (r Request) check() error {
	if runes := len([]rune(r.Name)); runes == 0 || runes > maxNameRunes {
		return fmt.Errorf("pki: the name must have 1 to %d characters", maxNameRunes)
	}
	if len([]rune(r.Organization)) > maxNameRunes {
		return fmt.Errorf("pki: the organisation must have at most %d characters", maxNameRunes)
	}
	if r.Public == nil {
		return errors.New("pki: no public key was given")
	}
	if !r.Usage.Known() {
		return errors.New("pki: the usage is not one of authority, operational, department, seal, time-stamping")
	}
	if !r.From.Before(r.To) {
		return errors.New("pki: the certificate would end before it begins")
	}
	if r.Usage == Operational && r.To.Sub(r.From.Truncate(time.Second)) > MaxOperational {
		return fmt.Errorf("pki: an operational certificate lives at most %v", MaxOperational)
	}
	if r.MaxPath < 0 {
		return errors.New("pki: the path length is negative")
	}
	return nil
}

func (r Request) subject() pkix.Name {
	name := pkix.Name{Country: []string{"CN"}, CommonName: r.Name}
	if r.Organization != "" {
		name.Organization = []string{r.Organization}
	}
	return name
}

// usageExtension builds extendedKeyUsage by hand: the mark's arc is longer than
// the identifiers of encoding/asn1.
func usageExtension(usage Usage) (pkix.Extension, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(sequence *cryptobyte.Builder) {
		sequence.AddASN1(asn1.OBJECT_IDENTIFIER, func(oid *cryptobyte.Builder) {
			oid.AddBytes([]byte(usageMarks[usage]))
		})
	})
	value, err := b.Bytes()
	return pkix.Extension{Id: []int{2, 5, 29, 37}, Critical: usage == TimeStamping, Value: value}, err
}

// keyID is the first 160 bits of the SM3 of the point, as RFC 7093 does with
// other hashes.
func keyID(public *sm.PublicKey) []byte {
	sum := sm.Sum(public.Bytes())
	return sum[:keyIDLength]
}

// newSerial draws 127 random bits; never 0 (RFC 5280, 4.1.2.2).
func newSerial() (*big.Int, error) {
	limit := new(big.Int).Lsh(big.NewInt(1), 127)
	serial, err := rand.Int(rand.Reader, limit.Sub(limit, big.NewInt(1)))
	if err != nil {
		return nil, fmt.Errorf("pki: serial number: %w", err)
	}
	return serial.Add(serial, big.NewInt(1)), nil
}

func create(ctx context.Context, template, parent *smx509.Certificate, public *sm.PublicKey, signer sm.Signer) ([]byte, error) {
	key, err := libraryKey(public)
	if err != nil {
		return nil, err
	}
	adapter, err := newMessageSigner(ctx, signer)
	if err != nil {
		return nil, err
	}
	der, err := smx509.CreateCertificate(rand.Reader, template, parent, key, adapter)
	if err != nil {
		return nil, fmt.Errorf("pki: creating the certificate: %w", err)
	}
	return der, nil
}
