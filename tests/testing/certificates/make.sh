#!/bin/sh
# Makes the certificates that the tests use, in this folder: `sh make.sh`. They are committed, so that
# the tests need no openssl; nothing outside the tests trusts them. Needs openssl 3.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/index.txt"
cat > "$work/ca.cnf" <<CNF
[ca]
default_ca = tests
[tests]
database = $work/index.txt
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
CNF

from=20240101000000Z
to=21231231000000Z

key() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

# authority NAME SUBJECT
authority() {
  key "$work/$1.key"
  openssl req -new -key "$work/$1.key" -subj "/CN=$2" -out "$work/$1.csr" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
  openssl ca -batch -notext -selfsign -config "$work/ca.cnf" -keyfile "$work/$1.key" \
    -in "$work/$1.csr" -out "$1.crt" -startdate $from -enddate $to 2>/dev/null
}

# leaf NAME AUTHORITY ALTERNATIVE_NAMES FROM TO [USES]
leaf() {
  key "$1.key"
  openssl req -new -key "$1.key" -subj "/CN=$1" -out "$work/$1.csr" \
    -addext "subjectAltName=$3" -addext "basicConstraints=critical,CA:FALSE" \
    -addext "extendedKeyUsage=${6:-serverAuth}"
  openssl ca -batch -notext -config "$work/ca.cnf" -cert "$2.crt" -keyfile "$work/$2.key" \
    -in "$work/$1.csr" -out "$1.crt" -startdate "$4" -enddate "$5" 2>/dev/null
}

authority ca "Ballast test authority"
authority unknown_ca "Another test authority"
authority etcd_ca "Authority of the etcd of the tests"
leaf localhost ca "DNS:localhost,IP:127.0.0.1,IP:::1" $from $to
leaf example ca "DNS:backend.example" $from $to
leaf expired ca "DNS:localhost,IP:127.0.0.1" 20230101000000Z 20230201000000Z
leaf untrusted unknown_ca "DNS:localhost,IP:127.0.0.1" $from $to
# etcd's gateway is a client of etcd itself, with the certificate of the server.
leaf etcd etcd_ca "DNS:localhost,IP:127.0.0.1" $from $to serverAuth,clientAuth
