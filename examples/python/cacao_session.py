"""Verifies capabilities, requests, tokens and signed URLs by the rules of docs/spec.md, whose numbers the errors and comments name.

`verify(case)` returns the account that acts, or raises `Refused`. As a program, it reads one case in JSON per line, and prints one verdict per line.
Needs Python 3.11 and base58, cbor2, cryptography, ecdsa and pycryptodomex (Debian has them as python3-base58, -cbor2, …, -pycryptodome).
"""
import base64, hashlib, json, re, sys
from datetime import datetime
import base58, cbor2, ecdsa
from Cryptodome.Hash import keccak
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
class Refused(Exception):
    """A refusal, with the number of the broken rule."""
def demand(condition, rule):
    if not condition:
        raise Refused(rule)

# Encodings
BASE58 = "[1-9A-HJ-NP-Za-km-z]"
def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
def from_base64url(text, rule):
    demand(re.fullmatch(r"[-\w]*", text, re.A) and len(text) % 4 != 1, rule)
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    demand(base64url(data) == text, rule)  # one spelling
    return data
def from_base58(text, rule):
    demand(re.fullmatch(BASE58 + "{1,128}", text), rule)
    return base58.b58decode(text)
def json_of(text, rule):
    try:
        return json.loads(from_base64url(text, rule).decode())
    except (ValueError, RecursionError):
        raise Refused(rule)
def is_short(text, most=16384):
    return isinstance(text, str) and len(text.encode("utf-16-le", "surrogatepass")) // 2 <= most
def keccak256(data):
    return keccak.new(digest_bits=256, data=data).digest()

