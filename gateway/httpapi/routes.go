package httpapi

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
)

// routes is the whole API: each address, who may use it, and what serves it.
func (a *api) routes(config Config) (http.Handler, error) {
	contract, err := newContract()
	if err != nil {
		return nil, err
	}
	metrics, err := newMetrics(config.Metrics)
	if err != nil {
		return nil, fmt.Errorf("httpapi: metrics: %w", err)
	}
	problems, err := newProblemPage()
	if err != nil {
		return nil, err
	}
	r := newRouter()
	r.Use(begin, logRequest(a.log), metrics.measure, recoverPanic, secure(a.cookies.https), a.checkPath)
	r.NoRoute(pathUnknown)
	r.NoMethod(methodNotAllowed)
	op := a.operations()

	// Departments' systems: each call signed.
	r.POST("/oauth2/token", a.issueToken)
	r.POST("/v1/exchanges", a.createExchange)
	r.GET("/v1/exchanges/:ref/receipt", a.getExchangeReceipt)
	r.POST("/v1/cases", a.registerCase)
	r.POST("/v1/cases/state", a.caseState)
	r.POST("/v1/cases/acceptance", a.acceptCase)
	r.POST("/v1/cases/demands", a.demandPaper)
	r.POST("/v1/cases/decision", a.decideCase)

	r.POST("/v1/consent-requests", a.askConsent)
	r.GET("/v1/consent-requests/:id", a.getConsentState)
	r.GET("/v1/erasures", a.listErasures)
	r.POST("/v1/erasures/:id", a.attestErasure)
	r.POST("/v1/presentations/scan", a.scanPresentation)

	r.POST("/v1/batches", a.orderBatch)
	r.GET("/v1/batches/:id", a.getBatch)
	r.GET("/v1/batches/:id/results", a.fetchResults)
	r.POST("/v1/eligibility", a.askEligibility)

	// Anybody.
	open := r.Group("/", contract.check)
	open.GET("/v1/catalog/items", op.ListCatalogItems)
	open.GET("/v1/catalog/items/:category/:serial", op.GetCatalogItem)
	open.GET("/v1/ledger/checkpoints", op.ListCheckpoints)
	open.GET("/v1/ledger/consistency", op.GetConsistency)
	open.GET("/v1/trust", op.GetTrust)
	open.GET("/auth/login", a.startLogin)

	r.GET("/auth/callback", a.finishLogin) // providers send along what they like

	// Whoever is signed in.
	r.GET("/v1/me", a.person(), contract.check, op.GetMe)
	r.POST("/auth/logout", a.person(), a.ownPage, contract.check, a.logout)

	// A citizen, about themselves.
	citizen := r.Group("/v1/me", a.person(RoleCitizen))
	citizen.GET("/accesses", contract.check, op.ListMyAccesses)
	citizen.GET("/accesses/:origin/:index/receipt", contract.check, op.GetMyReceipt)
	citizen.GET("/bases", contract.check, op.ListMyBases)
	citizen.POST("/bases", a.ownPage, contract.check, op.GrantBasis)
	citizen.POST("/bases/notice", a.ownPage, contract.check, op.ShowNotice)
	citizen.POST("/bases/:id/withdraw", a.ownPage, contract.check, op.WithdrawBasis)

	citizen.GET("/bases/:id", contract.check, op.GetMyBasis)
	citizen.POST("/bases/:id/pause", a.ownPage, contract.check, op.PauseBasis)
	citizen.POST("/bases/:id/resume", a.ownPage, contract.check, op.ResumeBasis)
	citizen.GET("/bases/:id/events/:seq/receipt", contract.check, op.GetBasisReceipt)
	citizen.GET("/bases/:id/events/:seq/page", contract.check, op.GetBasisPage)
	citizen.GET("/requests", contract.check, op.ListMyRequests)
	citizen.POST("/requests/:id/grant", a.ownPage, contract.check, op.GrantRequest)
	citizen.POST("/requests/:id/refuse", a.ownPage, contract.check, op.RefuseRequest)
	citizen.POST("/requests/:id/defer", a.ownPage, contract.check, op.DeferRequest)

	citizen.GET("/licences", contract.check, op.ListMyLicences)
	citizen.GET("/licences/:id/file", contract.check, op.GetMyLicenceFile)
	citizen.POST("/presentations", a.ownPage, contract.check, op.ShowPresentation)
	citizen.POST("/presentations/offline", a.ownPage, contract.check, op.ShowOffline)
	citizen.GET("/presentations/:id", contract.check, op.GetMyPresentation)

	// The desks of departments that issue licences.
	r.POST("/v1/licences", a.person(RoleApprover), a.ownPage, contract.check, op.RegisterLicence)
	r.POST("/v1/licences/collected", a.person(RoleApprover), a.ownPage, a.collectLicence)
	r.POST("/v1/licences/batches", a.person(RoleApprover), a.ownPage, contract.check, op.OpenLicenceBatch)
	r.GET("/v1/licences/batches/:id", a.person(RoleApprover), contract.check, op.GetLicenceBatch)
	r.GET("/v1/licences/:id", a.person(RoleApprover), contract.check, op.GetLicence)
	r.GET("/v1/licences/:id/file", a.person(RoleApprover), contract.check, op.GetLicenceFile)
	r.POST("/v1/licences/:id/signature", a.person(RoleApprover), a.ownPage, contract.check, op.SignLicence)
	r.POST("/v1/licences/:id/versions", a.person(RoleApprover), a.ownPage, contract.check, op.ChangeLicence)
	r.POST("/v1/licences/:id/abolition", a.person(RoleApprover), a.ownPage, contract.check, op.AbolishLicence)

	// The desks of those who handle cases.
	handling := a.person(RoleApprover, RoleConsumer)
	r.GET("/v1/desk", handling, contract.check, op.GetDesk)
	r.POST("/v1/desk/scans", handling, a.ownPage, a.atDesk(a.exchanges.ScanAtDesk))
	r.POST("/v1/desk/exchanges", handling, a.ownPage, a.atDesk(a.exchanges.AtDesk))
	r.POST("/v1/desk/verifications", handling, a.ownPage, a.verifyAtDesk)
	r.GET("/v1/desk/cases", handling, contract.check, op.GetCase)
	r.POST("/v1/desk/cases/acceptance", handling, a.ownPage, contract.check, op.AcceptCase)
	r.POST("/v1/desk/cases/demands", handling, a.ownPage, contract.check, op.DemandPaper)
	r.POST("/v1/desk/cases/decision", handling, a.ownPage, contract.check, op.DecideCase)
	r.GET("/v1/bureau/paper-demands", a.person(RoleBureau, RoleAuditor), contract.check, op.ListPaperDemands)
	r.GET("/v1/bureau/rates", a.person(RoleBureau, RoleAuditor), contract.check, op.ListRates)

	// The data bureau's desk.
	r.POST("/v1/bureau/bases", a.person(RoleBureau), a.ownPage, contract.check, op.OpenStatutoryBasis)
	r.POST("/v1/bureau/bases/:id/events", a.person(RoleBureau), a.ownPage, contract.check, op.GovernBasis)
	r.GET("/v1/bureau/erasures", a.person(RoleBureau, RoleAuditor), contract.check, op.ListOverdueErasures)
	r.POST("/v1/bureau/emergencies", a.person(RoleBureau), a.ownPage, contract.check, op.ProposeEmergency)
	r.POST("/v1/bureau/emergencies/:id/approval", a.person(RoleBureau, RoleApprover), a.ownPage, contract.check, op.ApproveEmergency)
	r.GET("/v1/bureau/exchanges", a.person(RoleBureau, RoleAuditor), contract.check, op.ListExchanges)

	r.GET("/v1/bureau/effects", a.person(RoleBureau, RoleAuditor), contract.check, op.ListEffects)
	r.GET("/v1/bureau/sources", a.person(RoleBureau, RoleAuditor), contract.check, op.ListSources)

	// The policies.
	r.GET("/v1/returns", a.person(RoleBureau, RoleAuditor), contract.check, op.ListReturns)
	r.GET("/v1/returns/:id", a.person(RoleBureau, RoleAuditor), contract.check, op.GetReturn)
	r.GET("/v1/bureau/probing", a.person(RoleBureau, RoleAuditor), contract.check, op.ListProbing)

	// What is in force, and how it changes.
	staff := a.person(RoleConsumer, RoleProvider, RoleBureau, RoleAuditor)
	r.GET("/v1/editions/:kind", staff, contract.check, op.ListEditions)
	r.GET("/v1/editions/:kind/:number", a.person(RoleBureau, RoleAuditor), contract.check, op.GetEdition)
	r.GET("/v1/editions/:kind/:number/changes", a.person(RoleBureau, RoleAuditor), contract.check, op.ListEditionChanges)
	r.GET("/v1/catalog/form", a.person(RoleProvider, RoleBureau, RoleAuditor), contract.check, op.GetCatalogForm)
	r.POST("/v1/catalog/plans", a.person(RoleProvider, RoleBureau), a.ownPage, contract.check, op.PlanCatalogue)
	r.GET("/v1/proposals", a.person(RoleProvider, RoleBureau, RoleAuditor), contract.check, op.ListProposals)
	r.POST("/v1/proposals", a.person(RoleProvider, RoleBureau), a.ownPage, contract.check, op.ProposeEdition)
	r.GET("/v1/proposals/:id", a.person(RoleProvider, RoleBureau, RoleAuditor), contract.check, op.GetProposal)
	r.POST("/v1/proposals/:id/events", a.person(RoleProvider, RoleBureau), a.ownPage, contract.check, op.DecideProposal)
	r.POST("/v1/policies/explain", staff, a.ownPage, contract.check, op.ExplainDecision)
	r.POST("/v1/policies/replays", a.person(RoleBureau), a.ownPage, contract.check, op.StartReplay)
	r.GET("/v1/policies/replays/:id", a.person(RoleBureau, RoleAuditor), contract.check, op.GetReplay)
	r.POST("/v1/me/terminals", a.person(), a.ownPage, contract.check, op.OpenTerminal)

	// Rights to use data: who applies, who answers, who watches.
	desk := a.person(RoleConsumer, RoleProvider, RoleBureau, RoleAuditor)
	r.GET("/v1/matters", desk, contract.check, op.ListMatters)
	r.GET("/v1/matters/:id", desk, contract.check, op.GetMatter)
	r.POST("/v1/matters/:id/events", desk, a.ownPage, contract.check, op.ActInMatter)
	r.POST("/v1/applications", desk, a.ownPage, contract.check, op.FileApplication)
	r.POST("/v1/objections", desk, a.ownPage, contract.check, op.FileObjection)
	r.POST("/v1/catalog-updates", desk, a.ownPage, contract.check, op.AskForCatalogUpdate)
	r.GET("/v1/grants", desk, contract.check, op.ListGrants)
	r.POST("/v1/grants/:id/events", desk, a.ownPage, contract.check, op.ActOnGrant)
	r.GET("/v1/cases/unverified", a.person(RoleBureau, RoleAuditor), contract.check, op.ListUnverifiedUses)
	r.GET("/v1/stops", desk, contract.check, op.ListStops)
	r.POST("/v1/stops", a.person(RoleBureau), a.ownPage, contract.check, op.StopAtOnce)
	r.POST("/v1/stops/:id/reopening", a.person(RoleBureau, RoleApprover), a.ownPage, contract.check, op.ReopenStop)

	// What policies oblige to.
	r.GET("/v1/confirmations", a.person(RoleConsumer, RoleProvider, RoleApprover, RoleBureau, RoleAuditor), contract.check, op.ListConfirmations)
	r.POST("/v1/confirmations/:id/events", a.person(RoleConsumer, RoleProvider, RoleApprover), a.ownPage, contract.check, op.DecideConfirmation)
	citizen.GET("/notifications", contract.check, op.ListMyNotifications)
	citizen.POST("/notifications/:origin/:index/read", a.ownPage, contract.check, op.ReadMyNotification)
	if a.trial != nil { // kapok dev only
		r.POST("/v1/trial/clock", contract.check, op.AdvanceTrialClock)
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
