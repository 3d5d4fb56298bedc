package scenarios_test

import (
	"fmt"
	"time"

	"ssebench/scenarios"
)

func Example() {
	src, err := scenarios.Find("quickstart")
	if err != nil {
		fmt.Println(err)
		return
	}
	src.Sets = []scenarios.Setting{{Path: "load.connections", Value: "2k", Flag: "-c 2k"}}
	scenario, err := scenarios.Decode(src)
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := scenario.Plan(scenarios.PlanOptions{Seed: 1, Start: time.Unix(0, 0)})
	if err != nil {
		fmt.Println(err)
		return
	}
	if plan, err = plan.WithTarget("http://127.0.0.1:8080"); err != nil { // after the server has started
		fmt.Println(err)
		return
	}
	request, err := plan.Request(1999)
	fmt.Println(plan.Clients, request.Method, request.URL, err)
	fmt.Println(plan.Defaults[0].Expression)
	// Output:
	// 2000 GET http://127.0.0.1:8080/events?topic=t0 <nil>
	// connections.failed == 0
}

func ExampleMistakes() {
	_, err := scenarios.Decode(scenarios.Source{Name: "fanout.yaml", Bytes: []byte(`target:
  url: localhost:8080/events?topic={{.Topik}}
load:
  conections: 10k
thresholds:
  - fanout.latency.p99 < 50
`)})
	fmt.Println(err)
	// Output:
	// fanout.yaml:2:38: unknown variable {{.Topik}}; did you mean "{{.Topic}}"?
	//       url: localhost:8080/events?topic={{.Topik}}
	//                                          ^
	// fanout.yaml:4:3: unknown field "conections" in load; did you mean "connections"?
	//       conections: 10k
	//       ^
	// fanout.yaml:6:26: 50 is a number without a unit and cannot be compared with a duration; did you mean "50ms"?
	//       - fanout.latency.p99 < 50
	//                              ^
}
