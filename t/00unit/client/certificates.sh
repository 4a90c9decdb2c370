#!/bin/sh -e
# Makes certificates for tests in a directory: an issuer (ca.pem), servers that it vouches for
# (good.pem for localhost and 127.0.0.1, other.pem for another name, expired.pem), one that it
# does not (self.pem), a client (client.pem, its key once more with the password "secret" in
# client-locked.key). Each NAME.pem has a NAME.key.
cd "$1"
touch index.txt
cat >ca.conf <<END
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
unique_subject = no
rand_serial = yes
default_md = sha256
policy = any
certificate = ca.pem
private_key = ca.key
[any]
commonName = supplied
END
new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

# vouch NAME COMMON-NAME EXTENSION FROM UNTIL
vouch() {
    new_key "$1"
    openssl req -new -key "$1.key" -subj "/CN=$2" -out "$1.csr"
    printf '%s\n' "$3" >"$1.ext"
    openssl ca -batch -notext -config ca.conf -in "$1.csr" -out "$1.pem" -extfile "$1.ext" \
        -startdate "$4" -enddate "$5"
}

new_key ca
openssl req -x509 -new -key ca.key -subj "/CN=Test Issuer" -days 3650 -out ca.pem
new_key self
openssl req -x509 -new -key self.key -subj "/CN=localhost" -days 3650 \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -out self.pem
vouch good localhost "subjectAltName=DNS:localhost,DNS:shop.example,IP:127.0.0.1" \
    20200101000000Z 20991231000000Z
vouch other other.example "subjectAltName=DNS:other.example" 20200101000000Z 20991231000000Z
vouch expired localhost "subjectAltName=DNS:localhost,IP:127.0.0.1" \
    20200101000000Z 20200102000000Z
vouch client "Test Client" "extendedKeyUsage=clientAuth" 20200101000000Z 20991231000000Z
openssl ec -in client.key -aes256 -passout pass:secret -out client-locked.key
