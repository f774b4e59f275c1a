package httpapi

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
)

// routes is the whole API: each address, who may use it, and what serves it.
func (a *api) routes(config Config) (http.Handler, error) {
	contract, err := compiled()
	if err != nil {
		return nil, err
	}
	metrics, err := newMetrics(config.Metrics)
	if err != nil {
		return nil, fmt.Errorf("httpapi: metrics: %w", err)
	}
	problems, err := codesPage()
	if err != nil {
		return nil, err
	}
	r := newRouter()
	r.Use(begin, logRequest(a.log), metrics.measure, recoverPanic, secure(a.cookies.https), a.checkPath)
	r.NoRoute(pathUnknown)
	r.NoMethod(methodNotAllowed)
	d := doors{a: a, r: r, op: a.operations(), check: contract.check}
	for _, door := range []func(){d.systems, d.licenceApp, d.certShare, d.anybody, d.signedIn, d.citizens, d.issuers, d.counters, d.bureau, d.editions, d.rights, d.keys, d.duties, d.returned} {
		door()
	}
	if a.trial != nil { // kapok dev only
		r.GET("/v1/trial/clock", contract.check, d.op.GetTrialClock)
		r.POST("/v1/trial/clock", contract.check, d.op.AdvanceTrialClock)
	}

	// Those who run Kapok, and those who read about it.
	r.GET("/livez", live)
	r.GET("/readyz", ready(config.Checks, a.log))
	r.GET("/metrics", exposition(config.Metrics))
	r.GET("/openapi.yaml", serveSpec)
	r.GET("/docs/problems", problems.serve)
	for address, file := range a.pages {
		r.GET(address, servePage(file))
	}
	return r, nil
}

// doors is what each group of routes needs to be put up.
type doors struct {
	a     *api
	r     *gin.Engine
	op    ServerInterfaceWrapper
	check gin.HandlerFunc // against the contract
}

// systems are departments' systems: each call signed.
func (d doors) systems() {
	d.r.POST("/oauth2/token", d.a.issueToken)
	d.r.POST("/v1/exchanges", d.a.createExchange)
	d.r.POST("/v1/gateway/exchanges", d.a.createGatewayExchange)
	d.r.POST("/v1/peers/exchanges", d.a.createPeerExchange)
	d.r.GET("/v1/exchanges/:ref/receipt", d.a.getExchangeReceipt)
	d.r.POST("/v1/cases", d.a.registerCase)
	d.r.POST("/v1/cases/state", d.a.caseState)
	d.r.POST("/v1/cases/acceptance", d.a.acceptCase)
	d.r.POST("/v1/cases/demands", d.a.demandPaper)
	d.r.POST("/v1/cases/decision", d.a.decideCase)
	d.r.POST("/v1/consent-requests", d.a.askConsent)
	d.r.GET("/v1/consent-requests/:id", d.a.getConsentState)
	d.r.GET("/v1/erasures", d.a.listErasures)
	d.r.POST("/v1/erasures/:id", d.a.attestErasure)
	d.r.POST("/v1/presentations/scan", d.a.scanPresentation)
	d.r.POST("/v1/batches", d.a.orderBatch)
	d.r.GET("/v1/batches/:id", d.a.getBatch)
	d.r.GET("/v1/batches/:id/results", d.a.fetchResults)
	d.r.POST("/v1/eligibility", d.a.askEligibility)
	d.r.POST("/v1/deliveries", d.a.delivered(http.StatusCreated, d.a.announceDelivery))
	d.r.GET("/v1/deliveries/:id", d.a.delivered(http.StatusOK, d.a.deliveryState))
	d.r.POST("/v1/deliveries/:id/files/:name", d.a.delivered(http.StatusOK, d.a.deliverPiece))
	d.r.POST("/v1/subscriptions", d.a.subscribe)
	d.r.GET("/v1/subscriptions/:id", d.a.getSubscription)
	d.r.POST("/v1/subscriptions/:id/end", d.a.endSubscription)
	d.r.POST("/v1/subscriptions/:id/redelivery", d.a.redeliver)
	d.r.POST("/v1/changes", d.a.announceChange)
}

