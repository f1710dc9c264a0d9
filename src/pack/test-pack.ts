import { createHash, generateKeyPairSync, sign as signText } from 'node:crypto'
import { join } from 'node:path'
import { createIncidents } from '#/deciders/incidents.ts'
import type { Command } from '#/incident/commands.ts'
import type { IncidentId, SignedText } from '#/incident/events.ts'
import { checkpoint } from '#/ledger/checkpoint.ts'
import { storeEvidence } from '#/ledger/evidence.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { ledgerName, rotateKey } from '#/record/rotate-key.ts'
import { loadOrMakeKey } from '#/work/keys.ts'
import { alice, facts, opens, type Pressed, reports, standing, start } from '../../test/support/stories.ts'

const rules = {
  policy: standardPolicy({ ttlMs: 30 * 60_000 }),
  sweepDelayMs: 10 * 60_000,
  legalDeadlineMs: 72 * 3_600_000,
}
const now = () => new Date(start)

/** A note that would run, load or break something wherever it is taken for more than text. */
export const hostile = `</td><script>alert(1)</script>"'=cmd|' /C calc'!A0 <img src=x onerror=alert(1)> \u2028`

/** What the evidence holds: an audit log in a snapshot, and a list. */
const evidence = [
  {
    name: 'snapshot.json',
    text: JSON.stringify({
      audit: {
        events: [
          auditRow('9m4e2mr0ui3e8a215n50', 'session_revoked', { session: '1' }),
          auditRow('9m4e2mr0ui3e8a2aaaa0', 'login_failed', { username: '=alice' }),
        ],
      },
    }),
  },
  { name: 'affected-users.csv', text: 'id,username\n1,alice\n' },
]

function auditRow(id: string, event: string, detail: Readonly<Record<string, string>>) {
  const about = { actorUsername: 'bot', targetType: 'user', targetId: alice.id, ipAddress: '203.0.113.9' }
  return { id, event, ...about, detail, createdAt: '2026-11-23T03:00:04Z' }
}

/**
 * Fills a data directory with two incidents that alternate, evidence of the first, checkpoints, and a replaced key: what a pack can hold.
 * `secret` stands in an entry of the second. `forged`: what was signed at a terminal was signed by another key than is registered.
 */
export async function fillDataDir(
  dataDir: string,
  { secret, forged = false }: { readonly secret: string; readonly forged?: boolean },
): Promise<IncidentId> {
  loadOrMakeKey(join(dataDir, 'keys'), 'ledger', 'ed25519')
  const id = await firstHalf(dataDir, secret)
  rotateKey({ dataDir, purpose: 'ledger', now })
  using ledger = openLedger({ file: join(dataDir, 'ledger.sqlite') })
  const incidents = createIncidents({ ledger, rules, now })
  incidents.execute(id, { type: 'AddNote', by: standing('ana'), text: 'After the key was replaced.' })
  sign(dataDir, { ledger, incidents, id })
  incidents.execute(id, { type: 'AddNote', by: standing('bao'), text: hostile }, signedAtTerminal(ledger, forged))
  return id
}

async function firstHalf(dataDir: string, secret: string): Promise<IncidentId> {
  using ledger = openLedger({ file: join(dataDir, 'ledger.sqlite') })
  const incidents = createIncidents({ ledger, rules, now })
  const id = open(incidents, opens())
  const other = open(incidents, opens({ target: { ...alice, id: 'id-bobby' as typeof alice.id, username: 'bobby' } }))
  for (const { text } of evidence) await storeEvidence(join(dataDir, 'evidence'), Buffer.from(text))
  const refs = evidence.map(({ name, text }) => ({ name, digest: createHash('sha256').update(text).digest('hex') }))
  act(incidents, id, reports('snapshot', { kind: 'snapshot', facts: facts(), evidence: refs, warnings: [] }))
  incidents.execute(other, { type: 'AddNote', by: standing('ana'), text: secret })
  sign(dataDir, { ledger, incidents, id })
  for (const text of ['one', 'two'])
    for (const to of [id, other]) incidents.execute(to, { type: 'AddNote', by: standing('chi'), text })
  return id
}

type Incidents = ReturnType<typeof createIncidents>

function open(incidents: Incidents, command: Command): IncidentId {
  const opened = incidents.execute('new', command)
  if (opened.kind === 'refused') throw new Error(opened.sentence)
  return opened.incident.id
}

function act(incidents: Incidents, id: IncidentId, asked: Command | Pressed): void {
  const incident = incidents.find(id)
  if (incident !== undefined) incidents.execute(id, typeof asked === 'function' ? asked(incident) : asked)
}

/** What the notary does. */
function sign(
  dataDir: string,
  {
    ledger,
    incidents,
    id,
  }: { readonly ledger: ReturnType<typeof openLedger>; readonly incidents: Incidents; readonly id: IncidentId },
): void {
  const key = loadOrMakeKey(join(dataDir, 'keys'), 'ledger', 'ed25519')
  const note = checkpoint(ledger, { origin: ledgerName(ledger, key), key: key.privateKey })
  incidents.execute(id, { type: 'RecordCheckpoint', size: ledger.size(), note })
}

/** Registers a personal key, and signs a text with it, or with another one. */
function signedAtTerminal(ledger: ReturnType<typeof openLedger>, forged: boolean): SignedText {
  const [registered, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')]
  const publicKey = registered.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const fingerprint = 'ab'.repeat(32)
  ledger.append({
    incident: 'governance',
    expected: ledger.stream('governance').at(-1)?.seq ?? 0,
    at: start,
    drafts: [{ type: 'KeyRegistered', actor: { program: 'autentico' }, body: { publicKey, fingerprint } }],
  })
  const text = '{"command":"note"}'
  const { privateKey } = forged ? other : registered
  return { text, signature: signText(null, Buffer.from(text), privateKey).toString('base64'), fingerprint }
}
