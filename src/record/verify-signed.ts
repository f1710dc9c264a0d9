import { verify } from 'node:crypto'
import canonicalize from 'canonicalize'
import { governanceStream } from '#/governance/events.ts'
import type { Problem, Row } from '#/ledger/chain.ts'
import { findRows } from '#/ledger/find-rows.ts'
import { publicKeyOf, readPublicKey } from '#/terminal/public-key.ts'
import { purpose } from '#/terminal/statement.ts'
import { goodForMs } from '#/terminal/verify-statement.ts'

/**
 * Holds every command that was signed at a terminal against the keys that two people had registered until then, and everything that is said to
 * have been done from one against what was signed. Somebody who computes the chain anew cannot make these signatures. `names`: what the ledger is or was called; none where that is not known.
 * Throws LedgerUnusable.
 */
export function verifySigned(file: string, names: ReadonlySet<string>): readonly Problem[] {
  using found = findRows(file, {
    types: ['CommandSigned', 'KeyRegistered', 'KeyRevoked'],
    actor: '"key":"SHA256:',
    body: '"stepUp":{"fingerprint":',
  })
  const state: State = { keys: new Map(), nonces: new Set(), names, last: undefined }
  return found.rows.flatMap((row) => check(row, state, found.at).map((what) => ({ seq: row.seq, what })))
}

type Key = { readonly publicKey: string; readonly user: unknown; readonly revoked: boolean }

type State = {
  readonly keys: Map<unknown, Key>
  readonly nonces: Set<unknown>
  readonly names: ReadonlySet<string>
  /** The signed command that what follows may belong to, and the entry that was the last to. */
  last: { readonly row: Row; readonly command: Fields; seq: number } | undefined
}

type Fields = Readonly<Record<string, unknown>>

function check(row: Row, state: State, at: (seq: number) => Row | undefined): readonly string[] {
  const body = fieldsOf(row.body)
  switch (row.type) {
    case 'KeyRegistered':
      return row.incident === governanceStream ? register(body, state) : []
    case 'KeyRevoked': {
      const key = state.keys.get(body['fingerprint'])
      if (row.incident === governanceStream && key !== undefined)
        state.keys.set(body['fingerprint'], { ...key, revoked: true })
      return []
    }
    case 'CommandSigned':
      return checkSigned(row, { body, state, at })
    default:
      return checkFollowing(row, body, state)
  }
}

function register(body: Fields, { keys }: State): readonly string[] {
  const { fingerprint, publicKey, person } = body
  const read = readPublicKey(String(publicKey))
  if (read.kind !== 'key' || read.fingerprint !== fingerprint)
    return ['the key that was registered is not the one that is named']
  keys.set(fingerprint, { publicKey: read.publicKey, user: fieldIn(person, 'slack'), revoked: false })
  return []
}

function checkSigned(
  row: Row,
  { body, state, at }: { readonly body: Fields; readonly state: State; readonly at: (seq: number) => Row | undefined },
): readonly string[] {
  const { text, signature, fingerprint } = body
  const key = state.keys.get(fingerprint)
  const statement = fieldsOf(String(text))
  state.last = { row, command: fieldsIn(statement['command']), seq: row.seq }
  if (key === undefined) return ['a command is signed with a key that nobody had registered']
  if (key.revoked) return ['a command is signed with a key that had been revoked']
  const bytes = Buffer.from(String(text), 'utf8')
  if (!verify(null, bytes, publicKeyOf(key.publicKey), Buffer.from(String(signature), 'base64')))
    return ['the signature of a command does not hold']
  const seen = fieldsIn(statement['seen'])
  const shown = at(Number(seen['seq']))
  const age = Date.parse(row.at) - Date.parse(String(statement['at']))
  const isRepeated = state.nonces.has(statement['nonce'])
  state.nonces.add(statement['nonce'])
  const actor = fieldsOf(row.actor)
  const rules: readonly (readonly [boolean, string])[] = [
    [statement['purpose'] !== purpose, 'what is signed is no command'],
    [
      statement['fingerprint'] !== fingerprint || actor['key'] !== fingerprint,
      'a command is signed with another key than it says',
    ],
    [canonicalize(actor['slack']) !== canonicalize(key.user), 'a command is said to be of somebody else than its key'],
    [state.names.size > 0 && !state.names.has(String(statement['ledger'])), 'a command was signed for another ledger'],
    [statement['incident'] !== row.incident, 'a command was signed for another incident'],
    [isRepeated, 'a command was signed once and stands here twice'],
    // Deciding may wait for Slack; what is signed is looked at before that.
    [
      !(age >= -longestAheadMs && age <= goodForMs + longestDecidingMs),
      'a command was signed at another time than it stands here',
    ],
    [
      shown === undefined || shown.seq >= row.seq || shown.incident !== row.incident || shown.hash !== seen['hash'],
      'who signed a command had seen another history than stands here',
    ],
  ]
  return rules.flatMap(([isWrong, what]) => (isWrong ? [what] : []))
}

const longestAheadMs = 5_000
const longestDecidingMs = 30_000

/** What came of a signed command follows right behind it, at the same moment and by the same person. */
function checkFollowing(row: Row, body: Fields, state: State): readonly string[] {
  const { last } = state
  const isBehind =
    last !== undefined &&
    last.seq + 1 === row.seq &&
    last.row.incident === row.incident &&
    last.row.at === row.at &&
    last.row.actor === row.actor
  if (!isBehind) return ['it is said to have come from a terminal, and nobody signed it']
  last.seq = row.seq
  const { command } = last
  const isApproval = row.type === 'StepApproved' || row.type === 'ApprovalGiven'
  return isApproval &&
    (command['type'] !== 'ApproveRequest' ||
      command['request'] !== body['request'] ||
      command['digest'] !== body['digest'])
    ? ['what was approved is not what was signed']
    : []
}

/** What is no JSON is found where the chain is checked. */
function fieldsOf(text: string): Fields {
  try {
    return fieldsIn(JSON.parse(text))
  } catch {
    return {}
  }
}

function fieldsIn(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function fieldIn(value: unknown, name: string): unknown {
  return fieldsIn(value)[name]
}
