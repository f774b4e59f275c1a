#!/usr/bin/env python3
"""Makes the OFD files in fixtures/: one for each thing that real files do.

Standard library only; nothing of Kapok's. SM2 and SM3 are written out here from
GB/T 32918 and GB/T 32905, DER and ZIP by hand, so that the files say what the
standards and the field say, not what Kapok's own writer would. Everybody in them is
made up, keys are derived from names, and the same files come out each time:

    python3 make.py        # writes fixtures/
"""
import base64, os, struct, zipfile, zlib

# ---- SM3, GB/T 32905-2016

def sm3(data):
    mask = 0xFFFFFFFF
    rol = lambda x, n: ((x << (n % 32)) | (x >> (32 - n % 32))) & mask if n % 32 else x
    v = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    data, bits = data + b"\x80", len(data) * 8
    data += b"\0" * (-(len(data) + 8) % 64) + struct.pack(">Q", bits)
    p1 = lambda x: x ^ rol(x, 15) ^ rol(x, 23)
    for at in range(0, len(data), 64):
        w = list(struct.unpack(">16I", data[at:at + 64]))
        for j in range(16, 68):
            w.append(p1(w[j - 16] ^ w[j - 9] ^ rol(w[j - 3], 15)) ^ rol(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = v
        for j in range(64):
            t = 0x79CC4519 if j < 16 else 0x7A879D8A
            s1 = rol((rol(a, 12) + e + rol(t, j)) & mask, 7)
            s2 = s1 ^ rol(a, 12)
            ff = a ^ b ^ c if j < 16 else (a & b) | (a & c) | (b & c)
            gg = e ^ f ^ g if j < 16 else (e & f) | (~e & mask & g)
            t1 = (ff + d + s2 + (w[j] ^ w[j + 4])) & mask
            t2 = (gg + h + s1 + w[j]) & mask
            d, c, b, a = c, rol(b, 9), a, t1
            h, g, f, e = g, rol(f, 19), e, t2 ^ rol(t2, 9) ^ rol(t2, 17)
        v = [x ^ y for x, y in zip(v, (a, b, c, d, e, f, g, h))]
    return struct.pack(">8I", *v)

assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"

# ---- SM2, GB/T 32918

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
     0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0)

def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0] and (p[1] + q[1]) % P == 0:
        return None
    if p == q:
        slope = (3 * p[0] * p[0] + A) * pow(2 * p[1], -1, P) % P
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P) % P
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P

def times(k, p):
    total = None
    while k:
        if k & 1:
            total = add(total, p)
        p, k = add(p, p), k >> 1
    return total

b32 = lambda n: n.to_bytes(32, "big")

class Key:
    def __init__(self, name):
        self.name = name
        self.d = int.from_bytes(sm3(b"fixture key " + name.encode()), "big") % (N - 2) + 1
        x, y = times(self.d, G)
        self.point = b"\x04" + b32(x) + b32(y)

    def sign(self, message, raw=False):
        identity = b"1234567812345678"
        za = sm3(struct.pack(">H", len(identity) * 8) + identity + b32(A) + b32(B) + b32(G[0]) + b32(G[1]) + self.point[1:])
        e = int.from_bytes(sm3(za + message), "big")
        k = int.from_bytes(sm3(b32(self.d) + b32(e)), "big") % (N - 1) + 1
        r = (e + times(k, G)[0]) % N
        s = pow(1 + self.d, -1, N) * (k - r * self.d) % N
        assert r and s and r + k != N
        return b32(r) + b32(s) if raw else seq(integer(r), integer(s))

# ---- DER

def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    length = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag]) + length + body

seq = lambda *parts: tlv(0x30, *parts)
der_set = lambda *parts: tlv(0x31, *parts)
octets = lambda data: tlv(0x04, data)
bits = lambda data, unused=0: tlv(0x03, bytes([unused]), data)
utf8 = lambda text: tlv(0x0C, text.encode())
ia5 = lambda text: tlv(0x16, text.encode())
generalized = lambda text: tlv(0x18, text.encode())
utc = lambda text: tlv(0x17, text.encode())

