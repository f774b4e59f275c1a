package licence

import "kapok/gateway"

// holders are the types of holders: GB/T 36903's code, its name, and Guangdong's own
// code where one was seen in real systems ("" where none was: the standard's is sent).
var holders = []struct {
	code      gateway.IdentityType
	name      string
	guangdong string
}{
	{gateway.CitizenID, "公民身份号码", "10"},
	{gateway.CreditCode, "统一社会信用代码", "50"},
	{gateway.ResidencePermit, "港澳台居民居住证", ""},
	{gateway.Passport, "普通护照", ""},
	{gateway.TaiwanPermit, "台湾居民来往大陆通行证", ""},
	{gateway.HongKongMacaoEntry, "港澳居民来往内地通行证", ""},
	{gateway.PermanentResidence, "外国人永久居留身份证", ""},
}

// HolderTypeLabel is the name of a holder type (代码类型名).
func HolderTypeLabel(code gateway.IdentityType) string {
	for _, holder := range holders {
		if holder.code == code {
			return holder.name
		}
	}
	return ""
}

func guangdongHolder(code string) string {
	for _, holder := range holders {
		if string(holder.code) == code && holder.guangdong != "" {
			return holder.guangdong
		}
	}
	return code
}

func standardHolder(code string) string {
	for _, holder := range holders {
		if holder.guangdong == code {
			return string(holder.code)
		}
	}
	return code
}
