package gjzwfwpt

import (
	"context"
	"fmt"
	"net/http"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
	"kapok/connectors/settings"
)

// State is how far an application has come, by the nation's codes.
type State string

// The states of an application (申请状态).
const (
	NotReported       State = "0" // 未上报
	Waiting           State = "1" // 上报待审
	TurnedDownByAdmin State = "2" // 管理员驳回
	TurnedDown        State = "3" // 国家驳回
	Revoked           State = "4" // 已撤销
	Passed            State = "5" // 通过
	SentBack          State = "8" // 驳回
)

// labels are the states' names; a state that is not here is not known.
var labels = map[State]string{
	NotReported: "未上报", Waiting: "上报待审", TurnedDownByAdmin: "管理员驳回", TurnedDown: "国家驳回",
	Revoked: "已撤销", Passed: "通过", SentBack: "驳回",
}

// Label is the state's Chinese name.
func (s State) Label() string { return labels[s] }

// Final reports whether nothing more will come of the application.
func (s State) Final() bool { return s != NotReported && s != Waiting }

// Desk reports applications for national data and follows them. Safe for concurrent use.
type Desk struct {
	line                 line
	reportURL, reportSID string
	statusURL, statusSID string
}

// NewDesk makes a desk. Required settings: rid, app_key (the name of a secret),
// report_url, report_sid, status_url, status_sid.
func NewDesk(given map[string]string, secrets func(name string) (string, error), client *http.Client) (*Desk, error) {
	var d Desk
	var rid, secretName string
	known := map[string]*string{
		"rid": &rid, "app_key": &secretName, "report_url": &d.reportURL, "report_sid": &d.reportSID,
		"status_url": &d.statusURL, "status_sid": &d.statusSID,
	}
	if err := settings.Read(given, known, nil); err != nil {
		return nil, fmt.Errorf("gjzwfwpt: %w", err)
	}
	who, err := newAccount(rid, secretName, secrets)
	if err != nil {
		return nil, fmt.Errorf("gjzwfwpt: %w", err)
	}
	for _, address := range []settings.Required{{Name: "report_url", Value: d.reportURL}, {Name: "status_url", Value: d.statusURL}} {
		if err := settings.Address(address.Name, address.Value); err != nil {
			return nil, fmt.Errorf("gjzwfwpt: %w", err)
		}
	}
	if err := settings.Complete(settings.Required{Name: "report_sid", Value: d.reportSID}, settings.Required{Name: "status_sid", Value: d.statusSID}); err != nil {
		return nil, fmt.Errorf("gjzwfwpt: %w", err)
	}
	d.line = newLine(who, client)
	return &d, nil
}

// Application is what is reported; it holds no personal data.
type Application struct {
	ID         string // our own number; the nation answers a repeated one with the same receipt
	ResourceID string // the national resource applied for
	Scene      string // what it is for
	Basis      string // by which law
	Until      string // YYYY-MM-DD
}

// Report sends an application (上报) and returns the nation's receipt (up_apply_id).
// A report may have arrived although an error came back: ask again with the same ID.
func (d *Desk) Report(ctx context.Context, a Application) (receipt string, err error) {
	whole, _, err := d.line.call(ctx, d.reportURL, d.reportSID, "", map[string]string{
		"apply_id": a.ID, "resource_id": a.ResourceID, "scene": a.Scene, "basis": a.Basis, "end_time": a.Until,
	})
	if err != nil {
		return "", err
	}
	receipt, sent := jsonrecords.Pointer{"data", "up_apply_id"}.Text(whole)
	if !sent || receipt == "" {
		return "", fmt.Errorf("%w: the report got no receipt", connectors.ErrGarbage)
	}
	return receipt, nil
}

// Progress is what the nation says of an application.
type Progress struct {
	State   State
	Opinion string // the reviewer's words
}

// Follow asks how far an application has come.
func (d *Desk) Follow(ctx context.Context, receipt string) (Progress, error) {
	whole, _, err := d.line.call(ctx, d.statusURL, d.statusSID, "", map[string]string{"up_apply_id": receipt})
	if err != nil {
		return Progress{}, err
	}
	code, _ := jsonrecords.Pointer{"data", "status"}.Text(whole)
	opinion, _ := jsonrecords.Pointer{"data", "opinion"}.Text(whole)
	if _, known := labels[State(code)]; !known {
		return Progress{}, fmt.Errorf("%w: the application's state is none of the protocol's", connectors.ErrGarbage)
	}
	return Progress{State(code), opinion}, nil
}
