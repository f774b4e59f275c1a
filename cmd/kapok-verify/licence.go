package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"kapok/crypto/pki"
	"kapok/gateway/ledger"
	"kapok/gateway/licence/ofd"
	"kapok/gateway/licence/ofd/render"
	"kapok/gateway/licence/verify"
)

const licenceUsage = `usage: kapok-verify licence [--trust FILE] [--crl FILE] [--json] [--html OUT] [--svg OUT] FILE…

  FILE          a sealed or signed OFD document (GB/T 33190, GB/T 38540, GB/T 35275)
  --trust FILE  roots that you trust: certificates in PEM, or a pinned bundle; without
                one, everything is checked but whether anybody vouches for the signers
  --crl FILE    revocation lists, PEM or DER; without one, revocation is not checked
  --json        print the reports as JSON, one object after the other
  --html OUT    write a page for people to OUT as well, to read and print
  --svg OUT     of one FILE: draw its first page to OUT, seals as they are seen; a page
                looks the same whether its seals hold or not

exit: 0 valid
      1 invalid: changed after sealing, or sealed by somebody else
      2 nothing could be decided: wrong usage, or something in the document that is not
        known here; this does not say that it is forged
      3 valid but flagged: what is signed holds, and there is reason to look again, such
        as an expired certificate, a root that is not trusted, files that nobody signed
      4 not signed
    of several files, the first of 1, 2, 3, 4, 0 that any has
`

// Exit codes of licence beside exitTrue, exitFalse and exitTrouble.
const (
	exitFlagged   = 3
	exitNotSigned = 4
)

// verdicts are the exit codes, the weightiest first.
var verdicts = []struct {
	verdict verify.Verdict
	code    int
}{
	{verify.Invalid, exitFalse}, {verify.CannotBeKnown, exitTrouble}, {verify.ValidFlagged, exitFlagged},
	{verify.NotSigned, exitNotSigned}, {verify.Valid, exitTrue},
}

func verifyLicence(_ context.Context, args []string, t terminal) (int, error) {
	flags := flag.NewFlagSet("licence", flag.ContinueOnError)
	roots := flags.String("trust", "", "")
	lists := flags.String("crl", "", "")
	asJSON := flags.Bool("json", false, "")
	page := flags.String("html", "", "")
	drawing := flags.String("svg", "", "")
	if done, code, err := parse(t, flags, args, -1, licenceUsage); done {
		return code, err
	}
	if flags.NArg() == 0 || *drawing != "" && flags.NArg() != 1 {
		return exitTrouble, errUsage
	}
	trust, err := readTrust(*roots, *lists)
	if err != nil {
		return exitTrouble, err
	}
	pages, err := verifyFiles(verify.NewVerifier(bothLibraries(), trust, ofd.Limits{}), flags.Args())
	if err != nil {
		return exitTrouble, err
	}
	if err := writePage(*page, pages); err != nil {
		return exitTrouble, err
	}
	if err := drawFirstPage(*drawing, flags.Arg(0)); err != nil {
		return exitTrouble, err
	}
	return licenceExit(pages), printLicences(t.out, pages, *asJSON)
}

func verifyFiles(v *verify.Verifier, paths []string) ([]verify.Page, error) {
	pages := make([]verify.Page, len(paths))
	for i, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("the licence: %w", err)
		}
		info, err := file.Stat()
		if err != nil {
			return nil, fmt.Errorf("the licence: %w", err)
		}
		pages[i] = verify.Page{File: path, Report: v.Document("", file, info.Size())}
		_ = file.Close() // it was only read
	}
	return pages, nil
}

// readTrust reads roots from PEM or from a bundle, and lists from PEM or DER.
func readTrust(roots, lists string) (verify.Trust, error) {
	var trust verify.Trust
	if roots != "" {
		raw, err := readFile(roots)
		if err != nil {
			return trust, fmt.Errorf("the roots: %w", err)
		}
		if trust.Roots, err = parseRoots(raw); err != nil {
			return trust, fmt.Errorf("the roots: %w", err)
		}
	}
	if lists == "" {
		return trust, nil
	}
	raw, err := readFile(lists)
	if err == nil {
		trust.Lists, err = parseLists(raw)
	}
	if err != nil {
		return trust, fmt.Errorf("the revocation lists: %w", err)
	}
	return trust, nil
}

