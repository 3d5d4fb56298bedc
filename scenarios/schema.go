package scenarios

import _ "embed"

//go:generate go test -run TestSchemaIsGenerated -update .

//go:embed scenario.schema.json
var schema []byte

// Schema is the JSON Schema (draft 2020-12) of scenario files, for editors: it knows the structure, names and units; what is beyond
// them (templates, expressions, the order of phases) only Decode knows. The caller must not change it.
func Schema() []byte { return schema }
