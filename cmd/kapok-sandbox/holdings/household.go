package holdings

import (
	"fmt"
	"time"

	"kapok/cmd/kapok-sandbox/people"
)

// household is 居民户籍登记信息, as the public security's interface writes it.
type household struct {
	GMSFHM string // 公民身份号码
	XM     string // 姓名
	XB     string // 性别
	MZ     string // 民族
	CSRQ   string // 出生日期
	CSD    string // 出生地
	JG     string // 籍贯
	HJDZ   string // 户籍地址
	HH     string // 户号
	YHZGX  string // 与户主关系
	HNRS   int    // 户内人数
	HKXZ   string // 户口性质
	HJZT   string // 户籍状态
	LXDH   string // 联系电话
}

// Household is the record about a person, nil for none.
func Household(p people.Person) any {
	return household{
		GMSFHM: p.Number,
		XM:     p.Name,
		XB:     pick(p.Male, "男", "女"),
		MZ:     one(p.Index, "汉族", "汉族", "汉族", "壮族", "瑶族"),
		CSRQ:   p.Born.Format(time.DateOnly),
		CSD:    "广东省广州市天河区",
		JG:     one(p.Index, "广东广州", "广东梅州", "广西南宁", "湖南长沙"),
		HJDZ:   fmt.Sprintf("广东省广州市天河区测试路%d号%d房", p.Index/400+1, 100+p.Index%400),
		HH:     fmt.Sprintf("4401060%05d", p.Index/3),
		YHZGX:  one(p.Index, "户主", "配偶", "子女"),
		HNRS:   3,
		HKXZ:   "家庭户",
		HJZT:   "正常",
		LXDH:   fmt.Sprintf("100%08d", p.Index),
	}
}

func pick(yes bool, one, other string) string {
	if yes {
		return one
	}
	return other
}

// one picks a value by index, always the same one.
func one(index int, values ...string) string { return values[index%len(values)] }
