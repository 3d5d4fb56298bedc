package reference

import (
	"net/http"
	"strings"
	"testing"
)

// A page of another origin that a user of this machine looks at must not publish here, nor turn faults on: without a token nothing else
// would keep it out.
func TestPagesOfOtherOriginsDoNothing(t *testing.T) {
	plain := started(t, &Server{})
	open := started(t, &Server{CORS: "http://app.example"})
	guarded := started(t, &Server{Token: "t0ken"})
	for _, c := range []struct {
		name         string
		s            *Server
		method, path string
		header       map[string]string
		want         int
	}{
		{"curl", plain, "POST", "/publish", nil, 200},
		{"our own page", plain, "POST", "/publish", map[string]string{"Origin": plain.URL()}, 200},
		{"another page", plain, "POST", "/publish", map[string]string{"Origin": "http://evil.example"}, 403},
		{"another port", plain, "POST", "/publish", map[string]string{"Origin": "http://127.0.0.1:1"}, 403},
		{"a page without origin", plain, "POST", "/publish", map[string]string{"Origin": "null"}, 403},
		{"a request that hides its origin", plain, "POST", "/publish", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"faults, by another page", plain, "PUT", "/admin/faults", map[string]string{"Origin": "http://evil.example"}, 403},
		{"faults, deleted by another page", plain, "DELETE", "/admin/faults", map[string]string{"Origin": "http://evil.example"}, 403},
		{"the door, by another page", plain, "PUT", "/admin/door", map[string]string{"Origin": "http://evil.example"}, 403},
		{"a page that may", open, "POST", "/publish", map[string]string{"Origin": "http://app.example"}, 200},
		{"another one beside it", open, "POST", "/publish", map[string]string{"Origin": "http://evil.example"}, 403},
		{"any page with the token", guarded, "POST", "/publish", map[string]string{"Origin": "http://any.example", "Authorization": "Bearer t0ken"}, 200},
		{"our own page without the token", guarded, "POST", "/publish", map[string]string{"Origin": guarded.URL()}, 401},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, c.s.URL()+c.path, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, response.StatusCode, c.want)
		}
	}
}
