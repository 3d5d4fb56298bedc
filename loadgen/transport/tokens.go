package transport

import "ssebench/loadgen"

// The tokens of failures that this package makes, next to loadgen.TokenEOF and loadgen.TokenCut.
const (
	tokenAddressRefused   = "address_refused"
	tokenALPN             = "alpn"
	tokenBrowserLimit     = "browser_limit"
	tokenBodyTruncated    = "body_truncated"
	tokenChunkMalformed   = "chunk_malformed"
	tokenContentLength    = "content_length"
	tokenDialFailed       = "dial_failed"
	tokenDialLocalPorts   = "dial_local_ports"
	tokenDialRefused      = "dial_refused"
	tokenDialTimeout      = "dial_timeout"
	tokenDialUnreachable  = "dial_unreachable"
	tokenDNS              = "dns"
	tokenFlowControl      = "flow_control"
	tokenGoAway           = "goaway"
	tokenHandler          = "handler"
	tokenHeadTruncated    = "head_truncated"
	tokenHeaderFolded     = "header_folded"
	tokenHeaderMalformed  = "header_malformed"
	tokenHeaderTooLarge   = "header_too_large"
	tokenHTTP2            = "http2_protocol"
	tokenInterimLimit     = "interim_limit"
	tokenLoginStatus      = "login_status_" // + the status
	tokenMaxStreams       = "max_concurrent_streams"
	tokenNoResponse       = "no_response"
	tokenNoRoom           = "no_room"
	tokenOpenFiles        = "open_files"
	tokenRead             = "read"
	tokenRedirectLimit    = "redirect_limit"
	tokenRedirectLocation = "redirect_location"
	tokenRedirectLoop     = "redirect_loop"
	tokenRedirectScheme   = "redirect_scheme"
	tokenRequestInvalid   = "request_invalid"
	tokenReset            = "reset"
	tokenSourceAddress    = "source_address"
	tokenStatusLine       = "status_line"
	tokenStreamReset      = "stream_reset"
	tokenSwitching        = "switching_protocols"
	tokenTLSCertificate   = "tls_certificate"
	tokenTLSClient        = "tls_certificate_required"
	tokenTLSHandshake     = "tls_handshake"
	tokenTLSRecord        = "tls_record"
	tokenTLSTruncated     = "tls_truncated"
	tokenTransferEncoding = "transfer_encoding"
	tokenWrite            = "write"

	tokenWSAccept    = "ws_accept"
	tokenWSBacklog   = "ws_backlog"
	tokenWSClose     = "ws_close_" // + the status code
	tokenWSDeflate   = "ws_deflate"
	tokenWSExtension = "ws_extension"
	tokenWSFrame     = "ws_frame"
	tokenWSNoClose   = "ws_no_close"
	tokenWSTooLong   = "ws_too_long"
	tokenWSUTF8      = "ws_utf8"
)

// A Token is a short stable name of a way in which a stream ends. Reports count by it and the README's index lists it.
type Token struct {
	Name    string // login_status_NNN stands for one token for each status
	Meaning string
	// Permanent: opening again cannot help, so Ending.Permanent is set.
	Permanent bool
}

