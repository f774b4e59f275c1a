package httpapi

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"kapok/gateway/confirmation"
	"kapok/gateway/postgres"
)

// Confirmations is the second officer's desk. What Decide returns without an error is
// durable and in the ledger; what is not shown to the officer is NotFound.
type Confirmations interface {
	Decide(ctx context.Context, o confirmation.Officer, id string, event confirmation.Event, reason string) (confirmation.Confirmation, error)
	List(ctx context.Context, o confirmation.Officer, open bool, limit int) ([]confirmation.Confirmation, error)
}

// Notifications are what people are told of uses of their data.
type Notifications interface {
	Notifications(ctx context.Context, subjectRef string, before postgres.LedgerPlace, now time.Time, limit int) ([]postgres.Notification, error)
	ReadNotification(ctx context.Context, subjectRef, origin string, index int64, now time.Time) error // another's is NotFound
}

// secondOfficer is who is signed in, as the catalogue's list of staff in force has them.
func (h handlers) secondOfficer(session *postgres.Session) confirmation.Officer {
	o := confirmation.Officer{Ref: session.Subject, Roles: session.Roles}
	if staff, known := h.catalog().Staff(session.Issuer, session.Subject); known {
		o.Department, o.OfficerRef = staff.Department, staff.OfficerRef
	}
	return o
}

// ListConfirmations lists what a second officer is asked about.
func (h handlers) ListConfirmations(ctx context.Context, request ListConfirmationsRequestObject) (ListConfirmationsResponseObject, error) {
	ctx, v := unwrap(ctx)
	found, err := h.seconding.List(ctx, h.secondOfficer(v.session), request.Params.Open, limit(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	listed := ConfirmationList{Confirmations: []Confirmation{}}
	for _, c := range found {
		listed.Confirmations = append(listed.Confirmations, h.confirmation(c))
	}
	return ListConfirmations200JSONResponse(listed), nil
}

// DecideConfirmation confirms or refuses.
func (h handlers) DecideConfirmation(ctx context.Context, request DecideConfirmationRequestObject) (DecideConfirmationResponseObject, error) {
	ctx, v := unwrap(ctx)
	c, err := h.seconding.Decide(ctx, h.secondOfficer(v.session), request.ID, confirmation.Event(request.Body.Event), request.Body.Reason)
	if err != nil {
		return nil, err
	}
	return DecideConfirmation200JSONResponse(h.confirmation(c)), nil
}

func (h handlers) confirmation(c confirmation.Confirmation) Confirmation {
	n := h.names
	return Confirmation{
		ID: c.ID, State: ConfirmationState(c.State), Department: n.department(c.Department), System: n.system(c.System),
		Provider: n.department(c.Provider), Item: n.item(c.Item), Fields: c.Fields, Operation: string(c.Operation),
		ServiceItem: n.serviceItem(c.ServiceItem), CaseNo: c.CaseNo, Purpose: n.purpose(c.Purpose), OfficerRef: c.OfficerRef,
		AskedAt: c.AskedAt, Expires: c.Expires, DecidedAt: c.DecidedAt, Reason: c.Reason,
	}
}

// ListMyNotifications shows the citizen what they are told.
func (h handlers) ListMyNotifications(ctx context.Context, request ListMyNotificationsRequestObject) (ListMyNotificationsResponseObject, error) {
	ctx, v := unwrap(ctx)
	before, err := parsePlace(request.Params.Cursor)
	if err != nil {
		return nil, err
	}
	most := limit(request.Params.Limit)
	found, err := h.notices.Notifications(ctx, v.session.SubjectRef, before, h.now(), most)
	if err != nil {
		return nil, err
	}
	page := NotificationPage{Notifications: []Notification{}}
	for _, one := range found {
		page.Notifications = append(page.Notifications, h.notification(one))
	}
	if len(found) == most {
		last := found[most-1]
		page.Next, err = placeCursor(postgres.LedgerPlace{At: last.At, Origin: last.Origin, Index: uint64(last.Index)})
	}
	return ListMyNotifications200JSONResponse(page), err
}

func (h handlers) notification(one postgres.Notification) Notification {
	return Notification{
		Kind: NotificationKind(one.Kind), At: one.At, Department: h.names.department(one.Department), Item: h.names.item(one.Item),
		Operation: one.Operation, ServiceItem: h.names.serviceItem(one.ServiceItem), ReadAt: one.ReadAt,
		Access: "/v1/me/accesses/" + url.PathEscape(one.Origin) + "/" + strconv.FormatInt(one.Index, 10) + "/receipt",
	}
}

// ReadMyNotification notes that one was read.
func (h handlers) ReadMyNotification(ctx context.Context, request ReadMyNotificationRequestObject) (ReadMyNotificationResponseObject, error) {
	ctx, v := unwrap(ctx)
	if err := h.notices.ReadNotification(ctx, v.session.SubjectRef, request.Origin, request.Index, h.now()); err != nil {
		return nil, err
	}
	return ReadMyNotification204Response{}, nil
}
