package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"kapok/cmd/kapok-sandbox/department"
)

// readQR reads the text of a QR from its picture, as a counter's scanner does.
func readQR(picture []byte) (string, error) {
	seen, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return "", fmt.Errorf("the QR is no PNG: %w", err)
	}
	// The picture is exact, so its modules are counted; looking for a QR as in a photograph misses one in thirty.
	exact := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true}
	for _, hints := range []map[gozxing.DecodeHintType]any{exact, nil} {
		bitmap, err := gozxing.NewBinaryBitmapFromImage(seen)
		if err != nil {
			return "", err
		}
		if read, err := qrcode.NewQRCodeReader().Decode(bitmap, hints); err == nil {
			return read.GetText(), nil
		}
	}
	return "", errors.New("the QR cannot be read")
}

// readScan reads the one basis that a scan gave.
func readScan(answer department.Answer) (basisID string, err error) {
	if !answer.OK() {
		return "", errors.New("the scan was refused: " + answer.Problem().String())
	}
	var read struct {
		Bases []struct {
			BasisID string `json:"basis_id"`
		} `json:"bases"`
	}
	if json.Unmarshal(answer.Body, &read) != nil || len(read.Bases) != 1 || read.Bases[0].BasisID == "" {
		return "", errors.New("the scan gave no basis")
	}
	return read.Bases[0].BasisID, nil
}