// licenceApp is Guangdong's API of e-licences, for systems that speak it.
func (d doors) licenceApp() {
	d.r.POST("/license-app/v1/security/login", d.a.loginLicenceApp)
	d.r.GET("/license-app/v1/security/logout", d.a.logoutLicenceApp)
	d.r.GET("/license-app/v1/security/get_current_user", d.a.admitted(d.a.licenceUser))
	d.r.GET("/license-app/v1/service_item/list", d.a.admitted(d.a.licenceMatters))
	d.r.POST("/license-app/v1/license/auth", d.a.admitted(d.a.licenceAuth))
	d.r.GET("/license-app/v1/license/get_license", d.a.admitted(d.a.licenceData))
	d.r.GET("/license-app/v1/license/archive", d.a.admitted(d.a.licenceArchive))
	d.r.GET("/license-app/v1/license/token", d.a.admitted(d.a.licencePageCode))
	d.r.GET("/license-app/v1/license/view_license", d.a.licencePage)
}

// certShare is a licence share service in the style of GB/T 36906.
func (d doors) certShare() {
	d.r.POST("/zzgxpt/queryCertInfo", d.a.certShareCall(d.a.certByIdentifier))
	d.r.POST("/zzgxpt/queryCertInfoByHolderCode", d.a.certShareCall(d.a.certsByHolder))
	d.r.POST("/zzgxpt/queryCertInfoByQRcode", d.a.certShareCall(d.a.certsByCode))
	d.r.POST("/zzgxpt/downloadUrl", d.a.certShareCall(d.a.certLink))
	d.r.POST("/zzgxpt/downloadUrlsByHolderCode", d.a.certShareCall(d.a.certLink))
	d.r.POST("/zzgxpt/downloadFile", d.a.certShareCall(d.a.certFile))
	d.r.POST("/zzgxpt/verifyCertInfo", d.a.certShareCall(d.a.certVerifyInfo))
	d.r.POST("/zzgxpt/verifyFile", d.a.certShareCall(d.a.certVerifyFile))
	d.r.GET("/zzgxpt/download", d.a.certDownload)
}

// anybody may ask this.
func (d doors) anybody() {
	open := d.r.Group("/", d.check)
	open.GET("/v1/catalog/items", d.op.ListCatalogItems)
	open.GET("/v1/catalog/items/:category/:serial", d.op.GetCatalogItem)
	open.GET("/v1/ledger/checkpoints", d.op.ListCheckpoints)
	open.GET("/v1/ledger/consistency", d.op.GetConsistency)
	open.GET("/v1/trust", d.op.GetTrust)
	open.GET("/auth/login", d.a.startLogin)
	d.r.GET("/auth/callback", d.a.finishLogin) // providers send along what they like
}

// signedIn is for whoever is signed in.
func (d doors) signedIn() {
	d.r.GET("/v1/me", d.a.person(), d.check, d.op.GetMe)
	d.r.POST("/auth/logout", d.a.person(), d.a.ownPage, d.check, d.a.logout)
	d.r.GET("/v1/me/sessions", d.a.person(), d.check, d.op.ListMySessions)
	d.r.POST("/v1/me/sessions/:id/end", d.a.person(), d.a.ownPage, d.check, d.op.EndMySession)
	d.r.POST("/v1/me/sessions/end-others", d.a.person(), d.a.ownPage, d.check, d.op.EndMyOtherSessions)
	d.r.POST("/v1/me/terminals", d.a.person(), d.a.ownPage, d.check, d.op.OpenTerminal)
}

