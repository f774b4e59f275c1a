package keys

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"

	"kapok/gateway"
)

// session is one AppRole login, kept alive. When Vault no longer knows the token,
// it signs in anew and asks once more.
type session struct {
	client *api.Client
	config VaultConfig

	mu       sync.Mutex // one login at a time
	signedIn time.Time
	lease    time.Duration
}

const (
	loginPause    = time.Second     // refusals cause at most one login in this time
	shortestRenew = time.Second     // between two renewals
	loginRetry    = 5 * time.Second // while Vault is gone
)

func newSession(client *api.Client, config VaultConfig) *session {
	return &session{client: client, config: config}
}

func (s *session) login(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loginLocked(ctx)
}

// loginAgain signs in unless somebody just did.
func (s *session) loginAgain(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.signedIn) < loginPause {
		return nil
	}
	return s.loginLocked(ctx)
}

func (s *session) loginLocked(ctx context.Context) error {
	role, err := s.config.RoleID()
	if err != nil {
		return fmt.Errorf("keys: vault: role id: %w", err)
	}
	secret, err := s.config.SecretID()
	if err != nil {
		return fmt.Errorf("keys: vault: secret id: %w", err)
	}
	answer, err := s.client.Logical().WriteWithContext(ctx, "auth/approle/login", map[string]any{"role_id": role, "secret_id": secret})
	if err != nil {
		return explainLogin(err)
	}
	if answer == nil || answer.Auth == nil || answer.Auth.ClientToken == "" {
		return errors.New("keys: vault: the login gave no token")
	}
	s.client.SetToken(answer.Auth.ClientToken)
	s.signedIn, s.lease = time.Now(), time.Duration(answer.Auth.LeaseDuration)*time.Second
	return nil
}

func (s *session) read(ctx context.Context, path string) (*api.Secret, error) {
	return s.ask(ctx, func() (*api.Secret, error) { return s.client.Logical().ReadWithContext(ctx, path) })
}

func (s *session) write(ctx context.Context, path string, data map[string]any) (*api.Secret, error) {
	return s.ask(ctx, func() (*api.Secret, error) { return s.client.Logical().WriteWithContext(ctx, path, data) })
}

// ask repeats a refused request once after a new login: a token that has ended
// and a right that was never given are both 403.
func (s *session) ask(ctx context.Context, do func() (*api.Secret, error)) (*api.Secret, error) {
	answer, err := do()
	if status(err) != http.StatusForbidden {
		return answer, explain(err)
	}
	if err := s.loginAgain(ctx); err != nil {
		return nil, err
	}
	answer, err = do()
	return answer, explain(err)
}

// keepAlive renews the token until ctx ends.
func (s *session) keepAlive(ctx context.Context) {
	wait := s.untilRenewal()
	for sleep(ctx, wait) {
		wait = s.renew(ctx)
	}
}

// renew prolongs the token, or signs in anew when it cannot be prolonged or has
// little left of its longest life; it returns how long to wait.
func (s *session) renew(ctx context.Context) time.Duration {
	answer, err := s.client.Auth().Token().RenewSelfWithContext(ctx, int(s.fullLease().Seconds()))
	if err == nil && answer != nil && answer.Auth != nil {
		left := time.Duration(answer.Auth.LeaseDuration) * time.Second
		if left > s.fullLease()/2 {
			return max(left/2, shortestRenew)
		}
	}
	if err := s.login(ctx); err != nil {
		s.config.Log.Error("Vault's token was not renewed", "error", err)
		return loginRetry
	}
	return s.untilRenewal()
}

func (s *session) fullLease() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lease
}

func (s *session) untilRenewal() time.Duration { return max(s.fullLease()/2, shortestRenew) }

func (s *session) revoke(ctx context.Context) error {
	return explain(s.client.Auth().Token().RevokeSelfWithContext(ctx, ""))
}

// explain turns Vault's failures into what a caller of Kapok may be told.
func explain(err error) error {
	if err == nil {
		return nil
	}
	switch code := status(err); {
	case code == http.StatusForbidden:
		return errServiceRefused().Because(err)
	case code == http.StatusServiceUnavailable:
		return errServiceSealed().Because(err)
	case code == 0 || code >= http.StatusInternalServerError || code == http.StatusTooManyRequests:
		return errServiceGone().Because(err)
	}
	return gateway.Fail(gateway.Internal, "key-service-failed", "The key service refused a request of Kapok's.").Because(err)
}

// explainLogin: AppRole answers 400 to credentials it does not know.
func explainLogin(err error) error {
	if status(err) == http.StatusBadRequest {
		return errServiceRefused().Because(err)
	}
	return explain(err)
}

// status is the HTTP status of a failed request, 0 when there was no answer.
func status(err error) int {
	if failed, ok := errors.AsType[*api.ResponseError](err); ok {
		return failed.StatusCode
	}
	return 0
}
