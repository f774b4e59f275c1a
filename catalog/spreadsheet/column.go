package spreadsheet

import (
	"slices"
	"strings"
	"unicode"
)

// column is one heading of the form: what it is called, what it fills in the
// catalogue, how its cells are read and written, and the rule that they keep.
type column struct {
	heading string
	others  []string // further names that forms in use give it
	key     string   // in the catalogue's YAML
	needed  bool     // in every row that it belongs to
	cell    cell
	rule    rule
	example string // a cell that keeps the rule; it also stands in for one that does not
	refers  bool   // its values name other records, so no example can stand in
}

// itemColumns are filled once for an item, in the row that names its code.
var itemColumns = []column{
	{"代码", []string{"信息资源代码", "数据目录代码", "目录代码", "数据资源代码"}, "code", true, text,
		rule{"类 1 位、项 2 位、目 3 位、细目 1 位以上,斜线,顺序码;全目录内不重复。", "A code of 类 1 digit, 项 2, 目 3, 细目 1 or more, a slash and the 顺序码; each once."}, "1010010001/000001", false},
	{"版本", []string{"版本号"}, "version", true, number,
		rule{"从 1 起的整数;内容有变则加 1。", "A whole number from 1; one more whenever the content changes."}, "1", false},
	{"名称", []string{"信息资源名称", "数据目录名称", "目录名称", "数据资源名称"}, "name", true, text, anyText, "居民户籍登记信息", false},
	{"提供方", []string{"信息资源提供方", "数据资源提供方", "提供部门", "数源部门"}, "provider", true, text,
		rule{"目录中已有的部门:名称或编号。", "A department that the catalogue holds: its name or its id."}, "", true},
	{"摘要", []string{"信息资源摘要", "数据资源摘要"}, "abstract", true, text, anyText, "常住人口的户籍登记内容。", false},
	{"格式", []string{"信息资源格式", "数据资源格式"}, "format", true, text, anyText, "接口", false},
	{"查询主体", []string{"主体类型", "查询对象"}, "subjects", true, list(choice(subjects)),
		rule{"公民身份号码、统一社会信用代码,或两者,用顿号分开。", "公民身份号码, 统一社会信用代码, or both, apart by 、."}, "公民身份号码", false},
	{"共享类型", []string{"共享属性"}, "shared_type", true, choice(sharedTypes),
		rule{"无条件、有条件、不予三者之一。", "One of 无条件, 有条件, 不予."}, "有条件", false},
	{"共享条件", nil, "condition", true, text, anyText, "用于社会救助资格核验。", false},
	{"共享方式", nil, "method", true, text, anyText, "查询核验接口", false},
	{"更新周期", nil, "update_cycle", true, text, anyText, "每日", false},
	{"发布日期", nil, "published", true, day,
		rule{"真实的日期,如 2025-08-01。", "A day that exists, as 2025-08-01."}, "2025-08-01", false},
	{"关联资源代码", []string{"关联及类目名称", "关联目录代码"}, "related", false, list(text),
		rule{"目录或本表中已有的代码,用顿号分开,不重复。", "Codes that the catalogue or this form holds, apart by 、, each once."}, "", true},
	{"使用条件", nil, "use_conditions", true, text, anyText, "仅限本次事项和本案使用。", false},
	{"开放属性", []string{"开放类型", "是否向社会开放"}, "open_type", false, choice(openTypes),
		rule{"无条件开放、有条件开放、不予开放三者之一,或不填。", "One of 无条件开放, 有条件开放, 不予开放, or nothing."}, "不予开放", false},
	{"开放条件", nil, "open_condition", false, text, anyText, "", false},
	{"缓存时长", nil, "cache", false, text,
		rule{"如 10m、1h,最长 24h;不填则从不缓存。", "As 10m, 1h, up to 24h; nothing: never kept."}, "10m", false},
	{"数据时效", nil, "freshness", false, text,
		rule{"如 72h;数据更旧即为不合格。", "As 72h; older data breaks it."}, "72h", false},
	{"回流清单", []string{"是否回流"}, "return_list", false, flag, yesOrNo, "否", false},
	{"数源", []string{"数源系统", "来源系统"}, "source", false, text,
		rule{"目录中已有的数源编号;共享类型为不予的不填,其他必填。", "The id of a source that the catalogue holds; nothing for 不予, needed for all else."}, "", true},
	{"数源参数", nil, "source_settings", false, settings,
		rule{"每行一个:参数=值;共享类型为不予的不填。", "One a line: name=value; nothing for 不予."}, "sid=sid-0001", false},
}

