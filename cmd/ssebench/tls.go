package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// tlsConfig makes the client's TLS settings. caCert is a PEM file whose certificates are trusted besides the system's.
func tlsConfig(insecure bool, caCert, serverName string) (*tls.Config, error) {
	c := &tls.Config{InsecureSkipVerify: insecure, ServerName: serverName}
	if caCert == "" {
		return c, nil
	}
	pem, err := os.ReadFile(caCert)
	if err != nil {
		return nil, fmt.Errorf("CA certificate: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA certificate %s: no certificate in it; it must be PEM", caCert)
	}
	c.RootCAs = roots
	return c, nil
}