// Tokens lists every token that an Ending of this package can carry, but for those that its handler chose by a *loadgen.Failure, and the
// limits that connections.starved is counted by.
var Tokens = []Token{
	{loadgen.TokenEOF, "the server ended the response properly", false},
	{loadgen.TokenCut, "we ended the stream", false},
	{tokenAddressRefused, "the address may not be loaded: it was not allowed", true},
	{tokenALPN, "the server does not speak the protocol asked for, by the TLS handshake, or HTTP/2 was asked for without TLS", true},
	{tokenBodyTruncated, "the connection closed before the body's announced end", false},
	{tokenBrowserLimit, "the tabs of a browser had all the connections that it has to an origin, or all streams of its HTTP/2 connection", false},
	{tokenChunkMalformed, "the body breaks the chunked coding", false},
	{tokenContentLength, "Content-Length is not a number, or there are several", false},
	{tokenDialFailed, "connecting failed for a reason without a token of its own", false},
	{tokenDialLocalPorts, "no local port was free for the connection: add source addresses", false},
	{tokenDialRefused, "nothing listens at the address", false},
	{tokenDialTimeout, "the address did not answer in time", false},
	{tokenDialUnreachable, "no route to the address", false},
	{tokenDNS, "the host's name has no address", false},
	{tokenFlowControl, "HTTP/2: the server sent more than the window allows", false},
	{tokenGoAway, "HTTP/2: the server gave up the connection with GOAWAY", false},
	{tokenHandler, "the reader of the stream refused it", false},
	{tokenHeadTruncated, "the connection closed inside the response header", false},
	{tokenHeaderFolded, "a response header field is folded over several lines", false},
	{tokenHeaderMalformed, "a line of the response header is no field", false},
	{tokenHeaderTooLarge, "the response header, or its trailers, exceed the limit", false},
	{tokenHTTP2, "HTTP/2: the server broke the protocol, or the connection failed for a reason without a token of its own", false},
	{tokenInterimLimit, "too many interim (1xx) responses", false},
	{tokenLoginStatus + "NNN", "the login request was answered with status NNN, neither 2xx nor 3xx", false},
	{tokenMaxStreams, "HTTP/2: the tabs of a browser had all the streams that the server allows on a connection", false},
	{tokenNoResponse, "the connection closed before any byte of an answer", false},
	{tokenOpenFiles, "this process may not open more files", false},
	{tokenRead, "reading failed for a reason without a token of its own", false},
	{tokenRedirectLimit, "more redirects than allowed", true},
	{tokenRedirectLocation, "a redirect without a Location that can be followed", true},
	{tokenRedirectLoop, "the redirects lead in a circle", true},
	{tokenRedirectScheme, "a redirect to something other than http or https", true},
	{tokenRequestInvalid, "the request cannot be sent as it is given", true},
	{tokenReset, "the server reset the connection", false},
	{tokenSourceAddress, "the source address is not this machine's, or none is of the target's family", true},
	{tokenStatusLine, "the answer does not start with an HTTP/1 status line", false},
	{tokenStreamReset, "HTTP/2: the server reset the stream", false},
	{tokenSwitching, "the server answered 101 although no other protocol was asked for", false},
	{tokenTLSCertificate, "the server's certificate is not valid for the host, or not trusted", false},
	{tokenTLSClient, "the server asked for a client certificate, of which there is none, and ended the connection before it answered", false},
	{tokenTLSHandshake, "the TLS handshake failed", false},
	{tokenTLSRecord, "the server broke TLS after the handshake", false},
	{tokenTLSTruncated, "the connection closed without TLS's close_notify, which alone tells the end of a body of unknown length from its truncation", false},
	{tokenTransferEncoding, "a transfer coding other than chunked", false},
	{tokenWrite, "the request could not be written", false},
	{tokenWSAccept, "the answer 101 to the opening handshake of a WebSocket is not one", false},
	{tokenWSClose + "NNNN", "the server closed the WebSocket with status code NNNN; 1005: with none", false},
	{tokenWSDeflate, "a compressed message cannot be opened", false},
	{tokenWSExtension, "the server chose a WebSocket extension that was not offered", false},
	{tokenWSFrame, "the server broke the framing of the WebSocket protocol", false},
	{tokenWSNoClose, "the connection of a WebSocket ended without a close frame", false},
	{tokenWSTooLong, "a message is longer than target.event_limit", false},
	{tokenWSUTF8, "a text message, or the reason of a close frame, is not UTF-8", false},
}

var permanent = func() map[string]bool {
	m := make(map[string]bool)
	for _, t := range Tokens {
		if t.Permanent {
			m[t.Name] = true
		}
	}
	return m
}()
