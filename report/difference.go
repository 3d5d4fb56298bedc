package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"ssebench/results"
)

// untold are the fields of a scenario that change nothing of what a run does.
var untold = []string{"name", "description", "tags", "seed", "thresholds"}

// difference names the first field in which the scenarios of two documents differ, with both values; empty: they ask for the same.
func difference(a, b *results.Document) string {
	var left, right map[string]any
	if bytes.Equal(a.Scenario, b.Scenario) || json.Unmarshal(a.Scenario, &left) != nil || json.Unmarshal(b.Scenario, &right) != nil {
		return ""
	}
	for _, name := range untold {
		delete(left, name)
		delete(right, name)
	}
	return differs("", left, right)
}

// differs walks two values of JSON side by side.
func differs(path string, left, right any) string {
	switch l := left.(type) {
	case map[string]any:
		r, ok := right.(map[string]any)
		if !ok {
			break
		}
		for _, name := range slices.Sorted(maps.Keys(merged(l, r))) {
			if found := differs(path+"."+name, l[name], r[name]); found != "" {
				return found
			}
		}
		return ""
	case []any:
		r, ok := right.([]any)
		if !ok || len(l) != len(r) {
			break
		}
		for i := range l {
			if found := differs(path+"."+strconv.Itoa(i), l[i], r[i]); found != "" {
				return found
			}
		}
		return ""
	}
	if reflect.DeepEqual(left, right) {
		return ""
	}
	return fmt.Sprintf("%s: %s and %s", path[min(1, len(path)):], written(left), written(right))
}

func merged(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// written is a value as it stands in a scenario, shortened.
func written(v any) string {
	if v == nil {
		return "nothing"
	}
	b, err := json.Marshal(v)
	const most = 60
	if err != nil || len(b) > most {
		return string(b[:min(len(b), most)]) + "…"
	}
	return string(b)
}
