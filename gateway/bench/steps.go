package bench

// A rule names a line of the budget and the functions whose presence on a stack puts
// a sample on it. Rules are read top to bottom and the first that fits wins, so what
// may stand within another step comes before it.
type rule struct {
	line  string
	names []string // ends of a function's full name, or parts of it
}

// steps tell where on the path the time went.
var steps = []rule{
	{"garbage collection", []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge"}},
	{"admit: access token", []string{"kapok/gateway/exchange.(*Service).accessToken"}},
	{"admit: request signature", []string{"kapok/gateway/exchange.(*Service).checkSignature"}},
	{"admit: the rest", []string{"kapok/gateway/exchange.(*Service).admit", "kapok/gateway/exchange.(*Service).admitUse"}},
	{"resolve", []string{"kapok/gateway/exchange.(*Service).resolve", "kapok/gateway/postgres.(*loader).run"}},
	{"decide", []string{"kapok/gateway/exchange.(*Service).decide"}},
	{"record intent", []string{"kapok/gateway/exchange.(*Service).recordIntent"}},
	{"fetch", []string{"kapok/gateway/exchange.(*Service).fetch", "http.(*persistConn).readLoop", "http.(*persistConn).writeLoop"}},
	{"check source", []string{"kapok/gateway/exchange.(*Service).checkSource"}},
	{"minimise", []string{"kapok/gateway/exchange.(*Service).minimise"}},
	{"record outcome", []string{"kapok/gateway/exchange.(*Service).recordOutcome", "kapok/gateway/exchange.(*Service).recordFailure"}},
	{"record refusal", []string{"kapok/gateway/exchange.(*Service).refuse"}},
	{"sign: receipt", []string{"kapok/gateway/ledger.Sealed.Receipt"}},
	{"sign: response", []string{"kapok/gateway/exchange.(*Service).sign"}},
	{"ledger: the batch's transaction", []string{"kapok/gateway/postgres.(*Ledger).Begin", "kapok/gateway/postgres.(*ledgerBatch)"}},
	{"ledger: entries, tree, checkpoint", []string{"kapok/gateway/ledger.(*Log).sequence"}},
	{"issue tokens", []string{"kapok/gateway/exchange.(*Service).Issue"}},
	{"HTTP server: around the path", []string{"kapok/gateway/httpapi.", "gin.(*Engine)"}},
	{"HTTP server: the connection", []string{"http.(*conn)", "http.(*connReader)"}},
	{"goroutines changing places", []string{"runtime.mcall", "runtime.schedule", "runtime.mstart", "runtime.park_m", "runtime.goexit0"}},
}

// kinds tell what kind of work it was, wherever on the path.
var kinds = []rule{
	{"garbage collection", steps[0].names},
	{"SM2 verification", []string{"kapok/crypto/sm.(*Verifier).Verify"}},
	{"SM2 signature", []string{"kapok/crypto/sm.(*PrivateKey).Sign"}},
	{"SM3, HMAC-SM3", []string{"kapok/crypto/sm.Sum", "kapok/crypto/sm.HMAC", "internal/sm3"}},
	{"Cedar", []string{"cedar-go"}},
	{"JSON", []string{"encoding/json", "gowebpki/jcs"}},
	{"validation of the request by the API's description", []string{"libopenapi"}},
	{"logging", []string{"log/slog"}},
	{"metrics", []string{"client_golang"}},
	{"PostgreSQL's protocol", []string{"jackc/pgx"}},
	{"system calls: reading and writing sockets", []string{"syscall.Syscall", "syscall.RawSyscall", "runtime/internal/syscall", "internal/runtime/syscall"}},
	{"allocation", []string{"runtime.mallocgc", "runtime.newobject", "runtime.growslice", "runtime.makeslice"}},
	{"goroutines changing places", []string{"runtime.mcall", "runtime.schedule", "runtime.mstart", "runtime.park_m", "runtime.goready", "runtime.ready"}},
	{"net/http", []string{"net/http.", "net/textproto", "bufio."}},
}

// startup are functions of a process that is not yet, or no longer, serving.
var startup = []string{"main.main", "runtime.main", "runtime.doInit"}

// rest is the line for what no rule names.
const rest = "everything else"
