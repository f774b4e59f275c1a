package platform

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// secrets are what was lent, for each interface, oldest first. A consumer has
// several nodes, which exchange each for itself: an older secret serves to its
// own end, and one with more than half of its life before it is lent again.
type secrets struct {
	life time.Duration
	mu   sync.Mutex
	lent map[string][]lentSecret
}

type lentSecret struct {
	secret string
	end    time.Time
}

func (s *secrets) lend(sid string, now time.Time) lentSecret {
	s.mu.Lock()
	defer s.mu.Unlock()
	serving := s.lent[sid]
	if count := len(serving); count > 0 && serving[count-1].end.Sub(now) > s.life/2 {
		return serving[count-1]
	}
	fresh := lentSecret{secret: rand.Text(), end: now.Add(s.life)}
	if s.lent == nil {
		s.lent = map[string][]lentSecret{}
	}
	for len(serving) > 0 && !now.Before(serving[0].end) {
		serving = serving[1:]
	}
	s.lent[sid] = append(serving, fresh)
	return fresh
}

// accepts reports whether one of the interface's secrets made the signature.
func (s *secrets) accepts(p proof, now time.Time) bool {
	s.mu.Lock()
	serving := s.lent[p.SID]
	s.mu.Unlock()
	for _, lent := range serving {
		if now.Before(lent.end) && p.signedBy(lent.secret) {
			return true
		}
	}
	return false
}

// forget ends every secret of an interface.
func (s *secrets) forget(sid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.lent, sid)
}

// exchangeKey answers {"secret","secretEndTime"} to the owner of the app key.
func (p *Platform) exchangeKey(w http.ResponseWriter, r *http.Request) {
	p.counts.keyExchanges.Add(1)
	var who proof
	if err := readJSON(w, r, &who); err != nil {
		p.refuse(w, "E-101", "请求体不是JSON")
		return
	}
	now := time.Now()
	if _, known := interfaces[who.SID]; !known || who.RID != p.config.RID || !who.signedBy(p.config.AppKey) {
		p.refuse(w, "E-106", "未授权")
		return
	}
	if !who.timely(now) {
		p.refuse(w, "E-107", "请求时间超出允许范围")
		return
	}
	lent := p.secrets.lend(who.SID, now)
	sealed, err := sealSecret(p.config.AppKey, lent.secret, p.seal)
	if err != nil {
		http.Error(w, "the secret cannot be sealed", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, reply{Code: "0", Message: "成功", Data: map[string]string{
		"secret":        sealed,
		"secretEndTime": strconv.FormatInt(lent.end.UnixMilli(), 10),
	}})
}