// citizens ask about themselves.
func (d doors) citizens() {
	citizen := d.r.Group("/v1/me", d.a.person(RoleCitizen))
	citizen.GET("/accesses", d.check, d.op.ListMyAccesses)
	citizen.GET("/accesses/export", d.check, d.a.exportMyAccesses)
	citizen.GET("/accesses/:origin/:index/receipt", d.check, d.op.GetMyReceipt)
	citizen.GET("/bases", d.check, d.op.ListMyBases)
	citizen.POST("/bases", d.a.ownPage, d.check, d.op.GrantBasis)
	citizen.POST("/bases/notice", d.a.ownPage, d.check, d.op.ShowNotice)
	citizen.POST("/bases/:id/withdraw", d.a.ownPage, d.check, d.op.WithdrawBasis)
	citizen.GET("/bases/:id", d.check, d.op.GetMyBasis)
	citizen.POST("/bases/:id/pause", d.a.ownPage, d.check, d.op.PauseBasis)
	citizen.POST("/bases/:id/resume", d.a.ownPage, d.check, d.op.ResumeBasis)
	citizen.GET("/bases/:id/events/:seq/receipt", d.check, d.op.GetBasisReceipt)
	citizen.GET("/bases/:id/events/:seq/page", d.check, d.op.GetBasisPage)
	citizen.GET("/requests", d.check, d.op.ListMyRequests)
	citizen.POST("/requests/:id/grant", d.a.ownPage, d.check, d.op.GrantRequest)
	citizen.POST("/requests/:id/refuse", d.a.ownPage, d.check, d.op.RefuseRequest)
	citizen.POST("/requests/:id/defer", d.a.ownPage, d.check, d.op.DeferRequest)
	citizen.GET("/mandates", d.check, d.op.ListMyMandates)
	citizen.POST("/mandates", d.a.ownPage, d.check, d.op.AppointAgent)
	citizen.POST("/mandates/notice", d.a.ownPage, d.check, d.op.ShowMandateNotice)
	citizen.POST("/mandates/:id/end", d.a.ownPage, d.check, d.op.EndMyMandate)
	citizen.GET("/mandates/:id/requests", d.check, d.op.ListMandateRequests)
	citizen.POST("/mandates/:id/requests/:asked/grant", d.a.ownPage, d.check, d.op.GrantMandateRequest)
	citizen.POST("/mandates/:id/requests/:asked/refuse", d.a.ownPage, d.check, d.op.RefuseMandateRequest)
	citizen.POST("/mandates/:id/bases/:basis/withdraw", d.a.ownPage, d.check, d.op.WithdrawMandateBasis)
	citizen.GET("/licences", d.check, d.op.ListMyLicences)
	citizen.GET("/licences/:id/file", d.check, d.op.GetMyLicenceFile)
	citizen.POST("/presentations", d.a.ownPage, d.check, d.op.ShowPresentation)
	citizen.POST("/presentations/offline", d.a.ownPage, d.check, d.op.ShowOffline)
	citizen.POST("/presentations/:id/cancellation", d.a.ownPage, d.check, d.op.CancelPresentation)
	citizen.GET("/presentations/:id", d.check, d.op.GetMyPresentation)
	citizen.GET("/notifications", d.check, d.op.ListMyNotifications)
	citizen.POST("/notifications/:origin/:index/read", d.a.ownPage, d.check, d.op.ReadMyNotification)
}

// issuers are the desks of departments that issue licences.
func (d doors) issuers() {
	d.r.POST("/v1/licences", d.a.person(RoleApprover), d.a.ownPage, d.check, d.op.RegisterLicence)
	d.r.POST("/v1/licences/collected", d.a.person(RoleApprover), d.a.ownPage, d.a.collectLicence)
	d.r.POST("/v1/licences/batches", d.a.person(RoleApprover), d.a.ownPage, d.check, d.op.OpenLicenceBatch)
	d.r.GET("/v1/licences/batches/:id", d.a.person(RoleApprover), d.check, d.op.GetLicenceBatch)
	d.r.GET("/v1/licences/:id", d.a.person(RoleApprover), d.check, d.op.GetLicence)
	d.r.GET("/v1/licences/:id/file", d.a.person(RoleApprover), d.check, d.op.GetLicenceFile)
	d.r.POST("/v1/licences/:id/signature", d.a.person(RoleApprover), d.a.ownPage, d.check, d.op.SignLicence)
	d.r.POST("/v1/licences/:id/versions", d.a.person(RoleApprover), d.a.ownPage, d.check, d.op.ChangeLicence)
	d.r.POST("/v1/licences/:id/abolition", d.a.person(RoleApprover), d.a.ownPage, d.check, d.op.AbolishLicence)
}

// counters are the desks of those who handle cases.
func (d doors) counters() {
	handling := d.a.person(RoleApprover, RoleConsumer)
	d.r.GET("/v1/desk", handling, d.check, d.op.GetDesk)
	d.r.POST("/v1/desk/scans", handling, d.a.ownPage, d.a.atDesk(d.a.exchanges.ScanAtDesk))
	d.r.POST("/v1/desk/exchanges", handling, d.a.ownPage, d.a.atDesk(d.a.exchanges.AtDesk))
	d.r.POST("/v1/desk/verifications", handling, d.a.ownPage, d.a.verifyAtDesk)
	d.r.GET("/v1/desk/mandates", d.a.person(RoleApprover), d.check, d.op.ListProposedMandates)
	d.r.POST("/v1/desk/mandates", d.a.person(RoleApprover), d.a.ownPage, d.check, d.op.RegisterGuardian)
	d.r.POST("/v1/desk/mandates/:id/confirmation", d.a.person(RoleApprover), d.a.ownPage, d.check, d.op.ConfirmGuardian)
	d.r.POST("/v1/bureau/mandates/:id/end", d.a.person(RoleBureau), d.a.ownPage, d.check, d.op.RevokeMandate)
	d.r.GET("/v1/desk/cases", handling, d.check, d.op.GetCase)
	d.r.POST("/v1/desk/cases/acceptance", handling, d.a.ownPage, d.check, d.op.AcceptCase)
	d.r.POST("/v1/desk/cases/demands", handling, d.a.ownPage, d.check, d.op.DemandPaper)
	d.r.POST("/v1/desk/cases/decision", handling, d.a.ownPage, d.check, d.op.DecideCase)
}

