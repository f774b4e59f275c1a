package idp

import (
	"fmt"
	"time"

	"kapok/cmd/kapok-sandbox/people"
)

// account is somebody who can sign in.
type account struct {
	Subject string
	Name    string
	Office  string // what a member of staff does; empty for citizens
	Number  string // the identity number; empty for staff, who sign in as what they are
}

// accounts in the order of the login page.
type accounts []account

// staff are made up; the subjects are those of the catalogue. The last has no
// role in Kapok and shows what then happens.
var staff = accounts{
	{Subject: "staff-bureau-01", Name: "测试员甲", Office: "数据局"},
	{Subject: "staff-approver-01", Name: "测试员乙", Office: "审批"},
	{Subject: "staff-auditor-01", Name: "测试员丙", Office: "审计"},
	{Subject: "staff-bureau-02", Name: "测试员戊", Office: "数据局"},
	{Subject: "staff-consumer-01", Name: "测试员己", Office: "需求部门(人社局)"},
	{Subject: "staff-consumer-02", Name: "测试员庚", Office: "需求部门(民政局)"},
	{Subject: "staff-consumer-03", Name: "测试员癸", Office: "需求部门(民政局)"},
	{Subject: "staff-provider-01", Name: "测试员辛", Office: "提供部门(公安部)"},
	{Subject: "staff-provider-02", Name: "测试员壬", Office: "提供部门(民政部)"},
	{Subject: "staff-provider-03", Name: "测试员子", Office: "提供部门(人社部)"},
	{Subject: "staff-issuer-01", Name: "测试员丑", Office: "发证"},
	{Subject: "staff-police-01", Name: "测试员卯", Office: "发证(公安分局)"},
	{Subject: "staff-desk-01", Name: "测试员寅", Office: "窗口审批(人社局)"},
	{Subject: "staff-counter-01", Name: "测试员丁", Office: "窗口"},
}

func knownAccounts(register people.Register) accounts {
	known := append(accounts{}, staff...)
	for i := range people.Named {
		person := register.At(i)
		known = append(known, account{Subject: fmt.Sprintf("citizen-%02d", i+1), Name: person.Name, Number: person.Number})
	}
	return append(known, child)
}

// child is under 14 until 2032 and known to no source: to see that a child does not consent.
var child = account{Subject: "citizen-child", Name: "测试儿", Number: "440106201806011902"}

func (a accounts) find(subject string) (account, bool) {
	for _, candidate := range a {
		if candidate.Subject == subject {
			return candidate, true
		}
	}
	return account{}, false
}

// claims are what an ID token says beside the protocol's own.
func (a account) claims() map[string]any {
	said := map[string]any{
		"name":                        a.Name,
		"usertype":                    "1", // 自然人
		"creditable_level_of_account": "L3",
	}
	if a.Number != "" {
		said["idcardtype"] = "10" // 身份证, by the province's own list
		said["idcardnumber"] = a.Number
	}
	return said
}

func claimNames() []string {
	return []string{
		"sub", "aud", "exp", "iat", "iss", "auth_time", "nonce", "amr", "at_hash",
		"name", "idcardtype", "idcardnumber", "usertype", "creditable_level_of_account",
	}
}

// Lifetimes of what is handed out.
const (
	loginLife = 10 * time.Minute // from the first request to the exchange of the code
	tokenLife = 5 * time.Minute
)
