package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// chain has the paths of certificates as public servers have them: a leaf with an RSA key of 2048 bits, which an intermediate with an ECDSA
// key signed, and that a root. cert holds the first two.
type chain struct{ root, cert, key string }

// newChain makes them for the addresses.
func newChain(t *testing.T, addresses ...string) chain {
	t.Helper()
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	template := func(name string, authority bool) *x509.Certificate {
		serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
		must(err)
		return &x509.Certificate{
			SerialNumber: serial, Subject: pkix.Name{Country: []string{"XX"}, Organization: []string{"Example Trust Services"}, CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: authority, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			OCSPServer: []string{"http://ocsp.example/status"}, CRLDistributionPoints: []string{"http://crl.example/intermediate.crl"},
			IssuingCertificateURL: []string{"http://issuer.example/intermediate.crt"},
		}
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(err)
	root := template("Example Root", true)
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	must(err)
	middleKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	middle := template("Example Intermediate E1", true)
	middleDER, err := x509.CreateCertificate(rand.Reader, middle, root, &middleKey.PublicKey, rootKey)
	must(err)
	leafKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	leaf := template("sse.example", false)
	leaf.DNSNames = []string{"sse.example", "www.sse.example"}
	for _, a := range addresses {
		leaf.IPAddresses = append(leaf.IPAddresses, net.ParseIP(a))
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, middle, &leafKey.PublicKey, middleKey)
	must(err)
	private, err := x509.MarshalPKCS8PrivateKey(leafKey)
	must(err)
	write := func(name, kind string, parts ...[]byte) string {
		var b []byte
		for _, der := range parts {
			b = append(b, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})...)
		}
		path := filepath.Join(dir, name)
		must(os.WriteFile(path, b, 0o600))
		return path
	}
	return chain{
		root: write("root.pem", "CERTIFICATE", rootDER),
		cert: write("cert.pem", "CERTIFICATE", leafDER, middleDER),
		key:  write("key.pem", "PRIVATE KEY", private),
	}
}
