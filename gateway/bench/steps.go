package bench

// A rule names a line of the budget and the functions whose presence on a stack puts
// a sample on it. Rules are read top to bottom and the first that fits wins, so what
// may stand within another step comes before it.
type rule struct {
	line  string
	names []string // parts of a function's full name
	near  bool     // only where it is the innermost function outside Go's runtime
}

// steps tell where on the path the time went.
var steps = []rule{
	{line: "garbage collection", names: []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge"}},
	{line: "admit: access token", names: []string{"kapok/gateway/exchange.(*Service).accessToken"}},
	{line: "admit: request signature", names: []string{"kapok/crypto/httpsig.Verify", "kapok/crypto/httpsig.Parse"}},
	{line: "admit: the rest", names: []string{"kapok/gateway/exchange.(*Service).admit", "kapok/gateway/exchange.(*Service).admitUse"}},
	{line: "resolve", names: []string{"kapok/gateway/exchange.(*Service).resolve", "kapok/gateway/postgres.(*DB).resolveAll"}},
	{line: "decide", names: []string{"kapok/gateway/exchange.(*Service).decide"}},
	{line: "record intent", names: []string{"kapok/gateway/exchange.(*Service).recordIntent"}},
	{line: "fetch", names: []string{"kapok/gateway/exchange.(*Service).fetch", "http.(*persistConn).readLoop", "http.(*persistConn).writeLoop"}},
	{line: "check source", names: []string{"kapok/gateway/exchange.(*Service).checkSource"}},
	{line: "minimise", names: []string{"kapok/gateway/exchange.(*Service).minimise"}},
	{line: "record outcome", names: []string{"kapok/gateway/exchange.(*Service).recordOutcome", "kapok/gateway/exchange.(*Service).recordFailure"}},
	{line: "record refusal", names: []string{"kapok/gateway/exchange.(*Service).refuse"}},
	{line: "sign: receipt", names: []string{"kapok/gateway/ledger.Sealed.Receipt"}},
	{line: "sign: response", names: []string{"kapok/gateway/exchange.(*Service).sign"}},
	{line: "ledger: the batch's transaction", names: []string{"kapok/gateway/postgres.(*Ledger).Begin", "kapok/gateway/postgres.(*ledgerBatch)"}},
	{line: "ledger: entries, tree, checkpoint", names: []string{"kapok/gateway/ledger.(*Log).sequence"}},
	{line: "issue tokens", names: []string{"kapok/gateway/exchange.(*Service).Issue"}},
	{line: "HTTP server: around the path", names: []string{"kapok/gateway/httpapi.", "gin.(*Engine)"}},
	{line: "HTTP server: the connection", names: []string{"http.(*conn)", "http.(*connReader)"}},
	{line: "goroutines changing places", names: []string{"runtime.mcall", "runtime.schedule", "runtime.mstart", "runtime.park_m", "runtime.goexit0"}},
}

// kinds tell what kind of work it was, wherever on the path.
var kinds = []rule{
	{line: "garbage collection", names: steps[0].names},
	{line: "SM2 verification", names: []string{"kapok/crypto/sm.(*Verifier).Verify"}},
	{line: "SM2 signature", names: []string{"kapok/crypto/sm.(*PrivateKey).Sign"}},
	{line: "SM3, HMAC-SM3", names: []string{"kapok/crypto/sm.Sum", "kapok/crypto/sm.HMAC", "internal/sm3"}},
	{line: "Cedar", names: []string{"cedar-go"}},
	{line: "JSON", names: []string{"encoding/json", "gowebpki/jcs"}},
	{line: "validation by the API's description", names: []string{"libopenapi"}},
	{line: "logging", names: []string{"log/slog"}},
	{line: "metrics", names: []string{"client_golang"}},
	{line: "PostgreSQL's protocol", names: []string{"jackc/pgx"}},
	{line: "system calls (sockets)", names: []string{"syscall.Syscall", "syscall.RawSyscall", "runtime/internal/syscall", "internal/runtime/syscall"}},
	{line: "allocation", names: []string{"runtime.mallocgc", "runtime.newobject", "runtime.growslice", "runtime.makeslice"}},
	{line: "goroutines changing places", names: []string{"runtime.mcall", "runtime.schedule", "runtime.mstart", "runtime.park_m", "runtime.goready", "runtime.ready"}},
	{line: "net/http, Gin", names: []string{"net/http", "net/textproto.", "bufio.", "net/url.", "gin-gonic/gin", "mime."}, near: true},
	{line: "time-outs, contexts, locks", names: []string{"context.", "sync.", "time."}, near: true},
	{line: "Kapok's own code", names: []string{"kapok/"}, near: true},
}

// startup are functions of a process that is not yet, or no longer, serving.
var startup = []string{"main.main", "runtime.main", "runtime.doInit", "golang.org/x/crypto/argon2"}

// rest is the line for what no rule names.
const rest = "everything else"
