package demo

import "kapok/cmd/kapok-sandbox/returning"

// What the demonstration plays with: names of the example catalogue
// (catalog/data) and of the sandbox's people.
const (
	assistanceSystem     = "tianhe-minzheng-dibao"
	assistanceDepartment = "tianhe-minzheng"
	assistanceMatter     = "11440106KAPK0002272010511001000"
	assistancePurpose    = "assistance-review"
	assistanceProvision  = "social-assistance-58"
	householdItem        = "1010010001/000001"

	subsidySystem     = "tianhe-renshe-butie"
	subsidyDepartment = "tianhe-renshe"
	subsidyMatter     = "11440106KAPK0003022010614002000"
	subsidyPurpose    = "employment-subsidy"
	allowanceItem     = "2030010002/000001"
	insuranceItem     = "2020010003/000001"
	disabilityItem    = "2040010001/000001" // of deploy/examples/rest-source.yaml

	assistanceLicence = "11100000KAPK010257001" // 证照类型代码
	licenceItem       = "2030010006/000001"
	issuingOfficer    = "staff-issuer-01" // of the assistance's department
	deskOfficer       = "staff-desk-01"   // of the subsidy's department

	citizen      = "citizen-01"
	officer      = "staff-bureau-01"
	otherOfficer = "staff-bureau-02"

	applicant = "staff-consumer-01" // of the subsidy's department
	answerer  = "staff-provider-03" // of the department that holds the insurance data
)

// Systems are the systems whose keys Kapok must know before the demonstration.
func Systems() []string { return []string{assistanceSystem, subsidySystem, returning.System} }

func householdFields() []string {
	return []string{"name", "household_address", "relation_to_head", "household_size", "state"}
}

func allowanceFields() []string { return []string{"name", "status", "category", "approved_on"} }