def integer(n):
    return tlv(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big"))

def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = b""
    for n in [first * 40 + second] + rest:
        part = bytes([n & 127])
        while n := n >> 7:
            part = bytes([n & 127 | 128]) + part
        out += part
    return tlv(0x06, out)

SM2_SM3, SM2_SIGN, SM2, SM3 = "1.2.156.10197.1.501", "1.2.156.10197.1.301.1", "1.2.156.10197.1.301", "1.2.156.10197.1.401"
RSA = "1.2.840.113549.1.1.11"

# ---- certificates and lists, GB/T 20518

def name(common, string=utf8):
    return seq(der_set(seq(oid("2.5.4.6"), tlv(0x13, b"CN"))), der_set(seq(oid("2.5.4.3"), string(common))))

def extension(number, value, critical=False):
    return seq(oid(number), *([tlv(0x01, b"\xff")] if critical else []), octets(value))

class Party:
    """Somebody with a key and a certificate."""
    serial = 1000

    def __init__(self, common, issuer=None, life=("240101000000Z", "340101000000Z"), ca=False, string=utf8, key=None, usage=None, more=()):
        Party.serial += 1
        self.number, self.key, self.subject = Party.serial, key or Key(common), name(common, string)
        issuer = issuer or self
        extensions = [extension("2.5.29.15", usage or (bits(b"\x06", 1) if ca else bits(b"\xc0", 6)), True),
                      extension("2.5.29.14", octets(sm3(self.key.point)[:20])),
                      extension("2.5.29.35", seq(tlv(0x80, sm3(issuer.key.point)[:20])))]
        extensions += more
        if ca:
            extensions.append(extension("2.5.29.19", seq(tlv(0x01, b"\xff")), True))
        tbs = seq(tlv(0xA0, integer(2)), integer(self.number), seq(oid(SM2_SM3)), issuer.subject, seq(utc(life[0]), utc(life[1])), self.subject,
                  seq(seq(oid("1.2.840.10045.2.1"), oid(SM2)), bits(self.key.point)), tlv(0xA3, seq(*extensions)))
        self.certificate = seq(tbs, seq(oid(SM2_SM3)), bits(issuer.key.sign(tbs)))
        self.issuer = issuer

def crl(authority, entries):
    tbs = seq(integer(1), seq(oid(SM2_SM3)), authority.subject, utc("260601000000Z"), utc("360601000000Z"),
              seq(*[seq(integer(number), utc(at)) for number, at in entries]),
              tlv(0xA0, seq(extension("2.5.29.20", integer(7)), extension("2.5.29.35", seq(tlv(0x80, sm3(authority.key.point)[:20]))))))
    return seq(tbs, seq(oid(SM2_SM3)), bits(authority.key.sign(tbs)))

ROOT = Party("测试根 不作他用", ca=True, life=("240101000000Z", "440101000000Z"))
MAKER = Party("测试制章机构", ROOT)
SIGNER = Party("测试区某某局", ROOT)
EXPIRED = Party("测试区过期局", ROOT, life=("240101000000Z", "250101000000Z"))
CHINESE = Party("测试区国标局", ROOT, string=lambda text: tlv(0x16, text.encode("gb18030")))
REVOKED = Party("测试区吊销局", ROOT)
LATER = Party("测试区后吊销局", ROOT)
STRANGER = Party("测试区他人", ROOT)
CYCLE_KEYS = Key("cycle a"), Key("cycle b")

class Stub:
    """An issuer of which only name and key matter."""
    def __init__(self, common, key):
        self.subject, self.key = name(common), key

CYCLE_A = Party("测试环甲", Stub("测试环乙", CYCLE_KEYS[1]), ca=True, key=CYCLE_KEYS[0])
CYCLE_B = Party("测试环乙", Stub("测试环甲", CYCLE_KEYS[0]), ca=True, key=CYCLE_KEYS[1])
CYCLIC = Party("测试区成环局", CYCLE_A)

# ---- seals and signatures

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) + \
    chunk(b"IDAT", zlib.compress((b"\0" + b"\xc8\x10\x10" * 8) * 8, 9)) + chunk(b"IEND", b"")

