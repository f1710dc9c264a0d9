// Verifies the evidence pack that this file lies in: run `node verify.mjs` in the unpacked folder. It needs Node 18 or newer and nothing
// else. The copy in a pack is no better than the pack: the same file is src/pack/verify.mjs in the program's own source.
//
//   node verify.mjs [--key VKEY] [CHECKPOINT...]
//
// VKEY: the ledger's first verifier key, as you were given it by another way than this pack.
// CHECKPOINT: files with checkpoints that were kept elsewhere, such as one copied from the incident's thread in Slack.
// Without them the pack is only held against itself. Exit code 0: everything holds. 1: it does not, and why is printed.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { argv, exit } from 'node:process'

const read = (name) => readFileSync(new URL(name, import.meta.url))
const text = (name) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(read(name))
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()
const problems = []
const bad = (seq, what) => problems.push(seq === undefined ? what : `entry ${seq}: ${what}`)

function lines(name) {
  const whole = text(name)
  if (!whole.endsWith('\n')) bad(undefined, `${name} is cut off: its last line does not end`)
  return whole.split('\n').slice(0, -1)
}

function parsed(line) {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** RFC 8785 canonical JSON of what JSON.parse gave: names sorted, no spaces, one spelling of everything. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`
}

/** A verifier key (C2SP signed-note): NAME+ID+base64 of 0x01 and the 32 bytes of an Ed25519 public key. */
function parseKey(vkey) {
  const [, name, id, base64 = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(vkey) ?? []
  const bytes = Buffer.from(base64, 'base64')
  const wanted = sha256(`${name}\n`, bytes).subarray(0, 4).toString('hex')
  if (bytes.length !== 33 || bytes[0] !== 1 || id !== wanted) throw new Error(`${vkey} is no verifier key`)
  return { name, id, key: createPublicKey({ key: ed25519(bytes.subarray(1)), format: 'jwk' }) }
}
const ed25519 = (bytes) => ({ kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') })

/** The text of a signed note (C2SP signed-note) once this key has signed it. Copying loses the newline at its end, which is not signed. */
function openNote(note, vkey) {
  const { name, id, key } = parseKey(vkey)
  const [signedText, ...rest] = note.replace(/\n?$/, '').split('\n\n')
  const signatures = rest
    .join('\n\n')
    .split('\n')
    .map((line) => /^— (\S+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [])
  if (signatures.some(([line]) => line === undefined)) throw new Error('it is not a signed note')
  const ours = signatures.map(([, by, base64]) => ({ by, bytes: Buffer.from(base64, 'base64'), base64 }))
  const found = ours.find(({ by, bytes }) => by === name && bytes.subarray(0, 4).toString('hex') === id)
  if (found === undefined) throw new Error('it is not signed with the key that was in force')
  const isExact = found.bytes.toString('base64') === found.base64
  if (!isExact || !verify(null, Buffer.from(`${signedText}\n`), key, found.bytes.subarray(4)))
    throw new Error('the signature does not match')
  return signedText
}

/** RFC 6962 roots over the first entries, at each of these sizes. `nodes`: the perfect subtrees so far, largest first. */
function rootsAt(sizes, hashes) {
  const roots = new Map()
  const nodes = []
  for (let size = 0; ; size += 1) {
    const [last, ...others] = [...nodes].reverse()
    if (sizes.has(size))
      roots.set(
        size,
        others.reduce((right, left) => sha256('\x01', left, right), last ?? sha256()),
      )
    if (size === hashes.length) return roots
    let node = sha256('\x00', Buffer.from(hashes[size], 'hex'))
    for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) node = sha256('\x01', nodes.pop(), node)
    nodes.push(node)
  }
}

try {
  const kept = argv.slice(2)
  const [, keptKey] = kept.includes('--key') ? kept.splice(kept.indexOf('--key'), 2) : []

  // 1. manifest.txt says which incident and ledger this is about; leaves.txt has the hash of every entry of the whole ledger.
  const manifest = text('manifest.txt')
  const [, incident, ledger, size] = /^evidence-pack\/1 (\S+) (\S+) (\d+)\n/.exec(manifest) ?? []
  const leaves = lines('leaves.txt').map((line, index) => {
    const [, seq, hash = '', stream] = /^(\d+) ([0-9a-f]{64}) (\S+)$/.exec(line) ?? []
    if (seq !== String(index + 1)) bad(index + 1, 'its line in leaves.txt is not as it has to be')
    return { hash, stream }
  })
  if (String(leaves.length) !== size)
    bad(undefined, `leaves.txt has ${leaves.length} entries, the manifest says ${size}`)

  // 2. ledger.jsonl: each entry is canonical JSON, hashes to its leaf, and names the hash of the entry before it.
  const entries = new Map()
  for (const line of lines('ledger.jsonl')) {
    const { hash, ...fields } = parsed(line) ?? {}
    const { seq, previous } = fields
    if (!Number.isSafeInteger(seq)) {
      bad(undefined, `a line of ledger.jsonl is no entry: ${line.slice(0, 60)}`)
      continue
    }
    const leaf = leaves[seq - 1]
    if (canonical({ hash, ...fields }) !== line) bad(seq, 'it is not canonical JSON')
    if (sha256(canonical(fields)).toString('hex') !== hash)
      bad(seq, 'its hash does not match its fields: it was altered')
    if (leaf?.hash !== hash || leaf.stream !== fields.incident) bad(seq, 'it is not the one that leaves.txt has')
    if (previous !== (leaves[seq - 2]?.hash ?? '0'.repeat(64))) bad(seq, 'previous is not the hash of the entry before')
    if (![incident, 'governance'].includes(fields.incident)) bad(seq, `it does not belong to ${incident}`)
    if (seq <= Math.max(0, ...[...entries.keys()].slice(-1))) bad(seq, 'it stands twice, or not in order')
    entries.set(seq, fields)
  }
  for (const [index, { stream }] of leaves.entries())
    if (stream !== '-' && !entries.has(index + 1)) bad(index + 1, 'it is missing in ledger.jsonl')
  const ofType = (type) => [...entries.values()].filter((entry) => entry.type === type)

  // 3. The keys that signed checkpoints: each rotation is signed by both keys, for the place where it stands.
  const firstKey = text('first-key.txt').trim()
  if (keptKey !== undefined && keptKey !== firstKey) bad(undefined, 'first-key.txt is not the key that you were given')
  const keys = [{ vkey: keptKey ?? firstKey, from: 0 }]
  const inForce = (size) => keys.findLast(({ from }) => from <= size).vkey
  for (const { seq, previous, incident: stream, body } of ofType('SigningKeyRotated')) {
    const { purpose, from, to, signedByOld, signedByNew } = body
    if (stream !== 'governance' || purpose !== 'ledger') continue
    const text = Buffer.from(canonical({ rotation: 1, purpose, from, to, seq, previous }))
    const signed = (vkey, signature) => verify(null, text, parseKey(vkey).key, Buffer.from(signature, 'base64'))
    const follows = from === inForce(seq) && parseKey(from).name === parseKey(to).name
    if (follows && signed(from, signedByOld) && signed(to, signedByNew)) keys.push({ vkey: to, from: seq })
    else bad(seq, 'the rotation of a signing key does not hold')
  }

  // 4. Checkpoints: of this pack, in its entries, and those that you kept. Each has the root over the first entries.
  const notes = [
    { where: 'in checkpoint.txt', note: text('checkpoint.txt') },
    ...ofType('CheckpointSigned').map(({ seq, body }) => ({ seq, where: `in entry ${seq}`, note: body.note })),
    ...kept.map((file) => ({ where: `in ${file}`, note: readFileSync(file, 'utf8') })),
  ].map((one) => ({ ...one, size: Number(one.note.split('\n')[1]) }))
  const roots = rootsAt(
    new Set(notes.map(({ size }) => size)),
    leaves.map(({ hash }) => hash),
  )
  for (const { seq, where, note, size } of notes) {
    try {
      const [origin, , root] = openNote(note, inForce(size)).split('\n')
      const isCut = size > leaves.length
      if (origin !== ledger) bad(seq, `the checkpoint ${where} is of another ledger`)
      else if (isCut) bad(leaves.length + 1, `it is missing: the checkpoint ${where} is over ${size} entries`)
      else if (roots.get(size)?.toString('base64') !== root)
        bad(size, `entries up to ${size} are not those of the checkpoint ${where}`)
    } catch (error) {
      bad(seq, `the checkpoint ${where} was refused: ${error.message}`)
    }
  }

  // 5. What was signed at terminals, by keys that two people registered.
  const people = new Map(
    ofType('KeyRegistered').map(({ body }) => [body.fingerprint, Buffer.from(body.publicKey, 'base64')]),
  )
  for (const { seq, body } of ofType('CommandSigned')) {
    const der = people.get(body.fingerprint)
    const key = der && createPublicKey({ key: der, format: 'der', type: 'spki' })
    const isSigned = key && verify(null, Buffer.from(body.text), key, Buffer.from(body.signature, 'base64'))
    if (!isSigned) bad(seq, 'the signature made at a terminal does not hold')
  }

  // 6. Files: evidence is named by its own digest, what entries name is there, and the signed manifest lists every file.
  const signed = openNote(manifest, inForce(leaves.length)).split('\n').slice(1)
  const listed = new Map(signed.map((line) => [line.slice(66), line.slice(0, 64)]))
  const within = (path) => readdirSync(new URL(path, import.meta.url))
  const evidence = listed.size > 0 && within('.').includes('evidence') ? within('evidence') : []
  const present = [...within('.').filter((name) => name !== 'evidence'), ...evidence.map((name) => `evidence/${name}`)]
  for (const name of present.filter((one) => one !== 'manifest.txt'))
    if (listed.get(name) === undefined) bad(undefined, `${name} is not in the manifest`)
    else if (sha256(read(name)).toString('hex') !== listed.get(name))
      bad(undefined, `${name} is not the file of the manifest`)
  for (const name of listed.keys()) if (!present.includes(name)) bad(undefined, `${name} is missing`)
  const digests = new Map(evidence.map((name) => [name.slice(0, 64), sha256(read(`evidence/${name}`)).toString('hex')]))
  const named = new Set()
  for (const { seq, body } of entries.values())
    for (const { digest } of [...(body.evidence ?? []), ...(body.files ?? [])]) {
      named.add(digest)
      if (digests.get(digest) !== digest) bad(seq, `evidence ${digest} is missing, or is not what was recorded`)
    }
  for (const digest of digests.keys()) if (!named.has(digest)) bad(undefined, `evidence ${digest} belongs to no entry`)

  console.log(
    `${incident}: ${entries.size} of ${leaves.length} entries, ${notes.length} checkpoints, ${evidence.length} files of evidence`,
  )
  console.log(`ledger ${ledger}, first key ${firstKey}`)
} catch (error) {
  bad(undefined, `the pack cannot be read: ${error.message}`)
}
for (const problem of problems) console.log(problem)
console.log(problems.length === 0 ? 'pack verified' : 'pack NOT verified')
exit(problems.length === 0 ? 0 : 1)
