//! What single words in a name mean.
//!
//! Words are packed into 128 bits, so that one look-up costs a hash and a comparison. No word here is longer than 16 bytes.

use std::sync::LazyLock;

/// What a word says about the name it stands in.
#[derive(Clone, Copy, Default)]
pub(super) struct Meaning {
    flags: u16,
    /// Kinds of pair this word can begin.
    left: u16,
    /// Kinds of pair this word can end.
    right: u16,
}

/// Wherever it stands, the name holds a secret: `password`.
pub(super) const PASS: u16 = 1;
/// As last word it holds a secret: `token`.
pub(super) const LAST: u16 = 1 << 1;
/// As last word it says something about a secret, not the secret: `type`.
pub(super) const ABOUT: u16 = 1 << 2;
/// As first word it asks or counts: `has`, `max`.
pub(super) const ASKS: u16 = 1 << 3;
/// An address or an identifier of the secret, unless the pair itself is one: `url`, `id`.
pub(super) const POINTS: u16 = 1 << 4;
/// Makes any key or token public: `public`.
pub(super) const PUBLIC: u16 = 1 << 5;
/// The letters of the whole name, joined, are a secret's name: `apikey`.
pub(super) const JOINED: u16 = 1 << 6;
/// Before `token` or `signature` it tells of pages, vocabularies and letters: `next_token`.
pub(super) const HARMLESS_BEFORE: u16 = 1 << 7;
/// The words that `HARMLESS_BEFORE` can tame.
pub(super) const TAMEABLE: u16 = 1 << 8;
/// An access key's identifier is a credential of its own.
pub(super) const ACCESS: u16 = 1 << 9;

