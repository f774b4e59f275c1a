package idp

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed login.html
var loginHTML string

//go:embed login.css
var loginCSS []byte

var loginPage = template.Must(template.New("login").Parse(loginHTML))

// choice is what the login page shows.
type choice struct {
	ID       string
	Staff    accounts
	Citizens accounts
}

// showLogin lists everybody who can sign in.
func (p *Provider) showLogin(w http.ResponseWriter, r *http.Request) {
	id := r.FormValue("id")
	if _, err := p.store.AuthRequestByID(r.Context(), id); err != nil {
		http.Error(w, "登录请求不存在或已过期,请从红棉重新登录。\nThis sign-in is unknown or too old; begin again in Kapok.", http.StatusBadRequest)
		return
	}
	var page bytes.Buffer
	if err := loginPage.Execute(&page, choice{ID: id, Staff: p.accounts[:len(staff)], Citizens: p.accounts[len(staff):]}); err != nil {
		http.Error(w, "the page cannot be made", http.StatusInternalServerError)
		return
	}
	p.guard(w)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes()) // a reader who left is no error of ours
}

// finishLogin takes the choice and leads the browser on. The demonstration posts
// the same form without a browser.
func (p *Provider) finishLogin(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	id := r.PostFormValue("id")
	who, known := p.accounts.find(r.PostFormValue("subject"))
	if !known {
		http.Error(w, "没有这个人。\nNobody of that name can sign in.", http.StatusBadRequest)
		return
	}
	if err := p.store.signIn(id, who.Subject); err != nil {
		http.Error(w, "登录请求不存在或已过期,请从红棉重新登录。\nThis sign-in is unknown or too old; begin again in Kapok.", http.StatusBadRequest)
		return
	}
	p.guard(w)
	http.Redirect(w, r, "/authorize/callback?id="+url.QueryEscape(id), http.StatusSeeOther)
}

func (p *Provider) showStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(loginCSS)
}

// guard lets the page load nothing from elsewhere. Browsers hold the form's
// redirects to form-action too, hence the relying party beside ourselves.
func (p *Provider) guard(w http.ResponseWriter) {
	back, err := url.Parse(p.client.Redirect)
	if err != nil {
		back = &url.URL{}
	}
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' "+back.Scheme+"://"+back.Host)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
}
