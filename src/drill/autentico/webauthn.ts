import {
  createHash,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  verify,
} from 'node:crypto'
import { z } from 'zod'
import { readBody } from './body.ts'

/** A passkey in somebody's hands. */
export type Passkey = { readonly id: string; readonly privateKey: KeyObject }

/** Where a passkey is used: host name and origin of the server. */
export type RelyingParty = { readonly id: string; readonly origin: string }

export function relyingParty(url: string): RelyingParty {
  return { id: new URL(url).hostname, origin: url }
}

/** A new ES256 passkey with the text that the database keeps of it. */
export function createPasskey(): { readonly passkey: Passkey; readonly credential: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const id = randomBytes(32)
  return { passkey: { id: id.toString('base64url'), privateKey }, credential: credentialText(id, coseKey(publicKey)) }
}

/** A stored credential; its binary fields are in ordinary base64. */
export function credentialText(id: Buffer, publicKey: Buffer): string {
  return JSON.stringify({
    id: id.toString('base64'),
    publicKey: publicKey.toString('base64'),
    attestationType: 'none',
    attestationFormat: 'none',
    transport: null,
    flags: { userPresent: true, userVerified: true, backupEligible: false, backupState: false },
    authenticator: { AAGUID: 'AAAAAAAAAAAAAAAAAAAAAA==', signCount: 0, cloneWarning: false, attachment: '' },
    attestation: {
      clientDataJSON: '',
      clientDataHash: '',
      authenticatorData: '',
      publicKeyAlgorithm: -7,
      object: '',
    },
  })
}

/** COSE form (RFC 9053 section 2.1) of an ES256 key: five fixed labels, two coordinates. */
function coseKey(publicKey: KeyObject): Buffer {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'),
    Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'),
    Buffer.from(y, 'base64url'),
  ])
}

function readCoseKey(cose: Buffer): KeyObject | undefined {
  if (cose.length < 77 || cose.subarray(0, 10).toString('hex') !== 'a5010203262001215820') return undefined
  const x = cose.subarray(10, 42).toString('base64url')
  const y = cose.subarray(45, 77).toString('base64url')
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
}

const present = 0x01
const verified = 0x04
const attested = 0x40

function authenticatorData(party: RelyingParty, flags: number): Buffer {
  return Buffer.concat([createHash('sha256').update(party.id).digest(), Buffer.from([flags, 0, 0, 0, 0])])
}

function clientData(type: string, challenge: string, origin: string): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
}

/** What an authenticator answers to a login challenge. */
export function assertPasskey(
  passkey: Passkey,
  party: RelyingParty,
  request: { challenge: string; userId: string },
): unknown {
  const client = clientData('webauthn.get', request.challenge, party.origin)
  const authenticator = authenticatorData(party, present | verified)
  const signed = Buffer.concat([authenticator, createHash('sha256').update(client).digest()])
  return {
    id: passkey.id,
    rawId: passkey.id,
    type: 'public-key',
    response: {
      clientDataJSON: client.toString('base64url'),
      authenticatorData: authenticator.toString('base64url'),
      signature: createSign('sha256').update(signed).sign(passkey.privateKey).toString('base64url'),
      userHandle: Buffer.from(request.userId).toString('base64url'),
    },
  }
}

/** What an authenticator answers when it is asked for a new passkey. */
export function attestPasskey(passkey: Passkey, party: RelyingParty, challenge: string): unknown {
  const id = Buffer.from(passkey.id, 'base64url')
  const client = clientData('webauthn.create', challenge, party.origin)
  const data = Buffer.concat([
    authenticatorData(party, present | verified | attested),
    Buffer.alloc(16),
    Buffer.from([id.length >> 8, id.length & 255]),
    id,
    coseKey(createPublicKey(passkey.privateKey)),
  ])
  // CBOR: {"fmt": "none", "attStmt": {}, "authData": bytes}
  const head = Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746159', 'hex')
  const object = Buffer.concat([head, Buffer.from([data.length >> 8, data.length & 255]), data])
  return {
    id: passkey.id,
    rawId: passkey.id,
    type: 'public-key',
    response: {
      clientDataJSON: client.toString('base64url'),
      attestationObject: object.toString('base64url'),
    },
  }
}

const storedCredential = z.object({ id: z.string(), publicKey: z.string() })
const assertion = z.object({
  id: z.string(),
  response: z.object({ clientDataJSON: z.string(), authenticatorData: z.string(), signature: z.string() }),
})
const attestation = z.object({
  id: z.string(),
  response: z.object({ clientDataJSON: z.string(), attestationObject: z.string() }),
})
const client = z.object({ type: z.string(), challenge: z.string(), origin: z.string() })

type Expected = { readonly party: RelyingParty; readonly challenge: string }

/** The id of the stored credential that signed this challenge for this server; undefined when none did. */
export function verifyAssertion(body: string, stored: readonly string[], expected: Expected): string | undefined {
  const given = readBody(body, assertion)
  if (given === undefined || !isClientData(given.response.clientDataJSON, 'webauthn.get', expected)) return undefined
  const authenticator = Buffer.from(given.response.authenticatorData, 'base64url')
  if (!isFor(authenticator, expected.party)) return undefined
  const client = createHash('sha256').update(Buffer.from(given.response.clientDataJSON, 'base64url')).digest()
  const signature = Buffer.from(given.response.signature, 'base64url')
  for (const text of stored) {
    // What cannot be read is passed over, as in the original.
    const credential = readBody(text, storedCredential)
    if (credential === undefined || toBase64Url(credential.id) !== given.id) continue
    const key = readCoseKey(Buffer.from(credential.publicKey, 'base64'))
    if (key !== undefined && verify('sha256', Buffer.concat([authenticator, client]), key, signature)) return given.id
  }
  return undefined
}

/** The new credential in an attestation, ready to be stored; undefined when it does not answer this challenge. */
export function readAttestation(body: string, expected: Expected): { id: string; credential: string } | undefined {
  const given = readBody(body, attestation)
  if (given === undefined || !isClientData(given.response.clientDataJSON, 'webauthn.create', expected)) return undefined
  const object = Buffer.from(given.response.attestationObject, 'base64url')
  const label = Buffer.from('authData')
  const at = object.indexOf(label)
  if (at < 0) return undefined
  const data = object.subarray(at + label.length + 3)
  if (!isFor(data, expected.party) || ((data[32] ?? 0) & attested) === 0) return undefined
  const idLength = data.readUInt16BE(53)
  const id = data.subarray(55, 55 + idLength)
  const key = data.subarray(55 + idLength)
  return readCoseKey(key) === undefined
    ? undefined
    : { id: id.toString('base64url'), credential: credentialText(id, key) }
}

function isClientData(encoded: string, type: string, { party, challenge }: Expected): boolean {
  const data = readBody(Buffer.from(encoded, 'base64url').toString('utf8'), client)
  return data?.type === type && data.challenge === challenge && data.origin === party.origin
}

function isFor(authenticator: Buffer, party: RelyingParty): boolean {
  const isHost = authenticator.subarray(0, 32).equals(createHash('sha256').update(party.id).digest())
  return isHost && ((authenticator[32] ?? 0) & present) !== 0
}

function toBase64Url(base64: string): string {
  return Buffer.from(base64, 'base64').toString('base64url')
}
