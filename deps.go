//go:build keepdeps

// Package kapok keeps the pinned dependencies while the packages that use them are written.
package kapok

import (
	_ "github.com/cedar-policy/cedar-go"
	_ "github.com/coreos/go-oidc/v3/oidc"
	_ "github.com/emmansun/gmsm/sm2"
	_ "github.com/failsafe-go/failsafe-go"
	_ "github.com/gin-gonic/gin"
	_ "github.com/goccy/go-yaml"
	_ "github.com/golang-jwt/jwt/v5"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/google/pprof/profile"
	_ "github.com/gowebpki/jcs"
	_ "github.com/hashicorp/vault/api"
	_ "github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/knadh/koanf/parsers/yaml"
	_ "github.com/knadh/koanf/providers/env/v2"
	_ "github.com/knadh/koanf/providers/file"
	_ "github.com/knadh/koanf/v2"
	_ "github.com/oapi-codegen/runtime"
	_ "github.com/pb33f/libopenapi-validator"
	_ "github.com/pressly/goose/v3"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/tjfoc/gmsm/sm2"
	_ "github.com/transparency-dev/merkle/proof"
	_ "github.com/zitadel/oidc/v3/pkg/op"
	_ "golang.org/x/crypto/argon2"
	_ "golang.org/x/oauth2"
	_ "golang.org/x/sync/errgroup"
	_ "golang.org/x/sys/unix"
	_ "golang.org/x/time/rate"
	_ "github.com/hashicorp/vault/sdk/framework"
	_ "github.com/hashicorp/vault/sdk/plugin"
)
