package results

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// DescribeCatalogue writes the catalogue as a Markdown table.
func DescribeCatalogue(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "| metric | kind | unit | better | meaning |")
	fmt.Fprintln(out, "|---|---|---|---|---|")
	for _, m := range Catalogue {
		better := string(m.Better)
		if m.Better == Neutral {
			better = "–"
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s | %s |\n", m.Name, m.Kind, m.Unit, better, strings.ReplaceAll(m.Meaning, "|", `\|`))
	}
	return out.Flush()
}
