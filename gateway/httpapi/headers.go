package httpapi

import (
	"github.com/gin-gonic/gin"
)

const (
	// apiPolicy: an answer of the API is data, never a page.
	apiPolicy = "default-src 'none'; frame-ancestors 'none'"
	// pagePolicy: everything from here, nothing inline. data: only for pictures (Swagger
	// UI's style sheet, a QR that an answer of the API carries) and for the icon font in
	// Vant's style sheet; blob: for pictures drawn here of files that were read here. Vue,
	// Element Plus and ECharts set styles through the object model, which needs no
	// 'unsafe-inline'.
	pagePolicy = "default-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	// pagePermissions: the desk reads codes by the camera, when the browser's user agrees.
	pagePermissions = "camera=(self), geolocation=(), microphone=()"
)

// secure sets the headers that every answer carries. Handlers may relax
// Cache-Control for what is the same for everybody.
func secure(https bool) gin.HandlerFunc {
	fixed := map[string][]string{
		"X-Content-Type-Options":       {"nosniff"},
		"X-Frame-Options":              {"DENY"},
		"Referrer-Policy":              {"no-referrer"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Permissions-Policy":           {"camera=(), geolocation=(), microphone=()"},
		"Cache-Control":                {"no-store"},
		"Content-Security-Policy":      {apiPolicy},
	}
	if https {
		fixed["Strict-Transport-Security"] = []string{"max-age=31536000; includeSubDomains"}
	}
	return func(c *gin.Context) {
		header := c.Writer.Header()
		for name, value := range fixed {
			header[name] = value
		}
		c.Next()
	}
}
