package policies

import (
	"net/netip"
	"slices"
	"time"

	"kapok/gateway"
)

// grantAllows checks the grant against the request, without its fields.
func grantAllows(in *Input) *refusal { return firstBroken(in, grantConditions) }

var grantConditions = []condition{
	{
		code:   GrantMissing,
		broken: func(in *Input) bool { return in.Grant == nil },
		zh:     "该系统没有使用这项数据的授权。",
		en:     "The system holds no grant for this item.",
		remedy: applyForGrant,
	},
	{
		code: GrantMissing,
		broken: func(in *Input) bool {
			return in.Grant.System != in.System.ID || in.Grant.Department != in.System.Department || in.Grant.Item != in.Item.Code
		},
		zh:     "所用授权属于别的系统或别的数据。",
		en:     "The grant is another system's, or for another item.",
		remedy: applyForGrant,
	},
	{
		code:   GrantNotYetValid,
		broken: func(in *Input) bool { return in.Now.Before(in.Grant.From) },
		zh:     "授权尚未生效。",
		en:     "The grant is not valid yet.",
		remedy: Remedy{Zh: "在授权生效之后再请求。", En: "Ask again when the grant has become valid."}.by(Wait),
	},
	{
		code:   GrantExpired,
		broken: func(in *Input) bool { return !in.Now.Before(in.Grant.Expires) },
		zh:     "授权已到期。",
		en:     "The grant has expired.",
		remedy: Remedy{Zh: "向提供方申请续期。", En: "Apply to the provider for renewal."}.by(RenewGrant),
	},
	{
		code: GrantHours,
		broken: func(in *Input) bool {
			return len(in.Grant.Hours) > 0 && !slices.ContainsFunc(in.Grant.Hours, covers(in.Now))
		},
		zh:     "现在不在授权允许使用的时段。",
		en:     "The grant may not be used at this hour.",
		remedy: Remedy{Zh: "在授权允许的时段再请求。", En: "Ask again within the hours of the grant."}.by(Wait),
	},
	{
		code: GrantNetwork,
		broken: func(in *Input) bool {
			return len(in.Grant.Networks) > 0 && !slices.ContainsFunc(in.Grant.Networks, holds(in.Network))
		},
		zh:     "请求不是从授权允许的网络发出的。",
		en:     "The call does not come from a network of the grant.",
		remedy: Remedy{Zh: "从授权写明的网络发出请求,或申请变更网络。", En: "Call from a network that the grant names, or apply for another."}.by(ChangeRequest, ApplyForGrant),
	},
	{
		code:   ItemVersion,
		broken: func(in *Input) bool { return in.Grant.ItemVersion != in.Item.Version },
		zh:     "授权针对的是该数据目录的另一个版本。",
		en:     "The grant is for another version of the item.",
		remedy: Remedy{Zh: "按目录现行版本重新申请授权。", En: "Apply for a grant for the item's current version."}.by(ApplyForGrant),
	},
	{
		code:   OperationNotGranted,
		broken: func(in *Input) bool { return !slices.Contains(in.Grant.Operations, in.Ask.Operation) },
		zh:     "授权不包括这种使用方式。",
		en:     "The grant does not include this operation.",
		remedy: Remedy{Zh: "改用授权允许的方式,或申请扩大授权。", En: "Use an operation that the grant includes, or apply for a wider grant."}.by(ChangeRequest, ApplyForGrant),
		offers: func(in *Input) []string { return names(in.Grant.Operations) },
	},
	{
		code:   ServiceItemNotGranted,
		broken: func(in *Input) bool { return !slices.Contains(in.Grant.ServiceItems, in.Ask.ServiceItem) },
		zh:     "授权不包括这个事项。",
		en:     "The grant does not include this service item.",
		remedy: Remedy{Zh: "核对事项编码,或为该事项申请授权。", En: "Check the service item's code, or apply for a grant for it."}.by(ChangeRequest, ApplyForGrant),
		offers: func(in *Input) []string { return in.Grant.ServiceItems },
	},
	{
		code:   PurposeNotGranted,
		broken: func(in *Input) bool { return !slices.Contains(in.Grant.Purposes, in.Ask.Purpose) },
		zh:     "授权不包括这个用途。",
		en:     "The grant does not include this purpose.",
		remedy: Remedy{Zh: "核对用途代码,或为该用途申请授权。", En: "Check the purpose code, or apply for a grant for it."}.by(ChangeRequest, ApplyForGrant),
		offers: func(in *Input) []string { return in.Grant.Purposes },
	},
}

// beijing is where the hours of a grant are told.
var beijing = time.FixedZone("CST", 8*60*60)

func covers(now time.Time) func(Hours) bool {
	local := now.In(beijing)
	day, minute := (int(local.Weekday())+6)%7+1, local.Hour()*60+local.Minute()
	return func(h Hours) bool {
		return slices.Contains(h.Days, day) && h.From <= minute && minute < h.Until
	}
}

// holds reports false for an address that is not known.
func holds(from netip.Addr) func(netip.Prefix) bool {
	return func(network netip.Prefix) bool { return network.Contains(from.Unmap()) }
}

// Serves reports whether a grant passes every condition for this request, and has
// the fields asked for.
func Serves(in Input, grant *Grant) bool {
	in.Grant = grant
	return grant != nil && passes(&in) > len(grantConditions)
}

var applyForGrant = Remedy{
	Zh: "向提供方申请授权,写明依据、场景、范围、方式和期限(政务数据共享条例第二十条)。",
	En: "Apply to the provider for a grant, stating basis, scene, scope, method and time limit.",
}.by(ApplyForGrant)

func names(operations []gateway.Operation) []string {
	texts := make([]string, len(operations))
	for i, operation := range operations {
		texts[i] = string(operation)
	}
	return texts
}

// Fittest picks, of several grants, the one that gets this request furthest; of
// equals, the first. It returns nil for none. The grant in the input is not read.
func Fittest(in Input, grants []*Grant) *Grant {
	if len(grants) == 1 {
		return grants[0]
	}
	return fittest(in, grants)
}

// fittest is apart since its copy of the input goes to the heap.
func fittest(in Input, grants []*Grant) *Grant {
	var best *Grant
	furthest := -1
	for _, grant := range grants {
		in.Grant = grant
		if passed := passes(&in); passed > furthest {
			best, furthest = grant, passed
		}
	}
	return best
}

// passes counts the conditions that hold before the first that does not; a grant
// that has all the fields asked for passes one more.
func passes(in *Input) int {
	for i, c := range grantConditions {
		if c.broken(in) {
			return i
		}
	}
	if len(without(in.Ask.Fields, in.Grant.Fields)) > 0 {
		return len(grantConditions)
	}
	return len(grantConditions) + 1
}
