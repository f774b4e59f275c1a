package holdings

import (
	"fmt"

	"kapok/cmd/kapok-sandbox/people"
)

// disability is 残疾人证信息, as the disabled persons' federation's interface writes it.
type disability struct {
	IDCard      string `json:"id_card"`        // 公民身份号码
	PersonName  string `json:"person_name"`    // 姓名
	CertNo      string `json:"cert_no"`        // 残疾人证号: the number and three digits
	Kind        string `json:"kind"`           // 残疾类别
	Level       int    `json:"level"`          // 残疾等级, 1 to 4
	IssuedOn    string `json:"issued_on"`      // 签发日期
	ValidUntil  string `json:"valid_until"`    // 有效期至
	State       string `json:"state"`          // 证件状态
	Guardian    string `json:"guardian"`       // 监护人
	GuardianTel string `json:"guardian_tel"`   // 监护人电话
	IssueOrg    string `json:"issuing_org"`    // 签发机关
	HasCare     bool   `json:"has_care"`       // 是否享受护理补贴
	CareMonthly string `json:"care_per_month"` // 护理补贴月标准, yuan
}

// Disability is the record about a person, nil for none.
func Disability(p people.Person) any {
	level := 1 + p.Index%4
	return disability{
		IDCard: p.Number, PersonName: p.Name, CertNo: fmt.Sprintf("%s%d%d", p.Number, 40+p.Index%7, level),
		Kind: one(p.Index, "肢体", "视力", "听力", "言语", "智力"), Level: level,
		IssuedOn: "2022-03-01", ValidUntil: "2032-02-28", State: "有效",
		Guardian: "测试监护人", GuardianTel: fmt.Sprintf("101%08d", p.Index), IssueOrg: "广州市天河区残疾人联合会",
		HasCare: level <= 2, CareMonthly: "338.00",
	}
}
