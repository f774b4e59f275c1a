// Package web holds what browsers load: the citizen's safe, the desks, the board (Vue,
// src/), a first page, and Swagger UI for /docs, all compiled in. Nothing is loaded from
// elsewhere, and nothing is inline, so that a content security policy of 'self' holds.
//
// dist/ is made by `npm ci && npm run build` (make pages); a placeholder stands in
// it, so that Go builds without Node.
//
// It must not know the API, sessions or any store: it hands out files.
package web
