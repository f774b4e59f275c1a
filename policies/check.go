package policies

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// checks are what every policy must pass beside its annotations.
var checks = []func(*loader, *rule) error{
	fitsSchema,
	enumsAreKnown,
	departmentOnlyPermits,
	departmentSpeaksForItself,
}

// fitsSchema refuses unknown names, wrong types and scopes that can never match.
// The validator's findings come in no fixed order, one a line.
func fitsSchema(l *loader, r *rule) error {
	err := l.validator.Policy(string(r.id), (*ast.Policy)(r.policy.AST()))
	if err == nil {
		return nil
	}
	findings := strings.Split(err.Error(), "\n")
	slices.Sort(findings)
	return errors.New(strings.Join(findings, "; "))
}

// ofDepartment is the department whose file a policy stands in, or "".
func ofDepartment(r *rule) string {
	folder, name := path.Split(r.file)
	if folder != "departments/" {
		return ""
	}
	return strings.TrimSuffix(name, ".cedar")
}

func departmentOnlyPermits(_ *loader, r *rule) error {
	if ofDepartment(r) != "" && r.policy.Effect() != cedar.Permit {
		return errors.New("a department's file only permits; to forbid is for the layers above")
	}
	return nil
}

func departmentSpeaksForItself(_ *loader, r *rule) error {
	department := ofDepartment(r)
	if department == "" {
		return nil
	}
	own := uid(departmentType, department)
	switch scope := (*ast.Policy)(r.policy.AST()).Principal.(type) {
	case ast.ScopeTypeIn:
		if scope.Entity == own {
			return nil
		}
	case ast.ScopeTypeIsIn:
		if scope.Entity == own {
			return nil
		}
	}
	return fmt.Errorf("a department's file speaks for itself: the scope is to be principal in %s", own)
}