impl Meaning {
    pub(super) fn has(self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// True where this word and the one after it name a secret together.
    pub(super) fn pairs_with(self, next: Self) -> bool {
        self.left & next.right != 0
    }

    pub(super) fn is_known(self) -> bool {
        self.flags | self.left | self.right != 0
    }
}

/// `(begins, ends)`: a name with a word of the first and right after it one of the second is secret.
const PAIRS: [(&str, &str); 14] = [
    (
        "api private secret access signing encryption decryption ssh auth authorization authentication account \
         shared master license licence subscription session hmac aes rsa dsa ecdsa pgp gpg deploy admin root \
         server webhook app application function functions consumer client tls ssl host recovery symmetric \
         wrapping customer storage service activation vault cipher jwt token cookie service unlock",
        "key keys pem",
    ),
    (
        "verification confirmation security recovery backup mfa otp totp sms auth authentication authorization \
         access login device secret pass token factor fa reset activation unlock pairing time scratch",
        "code codes",
    ),
    ("session", "id ids identifier"),
    ("connection conn", "string str url uri"),
    (
        "database db connection redis mongo mongodb postgres postgresql mysql mariadb amqp rabbitmq broker jdbc \
         otp totp otpauth sas",
        "url uri dsn urls",
    ),
    ("card account routing passport cc security", "number numbers num no"),
    ("credit debit", "card cards"),
    ("social", "security"),
    ("security secret", "answer answers"),
    ("recovery seed mnemonic secret backup", "phrase words seed"),
    (
        "secret secrets token cookie key authorization auth session",
        "value string data text binary hash hashes header material content blob plaintext pem",
    ),
    ("code", "verifier"),
    ("client saml", "assertion response"),
    ("access refresh auth api bearer session csrf security oauth device push personal secret id", "tokens"),
];

const FLAGS: [(u16, &str); 15] = [
    (
        PASS,
        "password passwords passwd passphrase passphrases passwort passworte kennwort senha contrasena contraseña \
         motdepasse wachtwoord losenord lösenord пароль 密码 密碼 口令 パスワード",
    ),
    (
        LAST,
        "pwd pswd psw pw pass passcode passcodes secret secrets jwt apikey apikeys credential credentials creds cred \
         authorization auth cookie cookies session ssn cvv cvc csc otp totp pin sig csrf xsrf sid iban dsn hmac \
         mnemonic bearer psk passkey plaintext assertion sessid sessionid",
    ),
    (LAST | TAMEABLE, "token signature"),
    (ACCESS, "access"),
    (
        ABOUT,
        "count counts type types expiry expires expire expired expiration expiring ttl limit limits created updated \
         length len size status version versions algorithm alg format enabled disabled required optional name names \
         arn label labels description policy policies strength min max minimum maximum lifetime duration age at \
         date time timestamp on by changed modified rotated revoked used valid validity verified issued index \
         position scheme provider method methods mode kind class usage metadata endpoint endpoints path file \
         filename dir directory location scope scopes ref refs reference region prefix interval rotation strategy \
         attempts retries failures budget rate ratio settings options requirements rules complexity error errors \
         message field fields param placeholder column schema regex pattern source last four md fingerprint \
         thumbprint checksum state event reason action issuer audience seconds minutes hours days ms percent stats \
         total details spec bytes",
    ),
    (
        ASKS,
        "has have is are was were will requires require needs need use uses using enable enables enabled show shows \
         hide no with without allow allows can should must supports support include includes exclude skip ignore \
         force disable disables disabled max min num number total count maximum minimum",
    ),
    (POINTS, "id ids url uri urls uris link"),
    (PUBLIC, "public pub publishable"),
    (
        JOINED,
        "password passwords passwd passphrase accesstoken refreshtoken idtoken authtoken apitoken apikey apikeys \
         apisecret appsecret clientsecret secretkey privatekey accesskey signingkey encryptionkey sshkey sessionid \
         sessionkey sessiontoken phpsessid jsessionid setcookie awsaccesskeyid creditcard cardnumber accountnumber \
         connectionstring databaseurl csrftoken xsrftoken bearertoken userpass dbpass passcode credentials \
         samlresponse samlrequest samlassertion mfacode otpcode totpsecret licensekey masterkey authkey aspxauth",
    ),
    (
        HARMLESS_BEFORE,
        "next page prev previous continuation continue resume starting sync eos bos pad unk sep cls mask start end \
         stop special first last idempotency change cursor decoder forced per email method function type image",
    ),
    (HARMLESS_BEFORE, "vocab prompt completion input output"),
    (TAMEABLE, "pass"),
    (HARMLESS_BEFORE, "render boarding multi single forward backward"),
    (ABOUT, "iterations rounds hint4 lookup manager service"),
    (ABOUT, "match matches mismatch missing invalid"),
];

/// Ends of longer single words: `dbpassword` is seen to elsewhere, `openaiapikey` and `csrfmiddlewaretoken` here.
pub(super) const SECRET_ENDS: [&str; 23] = [
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "secretkey",
    "signingkey",
    "encryptionkey",
    "authkey",
    "masterkey",
    "credential",
    "credentials",
    "passcode",
    "cookie",
    "sessionid",
    "sessid",
    "connectionstring",
    "cardnumber",
    "creditcard",
    "accountnumber",
    "pwd",
    "jwt",
    "passphrase",
];

const SLOTS: usize = 2048;

static TABLE: LazyLock<Box<[(u128, Meaning)]>> = LazyLock::new(|| {
    let mut table = vec![(0, Meaning::default()); SLOTS].into_boxed_slice();
    for (flag, words) in FLAGS {
        words.split_ascii_whitespace().for_each(|word| add(&mut table, word, |m| m.flags |= flag));
    }
    for (kind, (begins, ends)) in PAIRS.into_iter().enumerate() {
        begins.split_ascii_whitespace().for_each(|word| add(&mut table, word, |m| m.left |= 1 << kind));
        ends.split_ascii_whitespace().for_each(|word| add(&mut table, word, |m| m.right |= 1 << kind));
    }
    table
});

fn add(table: &mut [(u128, Meaning)], word: &str, set: impl Fn(&mut Meaning)) {
    let Some(packed) = pack(word.as_bytes()) else { return };
    let mut at = slot(packed);
    while let Some(entry) = table.get_mut(at) {
        if entry.0 == packed || entry.0 == 0 {
            entry.0 = packed;
            set(&mut entry.1);
            return;
        }
        at = (at + 1) % SLOTS;
    }
}

/// What a word means; upper-case ASCII is read as lower-case.
pub(super) fn meaning(word: &[u8]) -> Meaning {
    let Some(packed) = pack(word) else { return Meaning::default() };
    let mut at = slot(packed);
    while let Some(&(known, meaning)) = TABLE.get(at) {
        if known == packed {
            return meaning;
        }
        if known == 0 {
            break;
        }
        at = (at + 1) % SLOTS;
    }
    Meaning::default()
}

/// The word's bytes, lower-cased, in 128 bits. None for nothing and for more than 16 bytes.
fn pack(word: &[u8]) -> Option<u128> {
    if word.is_empty() || word.len() > 16 {
        return None;
    }
    Some(word.iter().fold(0, |packed, b| packed << 8 | u128::from(b.to_ascii_lowercase())))
}

#[allow(clippy::cast_possible_truncation)] // folded on purpose
fn slot(packed: u128) -> usize {
    let folded = (packed as u64) ^ ((packed >> 64) as u64).rotate_left(29);
    (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 53) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_fits_and_the_table_has_room() {
        let words = FLAGS.iter().map(|f| f.1).chain(PAIRS.iter().flat_map(|p| [p.0, p.1]));
        for word in words.flat_map(str::split_ascii_whitespace) {
            assert!(meaning(word.as_bytes()).is_known(), "{word}");
        }
        for end in SECRET_ENDS {
            assert!(super::super::names::is_secret(format!("zz{end}").as_bytes()), "{end}");
        }
        assert!(TABLE.iter().filter(|e| e.0 != 0).count() < SLOTS / 2);
    }
}
