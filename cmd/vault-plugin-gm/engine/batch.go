package engine

import (
	"encoding/base64"
	"errors"
	"maps"

	"github.com/hashicorp/vault/sdk/framework"

	"kapok/crypto/sm"
)

// maxBatch bounds one call: at 30,000 signatures a second, a fifth of a second.
const maxBatch = 5000

// item is one thing to sign or verify.
type item struct{ input, digest, signature string }

// digestFor returns e for the item under public's default identifier.
func (i item) digestFor(public *sm.PublicKey) ([sm.Size]byte, error) {
	if (i.input == "") == (i.digest == "") {
		return [sm.Size]byte{}, refuse("give either input or digest")
	}
	if i.digest != "" {
		digest, err := base64.StdEncoding.DecodeString(i.digest)
		if err != nil || len(digest) != sm.Size {
			return [sm.Size]byte{}, refuse("digest is not 32 bytes in base64")
		}
		return [sm.Size]byte(digest), nil
	}
	message, err := base64.StdEncoding.DecodeString(i.input)
	if err != nil {
		return [sm.Size]byte{}, refuse("input is not base64")
	}
	return public.Digest([]byte(sm.DefaultID), message)
}

// eachItem does one item, or every item of batch_input. In a batch, a refused
// item gets an "error" in its place and the others go on. shared stands in the
// response beside the results.
func eachItem(data *framework.FieldData, shared map[string]any, do func(item) (map[string]any, error)) (map[string]any, error) {
	batch, ok := data.GetOk("batch_input")
	if !ok {
		single := item{data.Get("input").(string), data.Get("digest").(string), data.Get("signature").(string)}
		result, err := do(single)
		if err != nil {
			return nil, err
		}
		maps.Copy(result, shared)
		return result, nil
	}
	inputs := batch.([]any)
	if len(inputs) == 0 || len(inputs) > maxBatch {
		return nil, refuse("batch_input has 1 to %d items", maxBatch)
	}
	results := make([]any, len(inputs))
	for i, input := range inputs {
		result, err := doBatched(input, do)
		if err != nil {
			return nil, err
		}
		results[i] = result
	}
	response := map[string]any{"batch_results": results}
	maps.Copy(response, shared)
	return response, nil
}

func doBatched(input any, do func(item) (map[string]any, error)) (map[string]any, error) {
	read, err := readItem(input)
	if err != nil {
		return map[string]any{"error": err.Error()}, nil
	}
	result, err := do(read)
	if refused, ok := errors.AsType[refusal](err); ok {
		return map[string]any{"error": refused.Error()}, nil
	}
	return result, err
}

func readItem(input any) (item, error) {
	object, ok := input.(map[string]any)
	if !ok {
		return item{}, refuse("an item of batch_input is an object")
	}
	var read item
	places := map[string]*string{"input": &read.input, "digest": &read.digest, "signature": &read.signature}
	for name, value := range object {
		place, known := places[name]
		text, isText := value.(string)
		if !known || !isText {
			return item{}, refuse("an item has the strings input, digest and signature only")
		}
		*place = text
	}
	return read, nil
}
