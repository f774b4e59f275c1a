package cases

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
)

// PaperAgain is the code with which asking again for what was met is refused.
const PaperAgain = "paper-demanded-again"

const theRule = "受理时已采用电子证照或共享数据的材料,本办件后续环节不得再要求提交纸质材料。 " +
	"What an e-licence or shared data met when the case was accepted is not asked for on paper in any later step of it."

// Demand asks the applicant for a material on paper. Where it was met by a licence or a
// data item it is a Conflict, paper-demanded-again, and stands on the supervisor's list.
// once tells two tellings of one demand from two demands.
func (s *Service) Demand(ctx context.Context, by Actor, matter, number, material, step, once string) (Case, error) {
	c, err := s.One(ctx, by, matter, number)
	if err != nil {
		return c, err
	}
	m, known := c.material(material)
	if !known {
		return c, invalid(gateway.Invalid, "/material", "material-unknown", "The matter has no such material.")
	}
	if step == "" || len(step) > 64 {
		return c, invalid(gateway.Invalid, "/step", "field-invalid", "step says in which step of the case the paper is asked for, at most 64 bytes.")
	}
	if m.Met == ByData {
		return c, s.askedAgain(ctx, by, c, material, step, once)
	}
	if err := s.keepDemand(ctx, by, c, Demand{ID: demandID(by, once), Material: material, Step: step}, "paper-demanded"); err != nil {
		return c, err
	}
	return s.One(ctx, by, matter, number)
}

// askedAgain reports the demand and words the refusal.
func (s *Service) askedAgain(ctx context.Context, by Actor, c Case, material, step, once string) error {
	if err := s.keepDemand(ctx, by, c, Demand{ID: demandID(by, once), Material: material, Step: step, Refused: true}, "paper-demand-refused"); err != nil {
		return err
	}
	m, _ := c.material(material) // found before
	failure := invalid(gateway.Conflict, "/material", PaperAgain, theRule)
	failure.Remedy = fmt.Sprintf("It was met by the item %s in the exchange %s; put its annotated copy or receipt into the file. 请使用加注件或回执归档。", m.Item, m.Exchange)
	return failure
}

func (s *Service) keepDemand(ctx context.Context, by Actor, c Case, d Demand, kind ledger.Kind) error {
	d.Key, d.Officer, d.System, d.At = c.Key, by.Officer, by.System, s.Now().UTC().Truncate(time.Millisecond)
	entry := s.entry(kind, by, c, ledger.Field{Name: "material", Value: d.Material}, ledger.Field{Name: "step", Value: d.Step})
	if d.Refused {
		entry.Fields = append(entry.Fields, ledger.Field{Name: "code", Value: PaperAgain})
	}
	pending, err := s.Store.KeepDemand(ctx, d, c.SubjectRef, entry)
	if err != nil || pending == "" {
		return err
	}
	_, err = s.Log.Drain(ctx, pending)
	return err
}

// demandID is the same for what is told twice.
func demandID(by Actor, once string) string {
	if once == "" {
		return gateway.NewRef()
	}
	digest := sm.Sum([]byte(by.Department + "\x00" + by.System + "\x00" + once))
	return hex.EncodeToString(digest[:16])
}

// Decide records the decision of a case (办结) and what it hands out. A decision stands;
// telling it again changes nothing.
func (s *Service) Decide(ctx context.Context, by Actor, matter, number string, at time.Time, documents []Document) (Case, error) {
	c, err := s.One(ctx, by, matter, number)
	if err != nil || !c.Decided.IsZero() {
		return c, err
	}
	if at.IsZero() || at.After(s.Now().Add(time.Minute)) {
		return c, invalid(gateway.Invalid, "/decided_at", "field-invalid", "decided_at is when the case was decided, and not in the future.")
	}
	electronic := 0
	for i, d := range documents {
		if d.Name == "" || len(d.Name) > 200 || d.Seal != Electronic && d.Seal != Ink && d.Seal != NoSeal {
			return c, invalid(gateway.Invalid, pointer("/documents", i, ""), "field-invalid", "A document has a name of at most 200 bytes, and its seal is electronic, ink or none.")
		}
		if d.Seal == Electronic {
			electronic++
		}
	}
	c.Decided, c.Documents = at.UTC().Truncate(time.Millisecond), documents
	return c, s.keep(ctx, c, s.entry("case-decided", by, c,
		ledger.Field{Name: "decided-at", Value: c.Decided.Format(time.RFC3339)},
		ledger.Field{Name: "documents", Value: fmt.Sprintf("%d electronic of %d", electronic, len(documents))}))
}

// Reported lists the demands that the rule refused, the latest first (督查清单).
func (s *Service) Reported(ctx context.Context, before Place, limit int) ([]Demand, error) {
	return s.Store.RefusedDemands(ctx, before, limit)
}

func pointer(list string, at int, member string) string {
	if member == "" {
		return fmt.Sprintf("%s/%d", list, at)
	}
	return fmt.Sprintf("%s/%d/%s", list, at, member)
}
