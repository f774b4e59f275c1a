package policies

// itemShares stops what may not be shared at all. A sharing type that nobody knows
// is treated as 不予.
func itemShares(in *Input) *refusal {
	if in.Item.SharedType == "无条件" || in.Item.SharedType == "有条件" {
		return nil
	}
	return &refusal{
		code:   ItemNotShared,
		zh:     "该数据的共享类型为“不予共享”。",
		en:     "The item's sharing type is 不予共享: it is not shared.",
		remedy: Remedy{Zh: "向提供方申请调整共享类型,或由当事人自行提供。", En: "Ask the provider to change the sharing type, or let the person hand it in."}.by(ChangeCatalogue),
	}
}