def seal(version=4, signers=(SIGNER,), digests=False, raw=False, dates=("20240101000000Z", "20240101000000Z", "20340101000000Z"), vid="GOMAIN", algorithm=SM2_SM3, kind=1, picture="png", stamp=None):
    listed = seq(*[octets(s.certificate) for s in signers])
    if digests:
        listed = seq(*[seq(tlv(0x13, b"SM3"), octets(sm3(s.certificate))) for s in signers])
    moment = (lambda text: utc(text[2:])) if version == 1 else generalized
    info = seq(seq(ia5("ES"), integer(version), ia5(vid)), ia5("44010600000001"),
               seq(integer(kind), utf8("测试区某某局电子印章"), *([] if version == 1 else [integer(2 if digests else 1)]), listed, *map(moment, dates)),
               seq(ia5(picture), octets(PNG), integer(40), integer(40)))
    maker = octets(MAKER.certificate) + oid(algorithm)
    if version == 1:
        return seq(info, seq(maker, bits(MAKER.key.sign(seq(info, maker), raw))))
    value = MAKER.key.sign(info, raw)
    return seq(info, maker, bits(value), *([tlv(0xA0, bits(stamp(value)))] if stamp else []))

STAMPER = Party("测试时间戳机构", ROOT, more=(extension("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.8")), True),))

def time_stamp(data, at="20260501080005Z"):
    """A token of RFC 3161 about data, by SM3 and SM2."""
    info = seq(integer(1), oid("1.2.3.4"), seq(seq(oid(SM3), tlv(5)), octets(sm3(data))), integer(77), generalized(at))
    listed = seq(oid("1.2.840.113549.1.9.3"), der_set(oid("1.2.840.113549.1.9.16.1.4")))
    listed += seq(oid("1.2.840.113549.1.9.4"), der_set(octets(sm3(info))))
    listed += seq(oid("1.2.840.113549.1.9.16.2.47"), der_set(seq(seq(seq(seq(oid(SM3)), octets(sm3(STAMPER.certificate)))))))
    signer = seq(integer(1), seq(ROOT.subject, integer(STAMPER.number)), seq(oid(SM3)), tlv(0xA0, listed), seq(oid(SM2_SM3)), octets(STAMPER.key.sign(der_set(listed))))
    return seq(oid("1.2.840.113549.1.7.2"), tlv(0xA0, seq(integer(3), der_set(seq(oid(SM3))), seq(oid("1.2.840.113549.1.9.16.1.4"), tlv(0xA0, octets(info))),
               tlv(0xA0, STAMPER.certificate), der_set(signer))))

def ses(the_seal, xml, path, version=4, signer=SIGNER, at="20260501080000Z", raw=False, algorithm=SM2_SM3, stamp=None):
    common = integer(version) + the_seal
    certificate = octets(signer.certificate) + oid(algorithm)
    if version == 1:
        tbs = seq(common, bits(utc(at[2:])), bits(sm3(xml)), ia5(path), certificate)
        return seq(tbs, bits(signer.key.sign(tbs, raw)))
    tbs = seq(common, generalized(at), bits(sm3(xml)), ia5(path))
    value = signer.key.sign(tbs, raw)
    return seq(tbs, certificate, bits(value), *([tlv(0xA0, bits(stamp(value)))] if stamp else []))

