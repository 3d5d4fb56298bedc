package publish

import "ssebench/loadgen"

// Tokens lists those that hooks make. Those of a subscriber's request or message are the transport's, with hook_ in front.
var Tokens = []loadgen.Token{
	{Name: "hook_NAME", Meaning: "a subscriber's request or message failed as a stream fails with the token NAME (hook_dial_refused, hook_tls_certificate, hook_reset, …)"},
	{Name: "hook_canceled", Meaning: "the run ended while a call was under way"},
	{Name: "hook_content_type", Meaning: "the hook was answered with an event stream"},
	{Name: "hook_cut", Meaning: "the subscriber whose request it was left, or its connection was given up, before the answer was complete"},
	{Name: "hook_dns", Meaning: "the hook's host has no address"},
	{Name: "hook_eof", Meaning: "the server closed the connection before it answered"},
	{Name: "hook_exec_closed", Meaning: "the command closed its standard input and runs on"},
	{Name: "hook_exec_exited", Meaning: "the command ended before its standard input did"},
	{Name: "hook_exec_terminated", Meaning: "the command did not end after its standard input had"},
	{Name: "hook_exec_timeout", Meaning: "the command did not read its standard input in time"},
	{Name: "hook_failed", Meaning: "a call failed for a reason without a token of its own"},
	{Name: "hook_header_too_large", Meaning: "the header of the hook's answer exceeds the limit"},
	{Name: "hook_no_room", Meaning: "HTTP/2: the server takes no further stream on the subscriber's connection"},
	{Name: "hook_no_subscriber", Meaning: "no stream of the topic was open, so nobody could publish"},
	{Name: "hook_not_open", Meaning: "the stream of each subscriber that was tried had just ended; nothing was sent"},
	{Name: "hook_open_files", Meaning: "this process may not open more files"},
	{Name: loadgen.TokenPanicked, Meaning: "a goroutine of the hook panicked, which fails the run"},
	{Name: "hook_ports", Meaning: "no local port was free for the hook's connection"},
	{Name: "hook_redis_NAME", Meaning: "Redis could not be reached, as hook_NAME says of a URL"},
	{Name: "hook_redis_auth", Meaning: "Redis wants a password, or another one"},
	{Name: "hook_redis_error", Meaning: "Redis answered with an error"},
	{Name: "hook_redis_permission", Meaning: "the user may not PUBLISH to the channel"},
	{Name: "hook_redis_protocol", Meaning: "what answers does not speak as Redis does"},
	{Name: "hook_refused", Meaning: "nothing listens at the hook's address"},
	{Name: "hook_reset", Meaning: "the server reset the connection before it answered"},
	{Name: "hook_status_NNN", Meaning: "the hook was answered with status NNN, which is not one that means success"},
	{Name: "hook_template", Meaning: "a template of the hook cannot be filled in, or gives what cannot be sent"},
	{Name: "hook_timeout", Meaning: "the answer did not come in time"},
	{Name: "hook_tls", Meaning: "TLS with the hook's server failed"},
	{Name: "hook_unreachable", Meaning: "there is no route to the hook's address"},
	{Name: "hook_ws_backlog", Meaning: "the server does not read what a subscriber sends on its WebSocket: more than 1 MiB waits"},
}
