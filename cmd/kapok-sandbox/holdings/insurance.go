package holdings

import (
	"fmt"
	"time"

	"kapok/cmd/kapok-sandbox/people"
)

// insurance is 社会保险参保缴费信息; the names are those of the social security's
// own data standard (LB 101).
type insurance struct {
	AAC002 string // 公民身份号码
	AAC003 string // 姓名
	AAC031 string // 参保状态
	AAE140 string // 险种类型
	AAB004 string // 参保单位
	AAE180 string // 月缴费基数, yuan
	AAE201 int    // 累计缴费月数
	AAE003 string // 最近缴费年月
	AIC161 string // 月养老金, yuan
	AJC090 string // 失业登记日期
}

// retirement is the age from which a pension is paid, in years.
const retirement = 60

// Insurance is the record about a person, nil for none.
func Insurance(p people.Person) any {
	record := insurance{
		AAC002: p.Number,
		AAC003: p.Name,
		AAC031: "正常参保",
		AAE140: "企业职工基本养老保险",
		AAB004: "广州测试有限公司",
		AAE180: fmt.Sprintf("%d.00", 5500+100*(p.Index%40)),
		AAE201: 12 * (1 + p.Index%25),
		AAE003: "2026-06",
	}
	if p.Born.AddDate(retirement, 0, 0).Before(time.Now()) {
		record.AAC031, record.AAB004, record.AAE180 = "待遇领取", "", ""
		record.AIC161 = fmt.Sprintf("%d.50", 2800+10*(p.Index%90))
	}
	return record
}
