package verify

import "slices"

// cover lists which signature covers what, as it is. What signing itself writes is
// covered by the steps: Signature.xml by the data hash, SignedValue.dat is the
// signature, Seal.esl is compared; Signatures.xml only lists them.
func (d *examination) cover() {
	if len(d.signed) == 0 {
		return
	}
	by, own := d.coveredBy(), d.ownFiles()
	for _, name := range d.container.Names() {
		if len(by[name]) > 0 {
			d.report.Coverage.Files = append(d.report.Coverage.Files, Covered{"/" + name, by[name]})
		} else if !own[name] {
			d.report.Coverage.Uncovered = append(d.report.Coverage.Uncovered, "/"+name)
		}
	}
	d.report.Steps = append(d.report.Steps, d.judgeCoverage(by))
}

func (d *examination) coveredBy() map[string][]string {
	by := map[string][]string{}
	for _, signature := range d.signed {
		for _, file := range signature.covered {
			if !slices.Contains(by[file], signature.ID) {
				by[file] = append(by[file], signature.ID)
			}
		}
	}
	return by
}

func (d *examination) ownFiles() map[string]bool {
	own := map[string]bool{}
	for _, signature := range d.signed {
		own[signature.document.Signatures], own[signature.listed.File] = true, true
		if signature.file != nil {
			own[signature.file.SignedValue] = true
			own[signature.file.Seal] = own[signature.file.Seal] || signature.sealed
		}
	}
	return own
}

// judgeCoverage: a page that nobody sealed was perhaps put in the place of the sealed
// one, so it is more than a flag.
func (d *examination) judgeCoverage(by map[string][]string) Step {
	for _, document := range d.documents {
		pages, err := d.container.Pages(document)
		if err != nil {
			return refused(StepCoverage, err)
		}
		for _, page := range pages {
			if len(by[page.File]) == 0 {
				return Step{StepCoverage, Undecided, words("页面 /%s 没有任何签名覆盖", "no signature covers the page /%s", page.File)}
			}
		}
	}
	if uncovered := d.report.Coverage.Uncovered; len(uncovered) > 0 {
		return Step{StepCoverage, Flagged, words("%d 个文件没有任何签名覆盖，首个为 %s", "no signature covers %d files; the first is %s", len(uncovered), uncovered[0])}
	}
	return Step{StepCoverage, Pass, words("签名覆盖全部 %d 个文件", "signatures cover all %d files", len(d.report.Coverage.Files))}
}