def signed_data(xml, signer=SIGNER, algorithm=SM2_SIGN, attributes=False, content=lambda digest: digest, signing_time=True, told=sm3):
    digest = sm3(xml)
    data = "1.2.156.10197.6.1.4.2.1"
    inner = content(digest)
    covered, extra = inner, b""
    if attributes:  # in an order that DER forbids: the longest comes first
        listed = seq(oid("1.2.840.113549.1.9.4"), der_set(octets(told(inner))))
        if signing_time:
            listed += seq(oid("1.2.840.113549.1.9.5"), der_set(utc("260501080000Z")))
        listed += seq(oid("1.2.840.113549.1.9.3"), der_set(oid(data)))
        covered, extra = der_set(listed), tlv(0xA0, listed)
    info = seq(integer(1), seq(signer.issuer.subject, integer(signer.number)), seq(oid(SM3)), extra, seq(oid(algorithm)), octets(signer.key.sign(covered)))
    return seq(oid("1.2.156.10197.6.1.4.2.2"), tlv(0xA0, seq(integer(1), der_set(seq(oid(SM3))), seq(oid(data), tlv(0xA0, octets(inner))),
               tlv(0xA0, signer.certificate), der_set(info))))

# ---- OFD, GB/T 33190

PAGE = "Doc_0/Pages/Page_0/Content.xml"
NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'

def document():
    return {
        "OFD.xml": HEAD + f'<ofd:OFD {NS} Version="1.1" DocType="OFD"><ofd:DocBody><ofd:DocInfo><ofd:DocID>00112233445566778899aabbccddeeff</ofd:DocID><ofd:Title>测试许可证</ofd:Title></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot><ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody></ofd:OFD>',
        "Doc_0/Document.xml": HEAD + f'<ofd:Document {NS}><ofd:CommonData><ofd:MaxUnitID>9</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>',
        "Doc_0/PublicRes.xml": HEAD + f'<ofd:Res {NS} BaseLoc="Res"><ofd:Fonts><ofd:Font ID="3" FontName="宋体"/></ofd:Fonts></ofd:Res>',
        "Doc_0/Pages/Page_0/Content.xml": HEAD + f'<ofd:Page {NS}><ofd:Content><ofd:Layer ID="2"><ofd:TextObject ID="4" Boundary="30 30 100 10" Font="3" Size="5"><ofd:TextCode X="0" Y="5" DeltaX="5 5 5 5">测试许可证</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content></ofd:Page>',
    }