func parseRoots(raw []byte) ([]*pki.Certificate, error) {
	ders := pki.FromPEM(raw)
	if len(ders) == 0 {
		bundle, err := ledger.ParseBundle(bytes.TrimSpace(raw))
		if err != nil {
			return nil, err
		}
		ders = bundle.Roots
	}
	roots := make([]*pki.Certificate, len(ders))
	for i, der := range ders {
		var err error
		if roots[i], err = pki.Parse(der); err != nil {
			return nil, err
		}
	}
	return roots, nil
}

func parseLists(raw []byte) ([]*pki.CRL, error) {
	var lists []*pki.CRL
	for rest := raw; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		list, err := pki.ParseCRL(block.Bytes)
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	if len(lists) > 0 {
		return lists, nil
	}
	list, err := pki.ParseCRL(raw)
	return []*pki.CRL{list}, err
}

func writePage(path string, pages []verify.Page) error {
	if path == "" {
		return nil
	}
	var page bytes.Buffer
	if err := verify.WriteHTML(&page, pages); err != nil {
		return err
	}
	return os.WriteFile(path, page.Bytes(), 0o600)
}

// drawFirstPage tells what it could not draw in the drawing's own last line.
func drawFirstPage(path, document string) error {
	if path == "" {
		return nil
	}
	raw, err := os.ReadFile(document)
	if err != nil {
		return fmt.Errorf("the licence: %w", err)
	}
	container, err := ofd.Open(bytes.NewReader(raw), int64(len(raw)), ofd.Limits{})
	if err != nil {
		return err
	}
	picture, err := render.SVG(container, 0)
	if err != nil {
		return err
	}
	for _, what := range picture.Missing {
		picture.SVG = fmt.Appendf(picture.SVG, "\n<!-- not drawn: %s -->", strings.ReplaceAll(what, "--", "- -"))
	}
	return os.WriteFile(path, picture.SVG, 0o600)
}

func licenceExit(pages []verify.Page) int {
	for _, candidate := range verdicts {
		for _, page := range pages {
			if page.Report.Verdict == candidate.verdict {
				return candidate.code
			}
		}
	}
	return exitTrouble
}

func printLicences(out io.Writer, pages []verify.Page, asJSON bool) error {
	var text bytes.Buffer
	for _, page := range pages {
		if asJSON {
			if err := encode(&text, struct {
				File string `json:"file"`
				verify.Report
			}{page.File, page.Report}); err != nil {
				return err
			}
			continue
		}
		printLicence(&text, page)
	}
	_, err := out.Write(text.Bytes())
	return err
}

// printLicence quotes what the document says: it must not steer a terminal.
func printLicence(page *bytes.Buffer, p verify.Page) {
	report := p.Report
	words := verify.VerdictWords(report.Verdict)
	fmt.Fprintf(page, "%q\n%s %s\n%s\n%s\n\n", p.File, words.Zh, words.En, report.Summary.Zh, report.Summary.En)
	printSteps(page, report.Steps)
	for _, signature := range report.Signatures {
		fmt.Fprintf(page, "\n%s %q\n", "签名 signature", signature.ID)
		if seal := signature.Seal; seal != nil {
			fmt.Fprintf(page, "  %-24s%q, %q, v%d\n", "印章 seal", seal.Name, seal.ID, seal.Version)
		}
		if signature.Signer != nil {
			fmt.Fprintf(page, "  %-23s%q\n", "签章人 signer", signature.Signer.Subject)
		}
		if signature.Time != nil {
			fmt.Fprintf(page, "  %-24s%s\n", "时间 time", signature.Time.Format("2006-01-02 15:04:05Z"))
		}
		printSteps(page, signature.Steps)
	}
	for _, file := range report.Coverage.Uncovered {
		fmt.Fprintf(page, "未覆盖 not covered: %q\n", file)
	}
	if d := report.FirstDifference; d != nil {
		fmt.Fprintf(page, "首个不同之处 first difference: %q, signature %q, %s\n", d.File, d.Signature, d.Step)
	}
	page.WriteByte('\n')
}

func printSteps(page *bytes.Buffer, steps []verify.Step) {
	for _, step := range steps {
		fmt.Fprintf(page, "  %-12s%-16s%q\n  %28s%q\n", step.Status, step.Name, step.Why.Zh, "", step.Why.En)
	}
}