// fieldColumns are filled once for each field (信息项).
var fieldColumns = []column{
	{"字段名", []string{"信息项英文名", "字段英文名", "字段代码"}, "name", true, text,
		rule{"小写字母、数字、单个下划线,以字母开头;同一条目内不重复。", "Small letters, digits and single underscores, a letter first; each once in an item."}, "household_address", false},
	{"信息项名称", []string{"信息项", "字段中文名", "数据项名称"}, "label", true, text, anyText, "户籍地址", false},
	{"数据类型", []string{"信息项类型", "字段类型"}, "type", true, choice(types),
		rule{"字符型、整数型、数值型、布尔型、日期型、年月型、日期时间型之一。", "One of 字符型 string, 整数型 integer, 数值型 decimal, 布尔型 boolean, 日期型 date, 年月型 month, 日期时间型 datetime."}, "字符型", false},
	{"敏感个人信息", []string{"是否敏感", "敏感"}, "sensitive", false, flag, yesOrNo, "否", false},
	{"必填", []string{"是否必填", "必有值"}, "required", false, flag, yesOrNo, "否", false},
	{"取值格式", []string{"正则表达式"}, "pattern", false, text,
		rule{"正则表达式。", "A regular expression."}, "^[0-9]+$", false},
	{"数源字段名", []string{"数源字段"}, "source_name", false, text,
		rule{"数源里的字段名;同一条目内不重复;与字段名相同可不填。", "What the source calls it; each once in an item; nothing where it is the same."}, "HJDZ", false},
	{"校验", []string{"校验位"}, "check", false, choice(digits),
		rule{"公民身份号码或统一社会信用代码,或不填。", "公民身份号码 or 统一社会信用代码, or nothing."}, "公民身份号码", false},
	{"最小值", nil, "min", false, text,
		rule{"属于该数据类型的值;该类型须可比大小。", "A value of the field's type, which has to have an order."}, "", false},
	{"最大值", nil, "max", false, text,
		rule{"属于该数据类型的值,不小于最小值;该类型须可比大小。", "A value of the field's type, not below the least, of a type that has an order."}, "", false},
}

// rule is what a cell has to keep, in both languages.
type rule struct{ zh, en string }

var (
	anyText  = rule{"文字。", "Text."}
	yesOrNo  = rule{"是或否;不填为否。", "是 or 否; nothing is 否."}
	needed   = rule{"必填。", "This has to be filled in."}
	notHere  = rule{"这一行没有代码,只能填信息项;条目的内容填在有代码的那一行。", "This row has no code, so it holds a field only; what is the item's stands in the row with its code."}
	noItem   = rule{"这一行之上没有任何有代码的行。", "No row above this one names a code."}
	noField  = rule{"条目至少有一个信息项。", "An item has at least one field."}
	noTable  = rule{"找不到表头:表头行至少有代码、名称和字段名。", "There is no row of headings: it has 代码, 名称 and 字段名 at least."}
	noRows   = rule{"表里没有条目。", "The form holds no item."}
	strange  = rule{"不认识的表头;可用的表头见说明。", "This heading is not known; the notes of the template list all."}
	twice    = rule{"这个表头出现了两次。", "This heading stands here twice."}
	leftOver = rule{"这一列没有表头,不能填。", "This column has no heading, so it is not read."}
)

// columns lists all of them, in the order of the template.
func columns() []column { return slices.Concat(itemColumns, fieldColumns) }

// columnNamed finds what a heading stands for: blanks, stars and what stands in
// brackets are looked past.
func columnNamed(heading string) (at int, known bool) {
	plain := plainHeading(heading)
	at = slices.IndexFunc(columns(), func(c column) bool { return c.heading == plain || slices.Contains(c.others, plain) })
	return at, at >= 0
}

func plainHeading(heading string) string {
	if open := strings.IndexAny(heading, "(\uff08["); open > 0 {
		heading = heading[:open]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '*' || r == '\uff0a' {
			return -1
		}
		return r
	}, heading)
}
