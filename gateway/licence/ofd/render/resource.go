package render

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"kapok/gateway/licence/ofd"
)

// resources are what objects name by ID.
type resources struct {
	fonts      map[string]string // CSS families
	media      map[string]string // files
	parameters map[string]*ofd.Element
	composites map[string]*ofd.Element
	faces      []string // CSS of embedded fonts
}

func newResources() resources {
	return resources{fonts: map[string]string{}, media: map[string]string{}, parameters: map[string]*ofd.Element{}, composites: map[string]*ofd.Element{}}
}

// readResources reads Res files (GB/T 33190, 7.9).
func (d *drawing) readResources(names []string) {
	for _, name := range names {
		res := d.element(name)
		base := strings.TrimSuffix(res.Attr("BaseLoc"), "/")
		for _, media := range res.Child("MultiMedias").All("MultiMedia") {
			d.resources.media[media.Attr("ID")] = d.locate(name, base, media.ChildText("MediaFile"))
		}
		for _, font := range res.Child("Fonts").All("Font") {
			d.font(font, d.locate(name, base, font.ChildText("FontFile")))
		}
		for _, parameter := range res.Child("DrawParams").All("DrawParam") {
			d.resources.parameters[parameter.Attr("ID")] = parameter
		}
		for _, unit := range res.Child("CompositeGraphicUnits").All("CompositeGraphicUnit") {
			d.resources.composites[unit.Attr("ID")] = unit
		}
	}
}

// locate finds a resource's file in the folder that its list names, or beside the list.
func (d *drawing) locate(list, base, location string) string {
	if location == "" {
		return ""
	}
	for _, candidate := range []string{base + "/" + location, location} {
		if strings.HasPrefix(location, "/") {
			candidate = location
		}
		if name, err := ofd.Resolve(list, candidate); err == nil && d.container.Has(name) {
			return name
		}
	}
	return ""
}

// families stand for the fonts that documents name and systems lack.
var families = []struct{ part, css string }{
	{"黑", "SimHei,'Noto Sans CJK SC','Microsoft YaHei',sans-serif"},
	{"楷", "KaiTi,STKaiti,'Noto Serif CJK SC',serif"},
	{"仿宋", "FangSong,STFangsong,'Noto Serif CJK SC',serif"},
	{"宋", "SimSun,'Noto Serif CJK SC','Songti SC',serif"},
}

const anyFamily = "'Noto Sans CJK SC','Microsoft YaHei',sans-serif"

func familyFor(name string) string {
	for _, family := range families {
		if strings.Contains(name, family.part) {
			return family.css
		}
	}
	return anyFamily
}

func (r *resources) family(id string) string {
	if css := r.fonts[id]; css != "" {
		return css
	}
	return anyFamily
}

const maxFonts = 8 << 20 // of embedded fonts in one drawing, bytes

// font takes a font: one that comes along is put into the drawing.
func (d *drawing) font(font *ofd.Element, file string) {
	id, css := font.Attr("ID"), familyFor(font.Attr("FontName")+font.Attr("FamilyName"))
	d.resources.fonts[id] = css
	if file == "" {
		return
	}
	contents, err := d.container.Read(file)
	kind := http.DetectContentType(contents)
	if err != nil || !slices.Contains([]string{"font/ttf", "font/otf", "font/woff", "font/woff2"}, kind) || d.resources.faceBytes()+len(contents) > maxFonts {
		d.miss("a font that comes along and cannot be used; a similar one stands for it")
		return
	}
	own := fmt.Sprintf("ofd%d", len(d.resources.faces))
	d.resources.faces = append(d.resources.faces, fmt.Sprintf("@font-face{font-family:%s;src:url(data:%s;base64,%s)}", own, kind, base64.StdEncoding.EncodeToString(contents)))
	d.resources.fonts[id] = own + "," + css
}

func (r *resources) faceBytes() int {
	total := 0
	for _, face := range r.faces {
		total += len(face)
	}
	return total
}

func (r *resources) style() string {
	if len(r.faces) == 0 {
		return ""
	}
	return "<style>" + strings.Join(r.faces, "") + "</style>"
}
