package httpapi

import (
	"context"

	"github.com/gin-gonic/gin"
)

// GetMe says who is signed in, and hands their pages the token that changes need.
func (h handlers) GetMe(ctx context.Context, _ GetMeRequestObject) (GetMeResponseObject, error) {
	token := h.cookies.value(ctx.(*gin.Context), sessionCookie)
	_, v := unwrap(ctx)
	me := Me{CSRFToken: csrfToken(token), ExpiresAt: v.session.Expires, Roles: []Role{}}
	for _, role := range v.session.Roles {
		me.Roles = append(me.Roles, Role(role))
	}
	if staff, known := h.catalog().Staff(v.session.Issuer, v.session.Subject); known {
		me.Department = h.names.department(staff.Department)
	}
	return GetMe200JSONResponse(me), nil
}
