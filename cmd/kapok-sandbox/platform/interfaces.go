package platform

import (
	"kapok/cmd/kapok-sandbox/holdings"
	"kapok/cmd/kapok-sandbox/people"
)

// dataInterface is one interface behind the platform: the name of its question's
// parameter, and the record it holds about a person, nil for none.
type dataInterface struct {
	param  string
	record func(people.Person) any
}

// interfaces by sid, each with the names its owner uses.
var interfaces = map[string]dataInterface{
	"sid-mps-household-0001":    {param: "GMSFHM", record: holdings.Household},
	"sid-mca-assistance-0002":   {param: "SFZH", record: holdings.Assistance},
	"sid-mohrss-insurance-0003": {param: "AAC002", record: holdings.Insurance},
}