// bureau is the data bureau's desk, and what auditors read.
func (d doors) bureau() {
	d.r.POST("/v1/bureau/bases", d.a.person(RoleBureau), d.a.ownPage, d.check, d.op.OpenStatutoryBasis)
	d.r.POST("/v1/bureau/bases/:id/events", d.a.person(RoleBureau), d.a.ownPage, d.check, d.op.GovernBasis)
	d.r.GET("/v1/bureau/erasures", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.ListOverdueErasures)
	d.r.POST("/v1/bureau/emergencies", d.a.person(RoleBureau), d.a.ownPage, d.check, d.op.ProposeEmergency)
	d.r.POST("/v1/bureau/emergencies/:id/approval", d.a.person(RoleBureau, RoleApprover), d.a.ownPage, d.check, d.op.ApproveEmergency)
	d.r.GET("/v1/bureau/exchanges", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.ListExchanges)
	d.r.GET("/v1/bureau/effects", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.ListEffects)
	d.r.GET("/v1/bureau/sources", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.ListSources)
	d.r.GET("/v1/bureau/probing", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.ListProbing)
	d.r.GET("/v1/bureau/paper-demands", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.ListPaperDemands)
	d.r.GET("/v1/bureau/rates", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.ListRates)
}

// editions are what is in force, and how it changes.
func (d doors) editions() {
	staff := d.a.person(RoleConsumer, RoleProvider, RoleBureau, RoleAuditor)
	d.r.GET("/v1/editions/:kind", staff, d.check, d.op.ListEditions)
	d.r.GET("/v1/editions/:kind/:number", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.GetEdition)
	d.r.GET("/v1/editions/:kind/:number/changes", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.ListEditionChanges)
	d.r.GET("/v1/catalog/form", d.a.person(RoleProvider, RoleBureau, RoleAuditor), d.check, d.op.GetCatalogForm)
	d.r.POST("/v1/catalog/plans", d.a.person(RoleProvider, RoleBureau), d.a.ownPage, d.check, d.op.PlanCatalogue)
	d.r.GET("/v1/proposals", d.a.person(RoleProvider, RoleBureau, RoleAuditor), d.check, d.op.ListProposals)
	d.r.POST("/v1/proposals", d.a.person(RoleProvider, RoleBureau), d.a.ownPage, d.check, d.op.ProposeEdition)
	d.r.GET("/v1/proposals/:id", d.a.person(RoleProvider, RoleBureau, RoleAuditor), d.check, d.op.GetProposal)
	d.r.POST("/v1/proposals/:id/events", d.a.person(RoleProvider, RoleBureau), d.a.ownPage, d.check, d.op.DecideProposal)
	d.r.POST("/v1/policies/explain", staff, d.a.ownPage, d.check, d.op.ExplainDecision)
	d.r.POST("/v1/policies/replays", d.a.person(RoleBureau), d.a.ownPage, d.check, d.op.StartReplay)
	d.r.GET("/v1/policies/replays/:id", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.GetReplay)
}

// rights to use data: who applies, who answers, who watches.
func (d doors) rights() {
	desk := d.a.person(RoleConsumer, RoleProvider, RoleBureau, RoleAuditor)
	d.r.GET("/v1/matters", desk, d.check, d.op.ListMatters)
	d.r.GET("/v1/matters/:id", desk, d.check, d.op.GetMatter)
	d.r.POST("/v1/matters/:id/events", desk, d.a.ownPage, d.check, d.op.ActInMatter)
	d.r.POST("/v1/applications", desk, d.a.ownPage, d.check, d.op.FileApplication)
	d.r.POST("/v1/objections", desk, d.a.ownPage, d.check, d.op.FileObjection)
	d.r.POST("/v1/catalog-updates", desk, d.a.ownPage, d.check, d.op.AskForCatalogUpdate)
	d.r.GET("/v1/grants", desk, d.check, d.op.ListGrants)
	d.r.POST("/v1/grants/:id/events", desk, d.a.ownPage, d.check, d.op.ActOnGrant)
	d.r.GET("/v1/cases/unverified", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.ListUnverifiedUses)
	d.r.GET("/v1/stops", desk, d.check, d.op.ListStops)
	d.r.POST("/v1/stops", d.a.person(RoleBureau), d.a.ownPage, d.check, d.op.StopAtOnce)
	d.r.POST("/v1/stops/:id/reopening", d.a.person(RoleBureau, RoleApprover), d.a.ownPage, d.check, d.op.ReopenStop)
}

