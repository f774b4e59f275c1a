package ofd

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
	"time"
)

const (
	namespace = `xmlns:ofd="http://www.ofdspec.org/2016"`
	prologue  = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
)

// xmlWriter puts XML together; text is escaped, raw is the program's own.
type xmlWriter struct{ out bytes.Buffer }

func (w *xmlWriter) raw(markup string) { w.out.WriteString(markup) }

func (w *xmlWriter) text(value string) { _ = xml.EscapeText(&w.out, []byte(value)) } // a buffer takes everything

// element writes <ofd:name>value</ofd:name>, or nothing without a value.
func (w *xmlWriter) element(name, value string) {
	if value == "" {
		return
	}
	w.raw("<ofd:" + name + ">")
	w.text(value)
	w.raw("</ofd:" + name + ">")
}

func escaped(value string) string {
	var w xmlWriter
	w.text(value)
	return w.out.String()
}

// resources are the fonts and pictures that objects use, each once.
type resources struct {
	lastID int // IDs are unique in a document (GB/T 33190, 7.2)
	fonts  []font
	images []picture
}

type font struct {
	id   int
	name string
}

type picture struct {
	id     int
	format string
	file   string // name within the resources' folder
	data   []byte
}

func (r *resources) id() int {
	r.lastID++
	return r.lastID
}

// defaultFont is what a Text without a font is set in.
const defaultFont = "宋体"

func (r *resources) font(name string) int {
	if name == "" {
		name = defaultFont
	}
	for _, known := range r.fonts {
		if known.name == name {
			return known.id
		}
	}
	r.fonts = append(r.fonts, font{r.id(), name})
	return r.fonts[len(r.fonts)-1].id
}

func (r *resources) image(format string, data []byte) int {
	for _, known := range r.images {
		if known.format == format && bytes.Equal(known.data, data) {
			return known.id
		}
	}
	id := r.id()
	r.images = append(r.images, picture{id, format, fmt.Sprintf("image_%d.%s", id, path.Base(format)), data})
	return id
}

// files are the resource file and the pictures it names, in folder.
func (r *resources) files(name, folder string) []file {
	var w xmlWriter
	w.raw(prologue + "<ofd:Res " + namespace + ` BaseLoc="` + escaped(folder) + `">`)
	if len(r.fonts) > 0 {
		w.raw("<ofd:Fonts>")
		for _, font := range r.fonts {
			fmt.Fprintf(&w.out, `<ofd:Font ID="%d" FontName="%s" FamilyName="%s"/>`, font.id, escaped(font.name), escaped(font.name))
		}
		w.raw("</ofd:Fonts>")
	}
	if len(r.images) > 0 {
		w.raw("<ofd:MultiMedias>")
		for _, image := range r.images {
			fmt.Fprintf(&w.out, `<ofd:MultiMedia ID="%d" Type="Image" Format="%s"><ofd:MediaFile>%s</ofd:MediaFile></ofd:MultiMedia>`, image.id, strings.ToUpper(image.format), image.file)
		}
		w.raw("</ofd:MultiMedias>")
	}
	w.raw("</ofd:Res>")
	files := []file{{name: name, data: w.out.Bytes()}}
	for _, image := range r.images {
		files = append(files, file{name: path.Join(path.Dir(name), folder, image.file), data: image.data, packed: true})
	}
	return files
}

// objectWriter draws objects of one document.
type objectWriter struct {
	xmlWriter
	*resources
}

func (r *resources) drawn(objects []Object) string {
	w := &objectWriter{resources: r}
	for _, object := range objects {
		object.draw(w)
	}
	return w.out.String()
}

// file is a file to be written.
type file struct {
	name   string // without leading slash
	data   []byte
	packed bool // it is compressed in itself
}

// packingPays is the length in bytes from which a file is worth compressing: of a shorter
// one it saves some hundred bytes, and costs more time than all the rest of the sealing.
const packingPays = 2048

func (f file) method() uint16 {
	if f.packed || len(f.data) < packingPays {
		return zip.Store
	}
	return zip.Deflate
}

// writeZip writes files after what of the original stays, byte for byte as it is
// packed there.
func writeZip(original *Container, keep func(name string) bool, files []file, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	if original != nil {
		for i, old := range original.files {
			if !keep(original.names[i]) {
				continue
			}
			if err := copyRaw(archive, old, original.names[i]); err != nil {
				return nil, err
			}
		}
	}
	for _, file := range files {
		// In UTC, so that the bytes do not change with the machine's zone.
		entry, err := archive.CreateHeader(&zip.FileHeader{Name: file.name, Method: file.method(), Modified: at.UTC()})
		if err != nil {
			return nil, err
		}
		if _, err := entry.Write(file.data); err != nil {
			return nil, err
		}
	}
	err := archive.Close()
	return out.Bytes(), err
}

func copyRaw(archive *zip.Writer, old *zip.File, name string) error {
	packed, err := old.OpenRaw()
	if err != nil {
		return refuse(ErrContainer, "the file /%s cannot be copied", name)
	}
	header := old.FileHeader
	header.Name, header.NonUTF8 = name, false
	entry, err := archive.CreateRaw(&header)
	if err != nil {
		return err
	}
	_, err = io.Copy(entry, packed)
	return err
}

// rotation is a CTM that turns a line of text about the left end of its baseline.
func rotation(degrees, baseline float64) string {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return fmt.Sprintf("%.5f %.5f %.5f %.5f %s %s", cos, sin, -sin, cos, mm(baseline*sin), mm(baseline-baseline*cos))
}

// dateOf writes an xs:date, secondOf a date and time as makers write them.
func dateOf(at time.Time) string { return at.In(beijing).Format("2006-01-02") }

func secondOf(at time.Time) string { return at.In(beijing).Format("2006-01-02 15:04:05") }

// beijing is the one zone of China's documents.
var beijing = time.FixedZone("UTC+8", 8*60*60)
