package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"time"

	"kapok/gateway/ledger"
)

// Summary writes the page by which a person reads the bundle: Chinese first, and
// nothing that the bundle does not say. It verifies nothing; the verification writes
// it again and compares. It names nobody: who is concerned stands in the request.
//
// Its form belongs to version 1 of the bundle and does not change.
func (b Bundle) Summary() []byte {
	var page bytes.Buffer
	page.WriteString(summaryHead)
	row(&page, "编号 Reference", b.Ref)
	row(&page, "制作时间 Made", b.Made)
	told := b.told()
	for _, wanted := range summaryRows {
		row(&page, wanted.label, firstValue(told, wanted.field))
	}
	row(&page, "签名请求 Signed request", presence(len(b.Entries) > 0 && len(b.Entries[0].Message) > 0))
	row(&page, "使用依据文书 Basis document", presence(b.Basis != nil))
	row(&page, "回复签名 Signed release", presence(b.Release != nil))
	row(&page, "吊销列表 Revocation lists", fmt.Sprint(len(b.Lists)))
	row(&page, "时间戳 Time-stamps", fmt.Sprint(len(b.Stamps)))
	row(&page, "见证签名 Witnesses' cosignatures", fmt.Sprint(len(b.Cosigned)))
	page.WriteString("</table>\n<h2>账本记录 Ledger entries</h2>\n<table>\n<tr><th>时间 Time<th>记录 Entry<th>结果 Result<th>封存 Sealed<th>位置 Place\n")
	for _, one := range told {
		fmt.Fprintf(&page, "<tr><td>%s<td>%s<td>%s<td>%s<td>%s\n", moment(one.At), text(entryWords(one.Kind)),
			text(resultOf(one)), moment(one.Sealed), text(fmt.Sprintf("%s #%d / %d", one.Origin, one.Index, one.Size)))
	}
	page.WriteString(summaryFoot)
	return page.Bytes()
}

const summaryHead = `<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>数据使用证据 Evidence of a use of data</title>
<style>body{font-family:serif;max-width:60em;margin:2em auto}table{border-collapse:collapse;width:100%}td,th{border:1px solid #999;padding:.3em .6em;text-align:left;vertical-align:top}</style>
<h1>数据使用证据<br><small>Evidence of a use of data</small></h1>
<p>本页由同一文件中的 evidence.json 生成,仅供阅读;是否属实,以离线核验为准:<code>kapok-verify evidence --bundle 信任根文件 本文件</code>。
<p>This page is made from evidence.json beside it and is for reading only; whether it is true, the offline verification says.
<table>
`

const summaryFoot = `</table>
<p>evidence.json 内的签名请求含当事人身份信息,请妥善保管。The signed request in evidence.json names the person concerned; keep it accordingly.
</html>
`

// summaryRows are the fields shown, from the first entry that has each.
var summaryRows = []struct{ label, field string }{
	{"使用部门 Department", "department"},
	{"使用系统 System", "system"},
	{"经办人代号 Officer", "officer"},
	{"事项 Service item", "service-item"},
	{"办件编号 Case", "case"},
	{"目的 Purpose", "purpose"},
	{"数据目录 Item", "item"},
	{"信息项 Fields", "fields"},
	{"方式 Operation", "operation"},
	{"使用依据 Basis", "basis"},
	{"依据类型 Kind of basis", "basis-kind"},
	{"法律条款 Provision", "provision"},
	{"授权 Grant", "grant"},
	{"策略集 Policy set", "policy-set"},
	{"数源部门 Provider", "provider"},
	{"数据源 Source", "source"},
	{"数据时间 As of", "as-of"},
	{"返回信息项 Returned", "returned"},
}

// told reads the receipts without verifying them.
func (b Bundle) told() []ledger.Evidence {
	all := make([]ledger.Evidence, 0, len(b.Entries))
	for _, entry := range b.Entries {
		if told := read(entry.Receipt); told != nil {
			all = append(all, *told)
		}
	}
	return all
}

// read is what a receipt says, whether it is true or not; nil when it cannot be read.
func read(receipt []byte) *ledger.Evidence {
	var r struct {
		Checkpoint string `json:"checkpoint"`
		Entry      []byte `json:"entry"`
		Index      uint64 `json:"index"`
		Openings   []struct{ Name, Value string }
	}
	if err := json.Unmarshal(receipt, &r); err != nil {
		return nil
	}
	leaf, err := ledger.ParseLeaf(r.Entry)
	if err != nil {
		return nil
	}
	head, err := ledger.ParseCheckpoint(r.Checkpoint)
	if err != nil {
		return nil
	}
	told := &ledger.Evidence{Kind: leaf.Kind, Ref: leaf.Ref, At: leaf.At, Origin: head.Origin, Index: r.Index, Size: head.Size, Sealed: head.Sealed}
	for _, o := range r.Openings {
		told.Shown = append(told.Shown, ledger.Shown{Name: o.Name, Value: o.Value})
	}
	return told
}

func firstValue(told []ledger.Evidence, field string) string {
	for _, one := range told {
		if value := shown(one, field); value != "" {
			return value
		}
	}
	return "—"
}

func row(page *bytes.Buffer, label, value string) {
	fmt.Fprintf(page, "<tr><th>%s<td>%s\n", text(label), text(value))
}

func text(s string) string { return html.EscapeString(s) }

func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05.000 UTC") }

func presence(there bool) string {
	if there {
		return "有 yes"
	}
	return "无 no"
}

var kindWords = map[ledger.Kind]string{
	"intent": "受理并决定 intent", "outcome": "结果 outcome", "refusal": "拒绝 refusal",
}

func entryWords(kind ledger.Kind) string {
	if words, known := kindWords[kind]; known {
		return words
	}
	return string(kind)
}

func resultOf(told ledger.Evidence) string {
	result, code := shown(told, "result"), shown(told, "code")
	if result != "" && code != "" {
		return result + ": " + code
	}
	return result + code
}
