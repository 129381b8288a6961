//! Certificates and keys that OpenSSL makes and that cannot be used: what is wrong with them is told, and of which.

#![allow(clippy::expect_used, reason = "these are tests")]

mod authority;
mod piped;

use authority::{Authority, options};
use piped::{Link, tls};
use tergo_net::tls::{ClientAuth, Pem, TlsError, TlsFailure, TlsOptions, TlsPart};

/// By `openssl x509 -req` without extensions.
const VERSION_1: &str = "\
-----BEGIN CERTIFICATE-----
MIIBEzCBuwIUJwm5bmcM760srTMRZA4Fw0rrPm8wCgYIKoZIzj0EAwIwDDEKMAgG
A1UEAwwBeDAgFw0yNjEyMDExMDIyMjVaGA8yMTA5MDEyMDEwMjIyNVowDDEKMAgG
A1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAP3N74hhbao9HaECYky
ElXHz24uiHyPKygAvC3KqgmT12tzULIhmz0Fm6MJm9V49VtvkHumJFMV59O4aIgG
KygwCgYIKoZIzj0EAwIDRwAwRAIgbHRuAdSwtWvol5qmaApRsBx6t7RGo1Gl4h0W
MFjENEQCIFAS0Ui/jTJZILX4hElpdX7bRCtVKjq+Ezn67DbLIc3N
-----END CERTIFICATE-----
";
/// The key of it.
const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKzr1LtYRdBeYEblW
0TLMboSv7L+oJGV4R33qgVZGi9mhRANCAAQD9ze+IYW2qPR2hAmJMhJVx89uLoh8
jysoALwtyqoJk9drc1CyIZs9BZujCZvVePVbb5B7piRTFefTuGiIBiso
-----END PRIVATE KEY-----
";
/// The same, by `openssl pkcs8 -topk8` and by `openssl ec -aes128`.
const ENCRYPTED: [&str; 2] = [
    "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAi+5vbMHM6owQICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKgFrI1HjMM2jEu2GE/i6b4EgZDG
WHSq/DpeoAkNFxWrMs5MvmOCfaAA9H+wAO6YtMZXnGIzQwcc979mP1PblgaLJAJm
w0RS3KzJXEzufhTj1dEbSx+6iU4dZS3X7My7I9GL+WiXZksiOmXxfOcZtIYZaAV+
ObPc4aGSEDUfkTrN9efAVwI5JYme/GNcKBX7Z/ivBqGon9qHK9VJwYnKyH+wV1g=
-----END ENCRYPTED PRIVATE KEY-----
",
    "\
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,CDF90C4C83500C315CF98E5326622BBE

9pDbVK3Yko+o5EhFA/keiIiwW6g/yU0D8cY9Zk5K8cQYF7LydXPMls46LS2QeEYe
uML/4g9wljAV03ELg0BHtjSQQ1fippF5UfFoxmIJzBXwmEucJGmN1My4A+gt5x2J
91aLF1OLtJ+5cakI4ZPzSnJOQFk6ourqsZ7NtP660ic=
-----END EC PRIVATE KEY-----
",
];
/// By `openssl genrsa 1024`.
const SHORT: &str = "\
-----BEGIN PRIVATE KEY-----
MIICdQIBADANBgkqhkiG9w0BAQEFAASCAl8wggJbAgEAAoGBANgmmU202pSlRB15
mfj55dGRLVu6j0dBJ1knbhq12wzPtpU92C2qYRG6rKY/28CehEmuKHqGa0fxMCYH
NCQavGIFOT0cVSIApe51P49fxzdQAeyj4JuRhTN40zlM3PPlqbOZMg5440VEEafp
Hnz0WcPamj7yrVQJY2zowzVLA+stAgMBAAECgYA1MUqI1Pj1m7YnisVZgCYObKu8
5yxbXK1SQ2HVMOu3O2azU4TfuA4rTsUuJIjv3hKwDyvm+y1rhu9SbHNobyvsf4GA
49yW05zQUN2+enF5mlVOrGhA8xFhh6nvq2TdzYC+GsqKlZvKI5LbsqcEJro/+hxJ
y3Yy/ZwYx6bhtH3EAQJBAPP4pk5LaxtPRdEEJTkLRjb9DiQNwzPQSPPav8SivMmQ
pGpd06vMEyuNIg+NpaI+agZ2XjRpUmU9Rx3WEvGtI3sCQQDizs4Vsm8FBtmxuSOs
EXcBatJIGDhwt6MCwcFSD2cSeF375ewRj5SlQ4S/HCljZu1QpNTwCyRf2JX8tZ7d
6zd3AkAJeWFz7ufU4qoyaLfNVEvAvOj8q3AmJfN/TMJfr3YnWa+Y1dXvePhRm6Rz
+CszdrsFTzlvTZu+hLerR/HqYq/bAkAXgWdKSFvJIZSeHpnb01OKChAQ+LGgvOdf
+cSXRJFiEKds279DcqXtGro/NCP18UzW9r46wmzaog+pSQlV5nKxAkAoL6N8RAd3
lW6a4pi2lvvipgZ/sz3eauvLqcVhfzoOO45iLiOLTmHY6Ct9aose75KSF7DPz+d9
L1cgpD3M60pl
-----END PRIVATE KEY-----
";

fn fault(certificate: &str, key: &str) -> (TlsPart, TlsError) {
    let options = TlsOptions {
        certificate: Some(Pem::bytes(certificate)),
        key: Some(Pem::bytes(key)),
        ..TlsOptions::default()
    };
    let fault = options.check().expect_err("it cannot be used");
    (fault.part, fault.error)
}

#[test]
fn a_certificate_of_the_first_version_is_refused_as_such_and_not_by_its_key() {
    let (part, error) = fault(VERSION_1, KEY);
    assert_eq!(part, TlsPart::Certificate);
    assert!(matches!(error, TlsError::OldCertificate), "{error}");
}

#[test]
fn a_key_that_is_encrypted_or_too_short_is_told_to_be() {
    let good = Authority::new().leaf("node.example").certificate;
    for encrypted in ENCRYPTED {
        let (part, error) = fault(&good, encrypted);
        assert_eq!(part, TlsPart::Key);
        assert!(matches!(error, TlsError::EncryptedKey(_)), "{error}");
    }
    let (part, error) = fault(&good, SHORT);
    assert_eq!(part, TlsPart::Key);
    assert!(matches!(error, TlsError::Key(_)), "{error}");
}

#[test]
fn whoever_is_shown_the_certificate_of_a_ca_is_told_that_it_is_one() {
    let ca = Authority::new();
    let server = tls(Some(&ca.itself()), None, ClientAuth::None);
    let client = options(None, Some(&ca), ClientAuth::None);
    let client = client.check().expect("good options");
    let (refused, _) = Link::new(&client, &server, "node.example").handshake();
    let refused = refused.expect_err("it is refused");
    let why = TlsFailure::of(&refused).expect("by TLS").to_string();
    assert!(why.contains("it is that of a CA"), "{why}");
}
