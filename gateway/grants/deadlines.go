package grants

// Deadline is a term that the law, or this node's own rule, gives somebody.
type Deadline struct {
	Clock  string // the clock's name
	Days   int    // working days
	Longer int    // by how many it may be prolonged, once, with the reason told
	Owes   Side   // whose turn it is
	Law    string // by what
}

const (
	answerUnconditional = "answer-unconditional"
	answerConditional   = "answer-conditional"
	delivery            = "delivery"
	correctionClock     = "correction"
	objectionClock      = "objection"
	coordination        = "coordination"
	update              = "update"
	updateReview        = "update-review"
	narrowing           = "narrowing"
)

// houseRule marks terms for which the regulation names none.
const houseRule = "本节点规则(条例未定期限)"

// deadlines are all the terms. The articles are those of 政务数据共享条例 (国令809号).
var deadlines = []Deadline{
	{answerUnconditional, 1, 0, Provider, "政务数据共享条例第二十一条:无条件共享,1个工作日内答复"},
	{answerConditional, 10, 10, Provider, "政务数据共享条例第二十一条:有条件共享,10个工作日内答复,可延长不超过10个工作日并告知理由"},
	{delivery, 20, 0, Provider, "政务数据共享条例第二十二条:20个工作日内共享"},
	{correctionClock, 10, 0, Provider, "政务数据共享条例第二十四条至第二十九条:10个工作日内校核"},
	{objectionClock, 10, 0, Provider, houseRule},
	{coordination, 10, 0, Bureau, houseRule},
	{update, 10, 5, Provider, "政务数据共享条例第十三条至第十七条:目录10个工作日内更新,可延长5个工作日"},
	{updateReview, 2, 0, Bureau, "政务数据共享条例第十三条至第十七条:2个工作日内审核"},
	{narrowing, 10, 0, Provider, houseRule},
}

func deadline(clock string) (Deadline, bool) {
	for _, d := range deadlines {
		if d.Clock == clock {
			return d, true
		}
	}
	return Deadline{}, false
}

// Deadlines lists every term there is.
func Deadlines() []Deadline { return append([]Deadline(nil), deadlines...) }

// rung is a step of the escalation of what is not done in time.
type rung struct {
	event Event
	after int // working days after the due day; negative: before
	tells string
}

// ladder is climbed one rung after the other while a clock runs.
var ladder = []rung{
	{Soon, -1, "责任部门 the department whose turn it is"},
	{Late, 0, "责任部门和数据主管部门 that department and the data bureau"},
	{Escalated, 5, "本级人民政府督办 the people's government of this level"},
}
