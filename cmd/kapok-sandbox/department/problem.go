package department

import (
	"encoding/json"
	"fmt"
)

// Problem is why Kapok refused: an RFC 9457 problem, or an error of RFC 6749.
type Problem struct {
	Status      int      `json:"-"`
	Code        string   `json:"code"`
	Detail      string   `json:"detail"`
	Description string   `json:"error_description"`
	Field       string   `json:"field"`
	Fields      []string `json:"fields"`
	Remedy      string   `json:"remedy"`
	TraceID     string   `json:"trace_id"`
}

// Problem reads the answer as a refusal.
func (a Answer) Problem() Problem {
	problem := Problem{Status: a.Status}
	if err := json.Unmarshal(a.Body, &problem); err != nil {
		problem.Detail = "the answer is no problem document"
	}
	if problem.Detail == "" {
		problem.Detail = problem.Description
	}
	return problem
}

// String is one line for people.
func (p Problem) String() string {
	return fmt.Sprintf("%d %s: %s (trace %s)", p.Status, p.Code, p.Detail, p.TraceID)
}
