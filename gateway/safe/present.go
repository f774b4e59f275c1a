package safe

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/licence"
)

// Presentation is what a person shows at a counter: some of their licences, for one
// scan within a minute. The scan is their consent for that one occasion.
type Presentation struct {
	ID          string // of its code
	SubjectRef  string
	Level       string   // of the sign-in in which it was made
	Items       []string // under which the licences are used
	Purpose     string   // the one it is bound to; "": what the counter declares
	Separate    bool     // sensitive fields were agreed to by themselves (PIPL 29)
	Certificate []byte   // of the key that signed the code, DER
	Made        time.Time
	Expires     time.Time

	ScannedAt time.Time // zero: not yet
	ScannedBy string    // the system that scanned it

	Cancelled   time.Time // zero: the person did not take it back
	Refused     int       // tries in vain
	RefusedCode string    // of the latest of them
}

// Presentations keeps what is shown. Scan is one transaction: it uses the code up, puts
// the bases in force and pends the entries; a code that was used, or has ended, is
// refused and changes nothing.
type Presentations interface {
	KeepPresentation(ctx context.Context, p Presentation) (pending string, err error)
	Presentation(ctx context.Context, id string) (Presentation, error) // NotFound, presentation-unknown
	ScanPresentation(ctx context.Context, p Presentation, by Scan, bases []basis.Signed, at time.Time) (pending string, err error)
	CancelPresentation(ctx context.Context, id, subjectRef string, at time.Time) (pending string, err error) // "": it was taken back before
	CountRefusedScan(ctx context.Context, id, code string) error
}

// Scan is what a counter declares when it scans.
type Scan struct {
	Code        string // as scanned
	Department  string
	System      string
	ServiceItem string
	CaseNo      string
	Purpose     string
	Officer     string
	Operations  []gateway.Operation
}

// Shown is a presentation to be displayed.
type Shown struct {
	Presentation
	Code licence.Code
}

const presentationNotice = `出示即同意:扫描本码的单位,为其声明的事项和办件,在五分钟之内、就所出示的证照,按目录授权的信息项核验或查看,所声明的每种方式一次。
如办件需要留存,加注件随案卷保存一年。谁在何时扫描,您立即可以看到。本码六十秒内有效,只能扫描一次,截图无效。不出示不影响以其他方式办理。`

// PresentationNotice is what a person reads before they show a code.
func PresentationNotice() Notice {
	digest := sm.Sum([]byte(presentationNotice))
	return Notice{ID: "presentation", Version: "2", Language: noticeLanguage, Text: presentationNotice, SM3: hex.EncodeToString(digest[:])}
}

// Present makes a code for some items of a person's licences.
func (s *Service) Present(ctx context.Context, person Person, items []string, purpose string, separate bool) (Shown, error) {
	if err := person.ofAge(); err != nil {
		return Shown{}, err
	}
	c := s.Catalog()
	if _, known := c.Purpose(purpose); purpose != "" && !known {
		return Shown{}, unknown("/purpose", "The catalogue holds no such purpose.")
	}
	signing, now := s.Signing(), s.Now()
	code, err := licence.NewCode(ctx, signing.Signer, now)
	if err != nil {
		return Shown{}, err
	}
	shown := Shown{Code: code, Presentation: Presentation{
		ID: code.ID, SubjectRef: person.Ref, Level: person.Level, Items: items, Purpose: purpose, Separate: separate,
		Certificate: signing.Certificate, Made: now.UTC().Truncate(time.Millisecond), Expires: code.Expires,
	}}
	pending, err := s.Presentations.KeepPresentation(ctx, shown.Presentation)
	if err != nil {
		return Shown{}, err
	}
	_, err = s.Log.Drain(ctx, pending)
	return shown, err
}

// Presented is a person's own presentation, to see whether and by whom it was scanned.
func (s *Service) Presented(ctx context.Context, person Person, id string) (Presentation, error) {
	p, err := s.Presentations.Presentation(ctx, id)
	if err == nil && p.SubjectRef != person.Ref {
		return Presentation{}, presentationUnknown()
	}
	return p, err
}

// Cancel takes back what a person shows: from then on no scan of it succeeds, on no node.
// What was scanned already is Conflict, presentation-used; what nobody can scan any more
// is Forbidden, presentation-expired. Taking back twice changes nothing.
func (s *Service) Cancel(ctx context.Context, person Person, id string) error {
	p, err := s.Presented(ctx, person, id)
	if err != nil {
		return err
	}
	if p.Cancelled.IsZero() {
		if err := p.Open(s.Now()); err != nil {
			return err
		}
	}
	pending, err := s.Presentations.CancelPresentation(ctx, id, person.Ref, s.Now())
	if err == nil && pending != "" {
		_, err = s.Log.Drain(ctx, pending)
	}
	return err
}

func presentationUnknown() error {
	return gateway.Fail(gateway.NotFound, "presentation-unknown", "There is no such presentation.")
}

const (
	useFor  = 5 * time.Minute      // how long what a scan allowed may be used
	keepFor = 365 * 24 * time.Hour // how long an annotated copy stays with its case
)

// Scan uses a code up and returns the bases that the counter may now use, one for each
// item, in the order of the presentation. A failure leaves the code as it was; it comes
// with the presentation, where there is one, so that the person learns of the attempt.
func (s *Service) Scan(ctx context.Context, by Scan) (Presentation, []basis.Basis, error) {
	p, bases, err := s.scan(ctx, by)
	if refused := gateway.AsError(err); err != nil && p.ID != "" {
		if err := s.Presentations.CountRefusedScan(ctx, p.ID, refused.Code); err != nil {
			return p, nil, err
		}
	}
	return p, bases, err
}

