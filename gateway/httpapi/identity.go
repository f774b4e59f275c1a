package httpapi

import (
	"context"
	"slices"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/postgres"
)

// identityCard are the codes by which providers say that idcardnumber is a 公民身份号码:
// the province's service says 10, GB/T 36903 says 111.
var identityCard = []string{"10", string(gateway.CitizenID)}

// rolesOf finds out what a person may do here: what the catalogue's list of staff
// says of them, and that they are a citizen when the provider vouches for their
// identity number. The number ends here; what is kept is a random reference.
func (a *api) rolesOf(ctx context.Context, claims identityClaims) (postgres.Session, error) {
	session := postgres.Session{Issuer: claims.Issuer, AuthLevel: level(claims.Level), Expires: a.now().Add(sessionLife).Truncate(time.Second)}
	if staff, known := a.catalog().Staff(claims.Issuer, claims.Subject); known {
		session.Subject = claims.Subject
		for _, role := range staff.Roles {
			session.Roles = append(session.Roles, string(role))
		}
	}
	if claims.IDNumber != "" && slices.Contains(identityCard, claims.IDType) {
		if err := a.citizen(ctx, claims.IDNumber, &session); err != nil {
			return postgres.Session{}, err
		}
		session.Roles = append(session.Roles, string(RoleCitizen))
	}
	if len(session.Roles) == 0 {
		return postgres.Session{}, gateway.Fail(gateway.Forbidden, "sign-in-nobody", "The person has no role in Kapok.")
	}
	return session, nil
}

func (a *api) citizen(ctx context.Context, number string, session *postgres.Session) error {
	identity, err := gateway.ParseIdentity(gateway.CitizenID, number)
	if err != nil {
		return untrusted(err)
	}
	if born, told := identity.Born(); told {
		session.AgeBand = basis.BandOf(born, a.now())
	}
	session.SubjectRef, err = a.subjects.SubjectRef(ctx, identity)
	return err
}

// level is the assurance level that the provider names; the lowest where it names none.
func level(claimed string) string {
	if slices.Contains([]string{"L1", "L2", "L3"}, claimed) {
		return claimed
	}
	return "L0"
}
