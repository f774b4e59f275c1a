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
	bitmap, err := gozxing.NewBinaryBitmapFromImage(seen)
	if err != nil {
		return "", err
	}
	read, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		return "", fmt.Errorf("the QR cannot be read: %w", err)
	}
	return read.GetText(), nil
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