func (s *Service) scan(ctx context.Context, by Scan) (p Presentation, bases []basis.Basis, err error) {
	if p, err = s.shown(ctx, by); err != nil {
		return p, nil, err
	}
	var signed []basis.Signed
	signing := s.Signing()
	for _, item := range p.Items {
		made, err := s.consentOf(ctx, p, by, item)
		if err != nil {
			return p, nil, err
		}
		one, err := basis.Sign(ctx, made, signing.Signer, signing.Certificate)
		if err != nil {
			return p, nil, err
		}
		bases, signed = append(bases, made), append(signed, one)
	}
	pending, err := s.Presentations.ScanPresentation(ctx, p, by, signed, s.Now())
	if err != nil {
		return p, nil, err
	}
	_, err = s.Log.Drain(ctx, pending)
	return p, bases, err
}

// shown finds the presentation of a code and believes it: its signature, its time, and
// that it was not used.
func (s *Service) shown(ctx context.Context, by Scan) (Presentation, error) {
	if id, typed := licence.TypedID(by.Code); typed {
		p, err := s.Presentations.Presentation(ctx, id)
		if err != nil {
			return p, err
		}
		return p, p.usable(licence.Code{ID: id, Expires: p.Expires}, by, s.Now()) // 80 random bits, which nobody guesses within a minute
	}
	code, err := licence.ParseCode(by.Code)
	if err != nil {
		return Presentation{}, err
	}
	p, err := s.Presentations.Presentation(ctx, code.ID)
	if err != nil {
		return Presentation{}, err
	}
	certificate, err := pki.Parse(p.Certificate)
	if err != nil {
		return p, err
	}
	public, err := certificate.PublicKey()
	if err != nil {
		return p, err
	}
	if err := code.Verify(s.Verifier, public); err != nil {
		if errors.Is(err, sm.ErrUndecided) {
			return p, gateway.Fail(gateway.Unavailable, "signature-undecided", "The code's signature could not be decided; try again.").Because(err)
		}
		return p, gateway.Fail(gateway.Forbidden, "presentation-forged", "The code's signature does not verify.").Because(err)
	}
	return p, p.usable(code, by, s.Now())
}

func (p Presentation) usable(code licence.Code, by Scan, now time.Time) error {
	if !code.Expires.Equal(p.Expires) {
		return gateway.Fail(gateway.Forbidden, "presentation-forged", "The code was not shown by Kapok in this form.")
	}
	if err := p.Open(now); err != nil {
		return err
	}
	if p.Purpose != "" && p.Purpose != by.Purpose {
		return gateway.Fail(gateway.Forbidden, "presentation-purpose", "The person shows this for another purpose than the one that was declared.")
	}
	return nil
}

// Open tells why it can be scanned no more; nil while it can.
func (p Presentation) Open(now time.Time) error {
	for _, rule := range []struct {
		kind       gateway.Kind
		code, says string
		holds      bool
	}{
		{gateway.Conflict, "presentation-used", "This code was scanned before: a screenshot or a copy of it cannot be used. Ask for a new one.", p.ScannedAt.IsZero()},
		{gateway.Forbidden, "presentation-cancelled", "The person took this code back; ask for a new one.", p.Cancelled.IsZero()},
		{gateway.Forbidden, "presentation-expired", "This code was shown more than 60 seconds ago; ask for a new one.", now.Before(p.Expires)},
	} {
		if !rule.holds {
			return gateway.Fail(rule.kind, rule.code, rule.says)
		}
	}
	return nil
}

// consentOf is the basis that a scan gives for one item: no more than the counter's
// grant, for this case, for some minutes.
func (s *Service) consentOf(ctx context.Context, p Presentation, by Scan, item string) (basis.Basis, error) {
	now := s.Now()
	c := s.Catalog()
	w := Wanted{
		Department: by.Department, System: by.System, Item: item, Operation: by.Operations[0], ServiceItem: by.ServiceItem,
		Purpose: by.Purpose, CaseNo: by.CaseNo, Expires: now.Add(useFor), Separate: p.Separate,
	}
	grant, err := s.grant(ctx, c, w)
	if err != nil {
		return basis.Basis{}, err
	}
	held, _ := c.Item(item) // the grant is for it
	w.Fields = grant.Fields
	if !p.Separate {
		private := sensitive(held, w.Fields)
		w.Fields = without(w.Fields, private)
	}
	draft, err := s.draft(ctx, c, w)
	if err != nil {
		return basis.Basis{}, err
	}
	draft.Operations = slices.DeleteFunc(slices.Clone(by.Operations), func(o gateway.Operation) bool { return !slices.Contains(grant.Operations, o) })
	draft.MaxUses = len(draft.Operations)
	draft.EraseAt = now.Add(keepFor)
	draft.Kind = basis.Consent
	if p.Separate {
		draft.Kind = basis.SeparateConsent
	}
	notice := PresentationNotice()
	draft.SubjectRef, draft.From = p.SubjectRef, now
	draft.Actor = basis.Actor{Ref: p.SubjectRef, AuthLevel: p.Level, Method: "presentation"}
	draft.Notice = basis.Notice{ID: notice.ID, Version: notice.Version, SM3: notice.SM3, Language: notice.Language, ShownAt: p.Made, SeparateAck: draft.Sensitive}
	draft.Rights = basis.Rights{Withdraw: "/v1/me/bases/{id}/withdraw", Contact: departmentName(c, by.Department)}
	return basis.New(draft, now)
}
