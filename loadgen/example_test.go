package loadgen_test

import (
	"context"
	"fmt"
	"time"

	"ssebench/loadgen"
	"ssebench/loadgen/publish"
	"ssebench/loadgen/transport"
	"ssebench/reference"
	"ssebench/scenarios"
)

// A scenario becomes a plan, the plan a run, the run a document.
func Example() {
	server := &reference.Server{}
	if err := server.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	scenario, err := scenarios.Decode(scenarios.Source{Name: "example", Bytes: []byte(`
reference: true
load: {connections: 50, phases: [{ramp: at_once}, {hold: 1s}]}
publish: {rate: 10/s}
`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := scenario.Plan(scenarios.PlanOptions{Seed: 1, Start: time.Now()})
	if err != nil {
		fmt.Println(err)
		return
	}
	if plan, err = plan.WithTarget(server.URL()); err != nil {
		fmt.Println(err)
		return
	}
	streams, err := transport.New(transport.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	hook, err := publish.NewHTTP(publish.HTTP{URL: plan.Publish.Hook.HTTP.URL, Body: plan.Publish.Hook.HTTP.Body})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer hook.Close(context.Background())

	runner := loadgen.Runner{Transport: streams, Publisher: hook}
	document, err := runner.Run(context.Background(), plan)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"connections.opened", "publish.count", "deliveries.expected", "deliveries.received", "deliveries.lost"} {
		fmt.Println(name, *document.Metrics[name].Value)
	}
	// Output:
	// connections.opened 50
	// publish.count 10
	// deliveries.expected 500
	// deliveries.received 500
	// deliveries.lost 0
}
