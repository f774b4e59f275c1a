package licensing

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"slices"
	"time"

	"kapok/crypto/eseal"
	"kapok/crypto/keys"
	"kapok/crypto/pki"
	"kapok/gateway"
	"kapok/gateway/licence/ofd"
)

// Maker is the name of the key that makes seals (制章): it signs each department's
// e-seal once.
const Maker = "seal-maker"

// seal is a department's e-seal with the key that puts it on.
type seal struct {
	key   keys.SealKey
	stamp []byte // SESeal, DER
}

// sealNamed finds a department's seal; the first time it is made, on whatever node, and
// all use the one that was kept.
func (s *Service) sealNamed(ctx context.Context, name, holder string) (seal, error) {
	if known, ok := s.seals.Load(name); ok {
		return known.(seal), nil
	}
	key, err := s.Keys.SealKey(ctx, name, holder)
	if err != nil {
		return seal{}, noSeal(err)
	}
	stamp, err := s.Store.SealOf(ctx, name)
	if err == nil && stamp == nil {
		stamp, err = s.makeSeal(ctx, name, holder, key)
	}
	if err != nil {
		return seal{}, noSeal(err)
	}
	found := seal{key: key, stamp: stamp}
	s.seals.Store(name, found)
	return found, nil
}

func noSeal(cause error) error {
	return gateway.Fail(gateway.Unavailable, "seal-unavailable", "The department's seal cannot be used now; nothing was issued.").Because(cause)
}

func (s *Service) makeSeal(ctx context.Context, name, holder string, key keys.SealKey) ([]byte, error) {
	maker, err := s.Keys.SealKey(ctx, Maker, "电子印章制作")
	if err != nil {
		return nil, err
	}
	certificate, err := pki.Parse(key.Certificate)
	if err != nil {
		return nil, err
	}
	picture, err := ring()
	if err != nil {
		return nil, err
	}
	made, err := eseal.NewSeal{
		Vendor: "KAPOK", ID: name, Name: holder, Type: 1, Certificates: [][]byte{key.Certificate},
		Created: s.Now(), From: certificate.NotBefore, To: certificate.NotAfter,
		Picture: eseal.Picture{Type: "png", Data: picture, Width: 40, Height: 40},
	}.Make(ctx, maker.Signer, maker.Certificate)
	if err != nil {
		return nil, err
	}
	return s.Store.KeepSeal(ctx, name, made)
}

// SealEnd says until when a department's seal is good.
type SealEnd struct {
	Name, Holder string
	Until        time.Time
}

// SealsEnding lists the seals whose life ends within a time from now or has ended, the
// next one first.
func (s *Service) SealsEnding(ctx context.Context, within time.Duration) ([]SealEnd, error) {
	stamps, err := s.Store.Seals(ctx)
	if err != nil {
		return nil, err
	}
	var ends []SealEnd
	for _, stamp := range stamps {
		seal, err := eseal.ParseSeal(stamp)
		if err != nil {
			return nil, err
		}
		if !seal.To.After(s.Now().Add(within)) {
			ends = append(ends, SealEnd{Name: seal.ID, Holder: seal.Name, Until: seal.To})
		}
	}
	slices.SortFunc(ends, func(one, other SealEnd) int { return one.Until.Compare(other.Until) })
	return ends, nil
}

// put seals a document.
func (s seal) put(ctx context.Context, document []byte, place ofd.Stamp, at time.Time) ([]byte, error) {
	sealed, err := ofd.Seal(ctx, document, ofd.Sealing{Seal: s.stamp, Certificate: s.key.Certificate, At: at, Stamps: []ofd.Stamp{place}}, s.key.Signer)
	if err != nil {
		return nil, noSeal(err)
	}
	return sealed, nil
}

// ring draws the outline of an official seal; a district replaces it by its own.
func ring() ([]byte, error) {
	const size, outer, inner = 240, 118, 110
	picture := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.Transparent, color.RGBA{R: 220, A: 255}})
	for y := range size {
		for x := range size {
			dx, dy := x-size/2, y-size/2
			if d := dx*dx + dy*dy; d <= outer*outer && d >= inner*inner || d <= 20*20 {
				picture.SetColorIndex(x, y, 1)
			}
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, picture)
	return out.Bytes(), err
}
