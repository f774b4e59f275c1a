import { equal, hex } from './bytes'
import { bits, Der, oid, signatureOf, tags, time } from './der'
import { verifies } from './sm'

/** What is read of an X.509 certificate of Kapok's own authority (RFC 5280, GB/T 20518). */
export interface Certificate {
  raw: Uint8Array
  tbs: Uint8Array
  issuer: Uint8Array
  subject: Uint8Array
  from: number // milliseconds, both ends in force
  until: number
  point: Uint8Array
  signature: Uint8Array // r ‖ s
  authority: boolean
  maxPath: number // Infinity: any number of authorities below
  usage: number // bits as in DER: 0x80 digitalSignature, 0x04 keyCertSign
  extended: string[]
  keyID: string
  issuerKeyID: string
}

const sm3WithSM2 = '2a811ccf55018375' // 1.2.156.10197.1.501
const ecPublicKey = '2a8648ce3d0201'
const curveSM2 = '2a811ccf5501822d'
const operational = '698296bd8287f0c9da8dcb9bd79f9bbb8e8cae4301' // FORMAT.md §4
const longestLife = 24 * 60 * 60 * 1000

const extensions: Record<string, (into: Certificate, value: Der) => void> = {
  '551d13': basicConstraints,
  '551d0f': keyUsage,
  '551d25': extendedUsage,
  '551d0e': (into, value) => { into.keyID = hex(value.next(tags.octets).contents) },
  '551d23': authorityKey,
}
const harmless = ['551d11', '551d20'] // subjectAltName, certificatePolicies

/** Reads DER; throws on all that it does not know for certain how to read. */
export function parseCertificate(raw: Uint8Array): Certificate {
  const frame = new Der(raw)
  const outer = frame.inside(tags.sequence)
  frame.end()
  const tbs = outer.next(tags.sequence)
  const algorithm = outer.next(tags.sequence)
  if (oid(new Der(algorithm.contents)) !== sm3WithSM2) throw new Error('it is not signed with SM2 and SM3')
  const signature = signatureOf(bits(outer))
  outer.end()
  const body = new Der(tbs.contents)
  if (!body.optional(tags.explicit0)) throw new Error('it is not of version 3')
  body.next(tags.integer) // the serial number
  if (!equal(body.next(tags.sequence).whole, algorithm.whole)) throw new Error('the algorithm outside differs from the one inside')
  const issuer = body.next(tags.sequence).whole
  const life = body.inside(tags.sequence)
  const from = time(life)
  const until = time(life)
  const subject = body.next(tags.sequence).whole
  const certificate: Certificate = {
    raw, tbs: tbs.whole, issuer, subject, from, until, point: keyOf(body.inside(tags.sequence)), signature,
    authority: false, maxPath: Infinity, usage: 0, extended: [], keyID: '', issuerKeyID: '',
  }
  readExtensions(certificate, body)
  return certificate
}

function keyOf(info: Der): Uint8Array {
  const algorithm = info.inside(tags.sequence)
  if (oid(algorithm) !== ecPublicKey || oid(algorithm) !== curveSM2) throw new Error('its key is not an SM2 key')
  return bits(info)
}

function readExtensions(into: Certificate, body: Der): void {
  const list = body.inside(tags.explicit3).inside(tags.sequence)
  body.end()
  const seen = new Set<string>()
  while (!list.empty) {
    const extension = list.inside(tags.sequence)
    const name = oid(extension)
    const critical = extension.optional(tags.boolean) !== undefined
    const value = new Der(extension.next(tags.octets).contents)
    if (seen.has(name)) throw new Error('an extension stands there twice')
    seen.add(name)
    const read = extensions[name]
    if (read) read(into, value)
    else if (critical && !harmless.includes(name)) throw new Error('a critical extension is not understood')
  }
}

function basicConstraints(into: Certificate, value: Der): void {
  const inside = value.inside(tags.sequence)
  into.authority = inside.optional(tags.boolean) !== undefined
  const path = inside.optional(tags.integer)
  if (path) into.maxPath = path.contents[0]!
}

function keyUsage(into: Certificate, value: Der): void {
  into.usage = value.next(tags.bits).contents[1] ?? 0
}

function extendedUsage(into: Certificate, value: Der): void {
  const inside = value.inside(tags.sequence)
  while (!inside.empty) into.extended.push(oid(inside))
}

function authorityKey(into: Certificate, value: Der): void {
  const id = value.inside(tags.sequence).optional(tags.keyIdentifier)
  if (id) into.issuerKeyID = hex(id.contents)
}

/**
 * Returns the point of the operational key that a chain certifies at a moment: the first
 * certificate is the operational one, each is issued by the next, the last by a pinned root.
 */
export function operationalKey(chain: Uint8Array[], roots: Uint8Array[], at: number): Uint8Array {
  if (chain.length < 1 || chain.length > 5) throw new Error('a chain has 1 to 5 certificates')
  const path = chain.map(parseCertificate)
  const leaf = path[0]!
  if (leaf.authority || !leaf.extended.includes(operational) || !(leaf.usage & 0x80)) throw new Error('the certificate is not marked operational')
  if (leaf.until - leaf.from > longestLife) throw new Error('the operational certificate lives longer than 24 hours')
  const last = path[path.length - 1]!
  const root = roots.map(parseCertificate).find((candidate) => issues(candidate, last))
  if (!root) throw new Error('the chain does not lead to a pinned root')
  path.push(root)
  path.forEach((certificate, depth) => {
    if (at < certificate.from || at > certificate.until) throw new Error('a certificate was not in force when the entry was sealed')
    if (depth > 0) requireIssuer(certificate, path[depth - 1]!, depth - 1)
  })
  return leaf.point
}

function issues(issuer: Certificate, below: Certificate): boolean {
  return equal(issuer.subject, below.issuer) && (!issuer.keyID || !below.issuerKeyID || issuer.keyID === below.issuerKeyID)
}

function requireIssuer(issuer: Certificate, below: Certificate, authoritiesBelow: number): void {
  if (!issues(issuer, below)) throw new Error('the chain is not in order')
  if (!issuer.authority || !(issuer.usage & 0x04) || authoritiesBelow > issuer.maxPath) throw new Error('an issuer may not certify keys')
  if (!verifies(below.tbs, below.signature, issuer.point)) throw new Error('the signature of a certificate does not verify')
}
