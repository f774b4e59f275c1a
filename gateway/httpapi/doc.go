// Package httpapi is Kapok's HTTP edge: it turns requests into calls of the
// packages below it, and their answers and errors into responses.
//
// openapi.yaml is the source of truth; api.gen.go is made from it by go
// generate. routes.go shows the whole API on one screen, problem.go is the only
// place where an error becomes a status.
//
// It must not know cryptography, SQL, policies or how a source is asked: it
// speaks to the small interfaces declared beside each handler.
package httpapi

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config generate.yaml openapi.yaml
//go:generate go run sum.go