// keys of a department's own systems are looked after by its officers.
func (d doors) keys() {
	officer := d.a.person(RoleConsumer, RoleProvider, RoleApprover, RoleBureau)
	d.r.GET("/v1/system-keys", officer, d.check, d.op.ListSystemKeys)
	d.r.GET("/v1/ending", d.a.person(RoleConsumer, RoleProvider, RoleApprover, RoleBureau, RoleAuditor), d.check, d.op.ListEnding)
	d.r.POST("/v1/system-keys", officer, d.a.ownPage, d.check, d.op.ProposeSystemKey)
	d.r.POST("/v1/system-keys/:key/revocation", officer, d.a.ownPage, d.check, d.op.RevokeSystemKey)
	d.r.POST("/v1/key-requests/:id/events", officer, d.a.ownPage, d.check, d.op.DecideKeyRequest)
}

// duties are what policies oblige to.
func (d doors) duties() {
	d.r.GET("/v1/confirmations", d.a.person(RoleConsumer, RoleProvider, RoleApprover, RoleBureau, RoleAuditor), d.check, d.op.ListConfirmations)
	d.r.POST("/v1/confirmations/:id/events", d.a.person(RoleConsumer, RoleProvider, RoleApprover), d.a.ownPage, d.check, d.op.DecideConfirmation)
}

// returned is data that a higher level returns in batches.
func (d doors) returned() {
	sending := d.a.person(RoleBureau, RoleProvider)
	d.r.GET("/v1/returns", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.ListReturns)
	d.r.POST("/v1/returns", sending, d.a.ownPage, d.check, d.op.ReceiveReturn)
	d.r.GET("/v1/returns/:id", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.GetReturn)
	d.r.HEAD("/v1/returns/:id/files/:name", sending, d.a.headReturnFile)
	d.r.PATCH("/v1/returns/:id/files/:name", sending, d.a.ownPage, d.a.appendReturnFile)
	d.r.GET("/v1/returns/:id/receipt", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.GetReturnReceipt)
	d.r.GET("/v1/return-proposals", d.a.person(RoleBureau, RoleApprover, RoleAuditor), d.check, d.op.ListReturnProposals)
	d.r.POST("/v1/return-proposals", d.a.person(RoleBureau), d.a.ownPage, d.check, d.op.ProposeReturnAct)
	d.r.POST("/v1/return-proposals/:id/events", d.a.person(RoleBureau, RoleApprover), d.a.ownPage, d.check, d.op.DecideReturnProposal)
	d.r.GET("/v1/return-applications", d.a.person(RoleBureau, RoleAuditor), d.check, d.op.ListReturnApplications)
	d.r.POST("/v1/return-applications", d.a.person(RoleBureau), d.a.ownPage, d.check, d.op.ApplyForReturn)
}

// newRouter matches addresses as they were sent: %2F is not a slash, and an address
// has one spelling.
func newRouter() *gin.Engine {
	gin.SetMode(gin.ReleaseMode) // it prints its routes otherwise
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	r.RedirectFixedPath = false
	r.UseEscapedPath = true
	r.UnescapePathValues = true
	r.ContextWithFallback = true
	r.ForwardedByClientIP = false
	return r
}

// operations is the strict server around the handlers; its errors become problems.
func (a *api) operations() ServerInterfaceWrapper {
	return ServerInterfaceWrapper{
		Handler: NewStrictHandlerWithOptions(handlers{a}, nil, StrictGinServerOptions{
			RequestErrorHandlerFunc:  unbindable,
			HandlerErrorFunc:         writeProblem,
			ResponseErrorHandlerFunc: writeProblem,
		}),
		ErrorHandler: func(c *gin.Context, err error, _ int) { unbindable(c, err) },
	}
}

// unbindable is reached when openapi.yaml lets something through that its Go type
// cannot hold. The text of the error can quote the request.
func unbindable(c *gin.Context, _ error) {
	writeProblem(c, invalid("", "A value does not fit its type in openapi.yaml."))
}
