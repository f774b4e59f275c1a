package platform

import (
	"net/http"
	"strconv"
)

// showCounts tells how often the platform was asked, so that a test can see
// what a connector did and not only what it said.
func (p *Platform) showCounts(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]int64{
		"key_exchanges": p.counts.keyExchanges.Load(),
		"calls":         p.counts.calls.Load(),
		"refusals":      p.counts.refusals.Load(),
	})
}

// pageLimit bounds one page of citizens.
const pageLimit = 10000

type citizen struct {
	IDType   string `json:"id_type"`
	IDNumber string `json:"id_number"`
	Name     string `json:"name"`
}

// listCitizens lists the made-up people from ?from= on, at most ?limit= of
// them, for load tests and demonstrations.
func (p *Platform) listCitizens(w http.ResponseWriter, r *http.Request) {
	from, limit := numberOr(r.FormValue("from"), 0), numberOr(r.FormValue("limit"), 100)
	list := []citizen{}
	for i := from; i < min(from+min(limit, pageLimit), p.config.People.Size()); i++ {
		person := p.config.People.At(i)
		list = append(list, citizen{IDType: "111", IDNumber: person.Number, Name: person.Name})
	}
	writeJSON(w, http.StatusOK, list)
}

func numberOr(text string, otherwise int) int {
	if number, err := strconv.Atoi(text); err == nil && number >= 0 {
		return number
	}
	return otherwise
}