# Keys and signatures
SMALL_ORDER = {0, 1, 2**255 - 20} | {int.from_bytes(bytes.fromhex(text), "little") for text in (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")}
def public_key(did, rule):
    """The type and the bytes of a did:key."""
    demand(re.fullmatch(f"did:key:z{BASE58}{{1,49}}", did), rule)
    data = from_base58(did[9:], rule)
    if data[:2] == b"\xed\x01" and len(data) == 34:
        y = int.from_bytes(data[2:], "little") % 2**255
        demand(y < 2**255 - 19 and y not in SMALL_ORDER, rule)
        return "Ed25519", data[2:]
    demand(data[:2] == b"\x80\x24" and len(data) == 35 and data[2] in (2, 3), rule)
    return "P-256", data[2:]
def is_signed(kind, key, signature, message):
    try:
        if kind == "Ed25519":
            ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        else:
            halves = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
            point.verify(encode_dss_signature(*halves), message, ec.ECDSA(SHA256()))
        return len(signature) == 64
    except (InvalidSignature, ValueError):
        return False
def ethereum_signer(text, signature):
    """The address that signed a text (EIP-191), in lower case; None for an invalid signature."""
    message = text.encode()
    digest = keccak256(b"\x19Ethereum Signed Message:\n%d" % len(message) + message)
    try:
        keys = ecdsa.VerifyingKey.from_public_key_recovery_with_digest(signature[:64], digest, ecdsa.SECP256k1)
        return "0x" + keccak256(keys[signature[64]].to_string())[-20:].hex()
    except (ecdsa.errors.MalformedPointError, ecdsa.numbertheory.Error, ValueError, ZeroDivisionError):
        return None
def eip55(address):
    digest = keccak256(address[2:].encode()).hex()
    return "0x" + "".join(c.upper() if int(digest[i], 16) > 7 else c for i, c in enumerate(address[2:]))

# Resources
CHAR = r"[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2}"
REST = rf"(?:{CHAR}|[:@/?])*"
URI = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:(?://([^/?#]*)(?=[/?#]|$)|(?!//))(?:{CHAR}|[:@/])*(?:\?{REST})?(?:#{REST})?")
AUTHORITY = re.compile(rf"(?:(?:{CHAR}|:)*@)?(\[[0-9A-Fa-f:.]*\]|(?:{CHAR})*)(?::[0-9]*)?")
SPACE = r"[\x00-\x20\x7f-\x9f]*"
DOTS = re.compile(rf"(?:^|[/\\]){SPACE}\.{{1,2}}{SPACE}(?:[/\\;?#\x00-\x1f\x7f-\x9f]|$)")
def host_of(authority):
    match = AUTHORITY.fullmatch(authority)
    return match and match[1]
def is_uri(text):
    match = URI.fullmatch(text)
    return bool(match) and (match[1] is None or host_of(match[1]) is not None)
def has_dot_segment(uri):
    path, before = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*:", "", re.split(r"[?#]", uri)[0]), None
    while path != before:  # percent-encoding may be nested
        before, path = path, re.sub(r"%([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), path)
    return bool(DOTS.search(path))
def covers(granted, wanted):
    good = [grant for grant in granted if not has_dot_segment(grant)]
    folders = [grant[:-1] for grant in good if re.fullmatch(r"[^?#]*/\*", grant)]
    is_below = any(wanted.startswith(folder) and wanted != folder and wanted[len(folder) - 2:len(folder) + 1] != "://" for folder in folders)
    return is_uri(wanted) and not has_dot_segment(wanted) and (wanted in good or is_below)

# Capabilities
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
                    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
                    "\U000e0000-\U000e0fff]")
DATE = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))", re.A)
FORMS = {"version": ("C3", "1"), "nonce": ("C5", "[A-Za-z0-9]{8,}"), "requestId": ("C8", f"(?:{CHAR}|[:@])*"),
         "statement": ("C7", r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;= ]|[^\x00-\x7f])*")}
REQUIRED, OPTIONAL = {"domain", "iss", "aud", "version", "nonce", "iat"}, {"nbf", "exp", "statement", "requestId", "resources"}
def instant(text):
    match = DATE.fullmatch(text)
    demand(match, "C6")
    date, time, fraction, sign, hours, minutes = match.groups()
    try:
        local = datetime.fromisoformat(f"{date}T{time}+00:00").timestamp() * 1000 + int((fraction or "0")[:3].ljust(3, "0"))
    except ValueError:
        raise Refused("C6")
    offset = (int(hours or 0) * 60 + int(minutes or 0)) * 60000
    return local + offset if sign == "-" else local - offset
def start(p):
    return max(instant(p["iat"]), instant(p.get("nbf", p["iat"])))
def expiry(p):
    return instant(p["exp"]) if "exp" in p else float("inf")
def account_of(did):
    """The account in a did:pkh, an Ethereum address in lower case; or a did:key."""
    if re.fullmatch(f"did:key:z{BASE58}+", did):
        return did
    match = re.fullmatch(r"did:pkh:(([-a-z0-9]{3,8}):([-_a-zA-Z0-9]{1,32}):([-.%a-zA-Z0-9]{1,128}))", did)
    demand(match and match[2] != "did", "C4")
    demand(match[2] != "eip155" or re.fullmatch(r"eip155:(0|[1-9][0-9]*):0x[0-9a-fA-F]{40}", match[1]), "C4")
    return match[1].lower() if match[2] == "eip155" else match[1]
def did_of(account):
    return account if account.startswith("did:key:") else "did:pkh:" + account
def parse(cacao, links=4):
    """Refuses a value that is not a capability, and checks its whole chain."""
    demand(links > 0, "D1")
    demand(isinstance(cacao, dict) and cacao.keys() == {"h", "p", "s"}, "C1")
    head, p, s = cacao["h"], cacao["p"], cacao["s"]
    demand(isinstance(head, dict) and head.keys() == {"t"} and head["t"] in ("eip4361", "caip122"), "C2")
    demand(isinstance(p, dict) and REQUIRED <= p.keys() <= REQUIRED | OPTIONAL, "C3")
    demand(all(is_short(value) for name, value in p.items() if name != "resources"), "C3")
    for name, (rule, form) in FORMS.items():
        demand(name not in p or re.fullmatch(form, p[name]), rule)
    demand(not HIDDEN.search(p.get("statement", "")), "C7")
    demand(host_of(p["domain"]) and is_uri(p["aud"]) and account_of(p["iss"]), "C4")
    demand(start(p) is not None and expiry(p) is not None, "C6")
    resources = p.get("resources", [])
    demand(isinstance(resources, list) and len(resources) <= 1000, "C9")
    demand(all(is_short(uri) and is_uri(uri) for uri in resources) and is_short("".join(resources), 65536), "C9")
    demand(isinstance(s, dict) and {"t", "s"} <= s.keys() <= {"t", "s", "m"}, "C10")
    demand(is_short(s["t"]) and re.fullmatch(r"[-:\w]+", s["t"], re.A) and is_short(s["s"]) and s["s"], "C10")
    metadata = s.get("m", {})
    demand(isinstance(metadata, dict) and metadata.keys() <= ({"parent"} if s["t"].startswith("key:") else set()), "C10")
    if "parent" in metadata:
        parse(metadata["parent"], links - 1)
        check_delegated(p, metadata["parent"]["p"])
def check_delegated(p, parent):
    demand(p["iss"] == parent["aud"], "D2")
    demand(p["domain"] == parent["domain"], "D3")
    demand(p.get("resources") and all(covers(parent.get("resources", []), uri) for uri in p["resources"]), "D4")
    demand(start(p) >= start(parent) and expiry(p) <= expiry(parent), "D5")
    demand(p.get("requestId") == identity(parent), "D6")
def identity(p):
    """The identity of a capability for revocation and delegation: the hash of what was signed."""
    members = {name: value for name, value in p.items() if value not in ("", [])} | {"iss": did_of(account_of(p["iss"]))}
    return base64url(hashlib.sha256(cbor2.dumps(members, canonical=True)).digest())
def renderings(p, chain_name, chain, address):
    """The texts that the account may have signed: see rule S1."""
    dates = (("Issued At", "iat"), ("Expiration Time", "exp"), ("Not Before", "nbf"), ("Request ID", "requestId"))
    head = [f"{p['domain']} wants you to sign in with your {chain_name} account:", address, ""]
    body = [f"URI: {p['aud']}", f"Version: {p['version']}", f"Chain ID: {chain}", f"Nonce: {p['nonce']}"]
    body += [f"{label}: {p[name]}" for label, name in dates if name in p]
    listed = ["Resources:", *("- " + uri for uri in p["resources"])] if "resources" in p else []
    for statement in [[p["statement"], ""]] if "statement" in p else [[""], []]:
        for resources in [listed] if p.get("resources") != [] else [listed, []]:
            yield "\n".join(head + statement + body + resources)
def verify_signature(cacao):
    p, kind, signature, account = cacao["p"], cacao["s"]["t"], cacao["s"]["s"], account_of(cacao["p"]["iss"])
    namespace, chain, address = account.split(":", 2)
    demand(cacao["h"]["t"] == "caip122" or namespace == "eip155", "C2")
    if kind == "eip191":
        demand(namespace == "eip155" and re.fullmatch("0x[0-9a-f]{128}([0-9a-f]{2})?", signature), "S2")
        r, s, v = bytes.fromhex(signature[2:66]), int(signature[66:130], 16), int(signature[130:] or "0", 16)
        if signature[130:] == "":  # ERC-2098
            s, v = s % 2**255, s >> 255
        data = r + s.to_bytes(32, "big") + bytes([v - 27 if v >= 27 else v])
        demand(data[64] < 2 and 0 < int.from_bytes(data[32:64], "big") <= ecdsa.SECP256k1.order // 2, "S2")
        spellings = {eip55(address), p["iss"].split(":")[4], address}
        demand(any(ethereum_signer(text, data) == address for spelling in spellings
                   for text in renderings(p, "Ethereum", chain, spelling)), "S2")
    elif kind.startswith("key:"):
        key_type, key = public_key(account, "S4")
        demand(kind == {"P-256": "key:p256", "Ed25519": "key:ed25519"}[key_type], "S4")
        text = next(renderings(p, "Key", "did:key", account))
        demand(is_signed(key_type, key, from_base64url(signature, "S4"), text.encode()), "S4")
    else:
        demand(kind == "solana:ed25519" and namespace == "solana", "S5")
        key, data = from_base58(address, "S3"), from_base58(signature, "S3")
        demand(any(is_signed("Ed25519", key, data, text.encode()) for text in renderings(p, "Solana", chain, address)), "S3")
def admit(cacao, key_did, policy):
    """The account that acts under a capability, for a key whose signature was verified."""
    parse(cacao)
    chain, p, now = [cacao], cacao["p"], policy["now"]
    while "parent" in chain[0]["s"].get("m", {}):
        chain.insert(0, chain[0]["s"]["m"]["parent"])
    demand(now < expiry(p) and start(p) <= now + policy.get("clockSkewSecs", 300) * 1000, "C11")
    demand(p["aud"] == key_did, "C12")
    limits = policy.get("delegation") or {"maxLinks": 1}
    lives = [expiry(link["p"]) - instant(link["p"]["iat"]) for link in chain[1:]]
    demand(len(chain) <= limits["maxLinks"] and max(lives, default=0) <= limits.get("maxSecs", float("inf")) * 1000, "D7")
    demand(chain[0]["p"]["domain"] in policy["domains"], "C13")
    demand(all(covers(p.get("resources", []), wanted) for wanted in policy["resources"] or []), "C14")
    for link in chain:
        verify_signature(link)
    return account_of(chain[0]["p"]["iss"])

# Requests, tokens and signed URLs
ALGORITHMS = {"P-256": ("ecdsa-p256-sha256", "ES256"), "Ed25519": ("ed25519", "Ed25519")}
TARGET = re.compile(r"(/[^\x00-\x20\x7f-\U0010ffff\"#<>?`{}\\^]*)(\?[^\x00-\x20\x7f-\U0010ffff\"#<>']*)?")
def check_time(created, expires, policy, rule):
    skew, most = policy.get("clockSkewSecs", 300), policy.get("maxAgeSecs", 60)
    demand(0 < expires - created <= 3600 and created * 1000 <= policy["now"] + skew * 1000, rule)
    demand(policy["now"] < (min(expires, created + most) + skew) * 1000, rule)
def signing_key(key_id, algorithm, index, rule):
    did = key_id.split("#")[0]
    kind, key = public_key(did, rule)
    demand(key_id == f"{did}#{did[8:]}" and algorithm == ALGORITHMS[kind][index], rule)
    return did, kind, key
def verify_request(request, policy):
    headers = {name.lower(): value for name, value in request["headers"]}
    match = TARGET.fullmatch(policy.get("basePath", "") + request["target"])
    demand(match and not {".", ".."} & set(re.sub("%2e", ".", match[1], flags=re.I).split("/")), "R4")
    path, query = match[1], match[2] or ""
    if policy.get("signedURLs") and "cacao-signature=" in query:
        return verify_url(request, path + query, policy)
    header = policy.get("capabilityHeader", "authorization").lower()
    demand({"signature", "signature-input", header} <= headers.keys(), "R1")
    demand(headers[header][:6].upper() == "CACAO " and len(headers[header]) <= 16390, "R2")
    capability = json_of(headers[header][6:], "R2")
    given = re.fullmatch(r'cacao=(\(([^()]*)\)((?:;[a-z]+=(?:[0-9]+|"[^"\\]*"))*))', headers["signature-input"])
    signature = re.fullmatch("cacao=:([A-Za-z0-9+/]{86}==):", headers["signature"])
    demand(given and signature, "R3")
    parameters = re.findall(r';([a-z]+)=(?:([0-9]+)|"([^"]*)")', given[3])
    says = {name: number or text for name, number, text in parameters}
    body = ["content-digest", "content-type"] if '"content-digest"' in given[2] else []
    names = ["@method", "@authority", "@path", "@query", header, *body]
    demand(given[2] == " ".join(f'"{name}"' for name in names) and headers.keys() >= set(body), "R3")
    demand(sorted(name for name, *_ in parameters) == ["alg", "created", "expires", "keyid", "nonce", "tag"], "R5")
    demand(says["tag"] == "cacao-session-2" and re.fullmatch(r"[-\w]{22,128}", says["nonce"], re.A), "R5")
    did, kind, key = signing_key(says["keyid"], says["alg"], 0, "R5")
    check_time(int(says["created"]), int(says["expires"]), policy, "R6")
    values = headers | {"@method": request["method"], "@path": path, "@query": query or "?"}
    def base(authority):
        lines = [f'"{name}": {(values | {"@authority": authority})[name].strip()}' for name in names]
        return "\n".join([*lines, f'"@signature-params": {given[1]}']).encode()
    data = base64.b64decode(signature[1])
    demand(any(is_signed(kind, key, data, base(authority)) for authority in policy["authorities"]), "R7")
    content = base64.b64decode(request.get("body", ""))
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"
    demand(headers["content-digest"] == digest if body else not content, "R8")
    return admit(capability, did, policy)
def verify_token(token, typ, audiences, policy):
    parts = token.split(".")
    demand(len(token) <= 16384 and len(parts) == 3, "T1")
    head, payload = json_of(parts[0], "T1"), json_of(parts[1], "T1")
    for value, part in ((head, parts[0]), (payload, parts[1])):  # no white space, and no member twice
        demand(base64url(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) == part, "T1")
    demand(isinstance(head, dict) and head.keys() == {"alg", "cacao", "kid", "typ"} and head["typ"] == typ, "T2")
    did, kind, key = signing_key(str(head["kid"]), head["alg"], 1, "T2")
    names = {"aud", "exp", "iat", "iss", "jti"}
    demand(isinstance(payload, dict) and names <= payload.keys() <= names | {"claims"}, "T3")
    demand(all(type(payload[name]) is (int if name in ("exp", "iat") else str) for name in names), "T3")
    demand(re.fullmatch(r"[-\w]{22,128}", payload["jti"], re.A) and isinstance(payload.get("claims", {}), dict), "T3")
    check_time(payload["iat"], payload["exp"], {"maxAgeSecs": 3600} | policy, "T4")
    demand(payload["aud"] in audiences, "T5")
    demand(is_signed(kind, key, from_base64url(parts[2], "T1"), f"{parts[0]}.{parts[1]}".encode()), "T6")
    account = admit(head["cacao"], did, policy)
    demand(payload["iss"] == did_of(account), "T7")
    return account

def verify_url(request, target, policy):
    match = re.fullmatch(r"(.*)[?&]cacao-signature=([^&]*)", target)
    demand(match and "cacao-signature" not in match[1] and request["method"] in ("GET", "HEAD"), "U1")
    audiences = [f"//{authority}{match[1]}" for authority in policy["authorities"]]
    return verify_token(match[2], "cacao-session-url+jwt", audiences, policy | {"maxAgeSecs": 3600})
def verify(case):
    if case["kind"] == "capability":
        return admit(case["capability"], case["keyDID"], case["policy"])
    if case["kind"] == "token":
        return verify_token(case["token"], "cacao-session+jwt", case["policy"]["audiences"], case["policy"])
    return verify_request(case["request"], case["policy"])

if __name__ == "__main__":
    for line in sys.stdin:
        try:
            print(json.dumps({"account": verify(json.loads(line))}))
        except Refused as refusal:
            print(json.dumps({"refused": str(refusal)}))
