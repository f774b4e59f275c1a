package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// receipt has the receipt verified offline by kapok-verify, as it is and with one
// byte changed, and tells where in the ledger it stands.
func (s *show) receipt(ctx context.Context, receipt []byte) error {
	file := filepath.Join(s.options.Dir, "receipt.json")
	if err := os.WriteFile(file, receipt, 0o600); err != nil {
		return err
	}
	s.page.step("回执", "the receipt, verified offline by kapok-verify against the pinned bundle")
	told, err := s.verify(ctx, file)
	if err != nil {
		s.page.block(told)
		return fmt.Errorf("kapok-verify does not accept the receipt: %w", err)
	}
	s.page.block(verdict(told))
	if err := s.position(receipt); err != nil {
		return err
	}
	if err := s.tampered(ctx, receipt); err != nil {
		return err
	}
	s.page.line("自己验证", "verify it yourself", s.options.Verify+" receipt --bundle "+s.options.Bundle+" "+file)
	return nil
}

// verdict leaves out what the receipt tells of the entry: the steps and the verdict
// are the first two paragraphs that kapok-verify prints.
func verdict(told string) string {
	paragraphs := strings.SplitN(told, "\n\n", 3)
	return strings.Join(paragraphs[:min(2, len(paragraphs))], "\n")
}

// exitFalse is how kapok-verify ends when a step failed.
const exitFalse = 1

func (s *show) verify(ctx context.Context, file string) (string, error) {
	var told bytes.Buffer
	program := exec.CommandContext(ctx, s.options.Verify, "receipt", "--bundle", s.options.Bundle, file)
	program.Stdout, program.Stderr = &told, &told
	err := program.Run()
	return told.String(), err
}

// position reads where the entry stands: its index, and the log and size that the
// first two lines of the checkpoint's note name.
func (s *show) position(receipt []byte) error {
	var read struct {
		Index      uint64 `json:"index"`
		Checkpoint string `json:"checkpoint"`
	}
	if err := json.Unmarshal(receipt, &read); err != nil {
		return errors.New("the receipt is no JSON")
	}
	lines := strings.SplitN(read.Checkpoint, "\n", 3)
	if len(lines) < 3 {
		return errors.New("the receipt's checkpoint is no note")
	}
	s.page.line("存证位置", "ledger position", fmt.Sprintf("%s #%d / %s", lines[0], read.Index, lines[1]))
	return nil
}

// tampered changes one bit in the middle and expects to be found out.
func (s *show) tampered(ctx context.Context, receipt []byte) error {
	file := filepath.Join(s.options.Dir, "receipt-tampered.json")
	changed := bytes.Clone(receipt)
	changed[len(changed)/2] ^= 1
	if err := os.WriteFile(file, changed, 0o600); err != nil {
		return err
	}
	defer os.Remove(file)
	_, err := s.verify(ctx, file)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFalse {
		return fmt.Errorf("kapok-verify did not find one changed byte: %v", err)
	}
	s.page.marked(green, "改动一个字节", "one byte changed", fmt.Sprintf("被发现 found out (exit %d)", exit.ExitCode()))
	return nil
}
