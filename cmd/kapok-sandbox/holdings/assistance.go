package holdings

import (
	"fmt"
	"time"

	"kapok/cmd/kapok-sandbox/people"
)

// assistance is 最低生活保障对象信息, as the civil affairs' interface writes it.
type assistance struct {
	SFZH  string  // 公民身份号码
	XM    string  // 姓名
	BZZT  string  // 保障状态
	BZLB  string  // 保障类别
	BZRS  int     // 保障人数
	YBZJE string  // 月保障金额, yuan
	RDRQ  string  // 认定日期
	TBRQ  *string // 停保日期, null while it lasts
	ZKYY  string  // 致困原因
	CJQK  string  // 残疾情况
	FFZH  string  // 发放账号
	RDJG  string  // 认定机关
}

// Assistance is the record about a person; it holds two citizens of every three: the others never applied.
func Assistance(p people.Person) any {
	if p.Index%3 == 2 {
		return nil
	}
	record := assistance{
		SFZH:  p.Number,
		XM:    p.Name,
		BZZT:  "在保",
		BZLB:  "城镇低保",
		BZRS:  1 + p.Index%3,
		YBZJE: fmt.Sprintf("%d.00", 1238*(1+p.Index%3)),
		RDRQ:  "2024-05-01",
		ZKYY:  one(p.Index, "因病", "因残", "失业"),
		CJQK:  one(p.Index, "无", "肢体三级", "无"),
		FFZH:  fmt.Sprintf("6200000000%09d", p.Index),
		RDJG:  "广州市天河区民政局",
	}
	if p.Index%5 == 4 {
		ended := time.Date(2025, time.December, 31, 0, 0, 0, 0, Beijing()).Format(time.DateOnly)
		record.BZZT, record.TBRQ = "停保", &ended
	}
	return record
}
