package demo

import (
	"context"
	"net/http"
	"time"
)

func plainClient() *http.Client { return &http.Client{Timeout: 10 * time.Second} }

// addresses prints what a person can open next, each tried first.
func (s *show) addresses(ctx context.Context) error {
	links := append([]Link{
		{"首页 home", s.kapok + "/"},
		{"居民的保险柜 citizen's safe", s.kapok + "/safe"},
		{"工作台 desks", s.kapok + "/desk"},
		{"成效看板 effect board", s.kapok + "/board"},
		{"登录 sign in", s.kapok + "/auth/login?return_to=/v1/me/accesses"},
		{"接口 API (Swagger UI)", s.kapok + "/docs"},
		{"指标 metrics", s.kapok + "/metrics"},
		{"检查点 checkpoints", s.kapok + "/v1/ledger/checkpoints"},
	}, s.options.Docs...)
	for _, link := range links {
		if _, _, err := (&person{client: plainClient()}).do(ctx, http.MethodGet, link.URL, "", nil); err != nil {
			return err
		}
		s.page.line(link.Label, "", link.URL)
	}
	return nil
}