def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in files.items():
            entry = zipfile.ZipInfo(file, (2026, 5, 1, 8, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data if isinstance(data, bytes) else data.encode())

def signature_xml(files, folder, check=f' CheckMethod="{SM3}"', method=SM2_SM3, when="20260501160000", sealed=True, only=None, check_value=None, listed=()):
    references = ""
    for file in only or [*files, *listed]:
        data = files[file]
        value = base64.b64encode(sm3(data if isinstance(data, bytes) else data.encode()))
        value = (check_value or (lambda _, v: v))(file, value.decode())
        references += f'<ofd:Reference FileRef="/{file}"><ofd:CheckValue>{value}</ofd:CheckValue></ofd:Reference>'
    where = f"<ofd:Seal><ofd:BaseLoc>/{folder}/Seal.esl</ofd:BaseLoc></ofd:Seal>" if sealed else ""
    return (HEAD + f'<ofd:Signature {NS}><ofd:SignedInfo><ofd:Provider ProviderName="fixture" Version="1"/><ofd:SignatureMethod>{method}</ofd:SignatureMethod><ofd:SignatureDateTime>{when}</ofd:SignatureDateTime><ofd:References{check}>{references}</ofd:References><ofd:StampAnnot ID="s1" PageRef="1" Boundary="120 200 40 40"/>{where}</ofd:SignedInfo><ofd:SignedValue>/{folder}/SignedValue.dat</ofd:SignedValue></ofd:Signature>').encode()

def listing(*entries):
    return HEAD + f'<ofd:Signatures {NS}>' + "".join(entries) + "</ofd:Signatures>"

def entry(number, kind=' Type="Seal"'):
    return f'<ofd:Signature ID="s{number}"{kind} BaseLoc="/Doc_0/Signs/Sign_{number}/Signature.xml"/>'

def sealed(version=4, signer=SIGNER, seal_options=None, sign_options=None, seal_file=True, kind=' Type="Seal"', esl=None, change=None, value=None, extra=None, **xml_options):
    """A document with one seal; change alters files after sealing."""
    files, folder = document(), "Doc_0/Signs/Sign_0"
    the_seal = seal(version, **({"signers": (signer,)} | (seal_options or {})))
    if seal_file:
        files[folder + "/Seal.esl"] = the_seal
    xml = signature_xml(files, folder, sealed=seal_file, **xml_options)
    files["Doc_0/Signs/Signatures.xml"] = listing(entry(0, kind))
    files[folder + "/Signature.xml"] = xml
    files[folder + "/SignedValue.dat"] = ses(the_seal, xml, f"/{folder}/Signature.xml", version, signer, **(sign_options or {}))
    if esl:
        files[folder + "/Seal.esl"] = esl
    if value:
        files[folder + "/SignedValue.dat"] = value(files[folder + "/SignedValue.dat"])
    files.update(extra or {})
    for file, (old, new) in (change or {}).items():
        assert old in files[file]
        files[file] = files[file].replace(old, new)
    return files

def signed(when="20260501160000", **options):
    files, folder = document(), "Doc_0/Signs/Sign_0"
    xml = signature_xml(files, folder, sealed=False, when=when)
    files["Doc_0/Signs/Signatures.xml"] = listing(entry(0, ' Type="Sign"'))
    files[folder + "/Signature.xml"] = xml
    files[folder + "/SignedValue.dat"] = signed_data(xml, **options)
    return files

def second(between=lambda files: None):
    """Two seals. The first covers Signatures.xml, which the second had to change."""
    files, the_seal = document(), seal()
    folders = "Doc_0/Signs/Sign_0", "Doc_0/Signs/Sign_1"
    files["Doc_0/Signs/Signatures.xml"] = listing(entry(0))
    for number, folder in enumerate(folders):
        files[folder + "/Seal.esl"] = the_seal
        if number == 1:
            between(files)
            files["Doc_0/Signs/Signatures.xml"] = listing(entry(0), entry(1))
        covered = [f for f in files if number == 0 or f != "Doc_0/Signs/Signatures.xml"]
        xml = signature_xml(files, folder, only=covered)
        files[folder + "/Signature.xml"] = xml
        files[folder + "/SignedValue.dat"] = ses(the_seal, xml, f"/{folder}/Signature.xml", at="2026050108%02d00Z" % number)
    return files

def page_changed(files):
    files[PAGE] = files[PAGE].replace("测试许可证", "另一许可证")

def redirected():
    """Everything sealed stands there, but OFD.xml, which the seal does not cover, leads to another page."""
    covered = [f for f in document() if f != "OFD.xml"]
    files = sealed(only=[*covered, "Doc_0/Signs/Sign_0/Seal.esl"])
    files["Doc_0/Other.xml"] = files["Doc_0/Document.xml"].replace("Page_0", "Page_9")
    files["Doc_0/Pages/Page_9/Content.xml"] = files["Doc_0/Pages/Page_0/Content.xml"].replace("测试许可证", "冒名许可证")
    files["OFD.xml"] = files["OFD.xml"].replace("Document.xml", "Other.xml")
    return files

def short_check(file, value):
    return base64.b64encode(b"\x11" * 16).decode() if file.endswith("PublicRes.xml") else value

def flip(at):
    return lambda data: data[:at % len(data)] + bytes([data[at] ^ 1]) + data[at % len(data) + 1:]

FIXTURES = {
    "v4": lambda: sealed(),
    "v1": lambda: sealed(1),
    "v5": lambda: sealed(5),
    "raw": lambda: sealed(seal_options={"raw": True}, sign_options={"raw": True}),
    "list-of-digests": lambda: sealed(seal_options={"digests": True}),
    "picture-types": lambda: sealed(seal_options={"picture": "PNG", "kind": 15}),
    "check-method-sm3": lambda: sealed(check=' CheckMethod="SM3"'),
    "check-method-hmac": lambda: sealed(check=f' CheckMethod="{SM3}.2"'),
    "check-method-absent": lambda: sealed(check=""),
    "check-method-md5": lambda: sealed(check=' CheckMethod="MD5"'),
    "mixed-digests": lambda: sealed(check_value=short_check),
    "no-seal-file": lambda: sealed(seal_file=False, kind=""),
    "other-seal-file": lambda: sealed(esl=seal(vid="OTHER"), only=list(document())),
    "chinese-ia5string": lambda: sealed(signer=CHINESE),
    "expired-signer": lambda: sealed(signer=EXPIRED),
    "expired-seal": lambda: sealed(seal_options={"dates": ("20240101000000Z", "20240101000000Z", "20250101000000Z")}),
    "revoked-before": lambda: sealed(signer=REVOKED),
    "revoked-later": lambda: sealed(signer=LATER),
    "cyclic-chain": lambda: sealed(signer=CYCLIC),
    "stranger-signs": lambda: sealed(signer=STRANGER, seal_options={"signers": (SIGNER,)}),
    "algorithm-rsa": lambda: sealed(sign_options={"algorithm": RSA}),
    "algorithm-curve": lambda: sealed(sign_options={"algorithm": SM2}),
    "masked": lambda: sealed(change={PAGE: ("测试许可证", "测试***证"), "Doc_0/PublicRes.xml": ("宋体", "黑体")}),
    "reference-missing": lambda: {f: d for f, d in sealed().items() if f != "Doc_0/PublicRes.xml"},
    "signature-xml-changed": lambda: sealed(change={"Doc_0/Signs/Sign_0/Signature.xml": (b"120 200", b"020 100")}),
    "signature-flipped": lambda: sealed(value=flip(-1)),
    "value-truncated": lambda: sealed(value=lambda data: data[:-7]),
    "annotation-uncovered": lambda: sealed(extra={"Doc_0/Annots/Annotation.xml": "<a/>"}),
    "stamped": lambda: sealed(5, seal_options={"stamp": time_stamp}, sign_options={"stamp": time_stamp}),
    "stamped-other": lambda: sealed(sign_options={"stamp": lambda value: time_stamp(b"something else")}),
    "stamped-seal-other": lambda: sealed(5, seal_options={"stamp": lambda value: time_stamp(b"something else")}),
    "stamped-unreadable": lambda: sealed(sign_options={"stamp": lambda value: b"no token"}),
    "redirected": redirected,
    "second": second,
    "changed-between": lambda: second(page_changed),
    "signed-data-attribute-other": lambda: signed(attributes=True, told=lambda content: sm3(b"something else")),
    "signed-data": lambda: signed(),
    "signed-data-unsorted": lambda: signed(attributes=True, algorithm=SM2_SM3),
    "signed-data-base64": lambda: signed(content=base64.b64encode),
    "signed-data-other": lambda: signed(content=lambda digest: sm3(digest)),
    "date-fraction": lambda: signed(when="20200723130907.763Z", algorithm=SM2_SM3),
    "date-zulu": lambda: signed(when="20200817111329Z"),
    "date-plain": lambda: signed(when="20221031141634"),
    "date-spaced": lambda: signed(when="2021-05-19 20:53:44"),
    "date-iso": lambda: signed(when="2024-05-19T20:53:44+08:00"),
    "date-day": lambda: signed(when="2024-05-19"),
}

def pem(kind, *ders):
    return "".join(f"-----BEGIN {kind}-----\n" + "\n".join(base64.b64encode(d).decode()[i:i + 64] for i in range(0, len(base64.b64encode(d)), 64)) + f"\n-----END {kind}-----\n" for d in ders)

def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
    os.makedirs(folder, exist_ok=True)
    for fixture, make in FIXTURES.items():
        zipped(os.path.join(folder, fixture + ".ofd"), make())
    for file, text in {
        "root.pem": pem("CERTIFICATE", ROOT.certificate),
        "cycle.pem": pem("CERTIFICATE", CYCLE_A.certificate, CYCLE_B.certificate),
        "root-crl.pem": pem("X509 CRL", crl(ROOT, [(REVOKED.number, "250601000000Z"), (LATER.number, "260515000000Z")])),
    }.items():
        with open(os.path.join(folder, file), "w") as out:
            out.write(text)

if __name__ == "__main__":
    main()
