package safe

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"kapok/catalog"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/basis"
)

const (
	noticeID       = "consent"
	noticeVersion  = "2"
	noticeLanguage = "zh-CN"
)

// Notice is the text that a person reads before they agree (PIPL 17, 23, 30). The
// same wish gives the same text, so that its SM3 proves what was shown.
type Notice struct {
	ID, Version, Language, Text string
	SM3                         string // of Text, 64 hex digits
}

// Notice words what is wanted. The error is that of what could not be allowed.
func (s *Service) Notice(ctx context.Context, w Wanted) (Notice, error) {
	w.now = s.Now()
	draft, err := s.draft(ctx, s.Catalog(), w)
	if err != nil {
		return Notice{}, err
	}
	return s.worded(draft), nil
}

// worded is the notice for a draft.
func (s *Service) worded(draft basis.Basis) Notice {
	text := word(s.Catalog(), draft)
	digest := sm.Sum([]byte(text))
	return Notice{ID: noticeID, Version: noticeVersion, Language: noticeLanguage, Text: text, SM3: hex.EncodeToString(digest[:])}
}

func word(directory *catalog.Catalog, b basis.Basis) string {
	item, _ := directory.Item(b.Item) // draft found it
	var labels []string
	for _, name := range b.Fields {
		field, _ := item.Field(name) // draft found it in the grant
		label := field.Label
		if field.Sensitive {
			label += "(敏感个人信息)"
		}
		if slices.Contains(b.Optional, name) {
			label += "(可以不提供)"
		}
		labels = append(labels, label)
	}
	matter := b.ServiceItem
	if known, ok := directory.ServiceItem(b.ServiceItem); ok {
		matter = known.Name
	}
	return fmt.Sprintf(strings.Join([]string{
		"谁使用:%s(系统 %s)",
		"使用什么:%s 中的 %s",
		"数据来自:%s",
		"怎样使用:%s",
		"为了什么:%s,事项 %s,办件 %s",
		"到什么时候:%s(北京时间)之前%s",
		"用后保存到:%s,到期删除并出具证明;已经随案卷归档的加注件依法保留。",
		"您的权利:随时可以撤回或者暂停,撤回后下一次使用即被拒绝,撤回不影响此前已经进行的使用;可以查看每一次使用,可以更正、异议、投诉。",
		"%s",
	}, "\n"),
		departmentName(directory, b.Department), b.System, item.Name, strings.Join(labels, "、"), departmentName(directory, b.Provider),
		operationWords[b.Operations[0]], b.PurposeText, matter, orAny(b.CaseNo), b.Expires.In(beijing()).Format("2006-01-02 15:04"),
		limits(b), b.EraseAt.In(beijing()).Format("2006-01-02"), otherWay(b))
}

// limits says how often it may be used.
func limits(b basis.Basis) string {
	text := ""
	if b.MaxUses > 0 {
		text += fmt.Sprintf(",最多使用 %d 次", b.MaxUses)
	}
	if b.PerDay > 0 {
		text += fmt.Sprintf(",每天最多 %d 次", b.PerDay)
	}
	return text
}

// otherWay says what happens without consent (PIPL 16), and what is decided without a
// person (PIPL 24).
func otherWay(b basis.Basis) string {
	text := "如不同意:可以改为自行提交纸质材料,不影响办理。"
	switch {
	case b.Necessity.Required:
		text = "如不同意:该事项离开这些信息无法办理。"
	case b.Necessity.Alternative != "":
		text = "如不同意:" + b.Necessity.Alternative
	}
	if b.Automated.Decides {
		text += "\n自动决定:" + b.Automated.Explanation
	}
	return text
}

var operationWords = map[gateway.Operation]string{
	gateway.Verify:    "核验(只得到是或否)",
	gateway.Predicate: "判断(只得到是或否)",
	gateway.View:      "查看",
	gateway.Copy:      "查看并留存",
}

func departmentName(directory *catalog.Catalog, id string) string {
	if known, ok := directory.Department(id); ok {
		return known.Name
	}
	return id
}

func orAny(caseNo string) string {
	if caseNo == "" {
		return "(办理时注明)"
	}
	return caseNo
}

// beijing needs no time zone data on the machine: China has had one zone without
// summer time since 1992.
func beijing() *time.Location { return time.FixedZone("CST", 8*60*60) }
