import type { KeyObject } from 'node:crypto'
import type { Logger } from 'pino'
import type { IncidentId } from '#/incident/events.ts'
import { timelineLine, utc } from '#/incident/timeline.ts'
import { LedgerWriteFailed } from '#/ledger/ledger.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import { type Door, NotRecorded, type VerifyReport } from '#/slack/door.ts'
import { SlackRejected } from '#/slack/failures.ts'
import type { Outbound } from '#/slack/outbound.ts'
import { open as unseal } from '#/work/seal.ts'
import type { Vault } from '#/work/vault.ts'
import { refusedByDisk } from './disk.ts'
import type { Incidents } from './handle.ts'
import type { LedgerWatch } from './watch-ledger.ts'

export type DoorDeps = {
  readonly incidents: Incidents
  readonly policy: Door['policy']
  readonly governance: Door['governance']
  readonly playbooks: readonly Playbook[]
  readonly accounts: Door['accounts']
  readonly vault: Vault
  /** The bot's X25519 key, private. */
  readonly sealingKey: KeyObject
  /** Why nothing is recorded at all, for a bot that may only read. */
  readonly closed?: string | undefined
  /** Told when the disk did not take an entry. */
  readonly writeFailed: (error: LedgerWriteFailed) => void
  /** Recomputes the whole ledger. */
  readonly verifyLedger: () => Promise<{
    readonly ok: boolean
    readonly entries: number
    readonly head: { readonly seq: number; readonly hash: string } | undefined
    readonly checkpoints: number
    readonly problems: readonly { readonly seq?: number; readonly what: string }[]
  }>
  /** Set once Slack is open; the door is built before it. */
  readonly outbound: () => Outbound | undefined
  readonly log: Pick<Logger, 'error'>
  readonly drill: boolean
  readonly status: () => Promise<readonly string[]>
  readonly requestPlace: Door['requestPlace']
} & Pick<Door, 'beginSignIn'>

/** What the rest of the program offers to people in Slack. */
export function createDoor(deps: DoorDeps): Door {
  const { incidents, governance, vault, sealingKey } = deps
  const recorded = <Result>(execute: () => Result): Result => {
    try {
      return execute()
    } catch (error) {
      if (!(error instanceof LedgerWriteFailed)) throw error
      deps.writeFailed(error)
      throw new NotRecorded(unwritable(error.code), { cause: error })
    }
  }
  return {
    closed: deps.closed,
    execute: (incident, command) => recorded(() => incidents.execute(incident, command)),
    governance: { ...governance, execute: (command) => recorded(() => governance.execute(command)) },
    incident: (id) => incidents.find(id),
    openIncidents: () => incidents.open(),
    recentIncidents: (count) => incidents.recent(count),
    timeline: (id) => incidents.timeline(id),
    beginSignIn: deps.beginSignIn,
    endStepUp(incident, end) {
      recorded(() => incidents.execute(incident, { type: 'EndStepUp', ...end }))
    },
    verify: async (id) => verify(deps, id),
    accounts: deps.accounts,
    takeSecret(_incident, order) {
      try {
        const sealed = vault.take(order)
        return sealed === undefined ? { why: 'It is gone.' } : unseal(sealed, sealingKey, order).toString('utf8')
      } catch (error) {
        const why = refusedByDisk(error)
        if (why === undefined) throw error
        deps.log.error(
          { order, why },
          'a temporary password could not be taken out and destroyed, so nobody is shown it',
        )
        return { why: `The bot could not take it out and destroy it (${why}), so nobody is shown it.` }
      }
    },
    policy: deps.policy,
    playbooks: deps.playbooks,
    drill: deps.drill,
    status: deps.status,
    requestPlace: deps.requestPlace,
  }
}

/** What a person is told whose click the disk did not take. */
function unwritable(code: string): string {
  return `The bot could not write this down (${inWords(code)}), so nothing was done. Ask an operator to look after its disk, and press again.`
}

/** Why SQLite could not write, for people. Some file systems report a full disk as an error while writing. */
function inWords(code: string): string {
  if (code === 'SQLITE_FULL') return 'its disk is full'
  return code.startsWith('SQLITE_IOERR') ? `its disk is full or broken, ${code}` : code
}

/** What people are told of the ledger where the program says how it is; nothing while all is well. */
export function ledgerLines(watch: Pick<LedgerWatch, 'trouble' | 'verified'>): readonly string[] {
  const trouble = watch.trouble()
  const verified = watch.verified()
  return [
    ...(trouble === undefined
      ? []
      : [
          `⛔ The ledger cannot be written since ${utc(trouble.since)} (${trouble.why}), so nothing is done. ${remedy(trouble.why)}`,
        ]),
    ...(verified === undefined || verified.ok
      ? []
      : [
          `⛔ The ledger is damaged (${verified.problem ?? 'unknown'}), found ${utc(verified.at)}. Stop trusting it, and call an operator.`,
        ]),
  ]
}

/** What an operator does about a write that SQLite reports by this code. */
export function remedy(code: string): string {
  const what = code === 'SQLITE_FULL' ? 'Free some space' : 'Free some space, and check the disk and the permissions,'
  return `${what} where DATA_DIR is; it goes on by itself.`
}

async function verify(deps: DoorDeps, id: IncidentId): Promise<VerifyReport> {
  const report = await deps.verifyLedger()
  const witnessed = await compareThread(deps, id)
  const problems = [
    ...report.problems.map(({ seq, what }) => (seq === undefined ? what : `Entry ${seq}: ${what}`)),
    ...witnessed.problems,
  ]
  return {
    ok: report.ok && witnessed.problems.length === 0,
    entries: report.entries,
    head: report.head ?? { seq: 0, hash: '' },
    checkpoints: report.checkpoints,
    thread: witnessed.thread,
    problems,
  }
}

/** The thread carries number and hash of every line it shows; a ledger that was rewritten no longer agrees with it. */
async function compareThread(
  { incidents, outbound }: DoorDeps,
  id: IncidentId,
): Promise<{ readonly thread: VerifyReport['thread']; readonly problems: readonly string[] }> {
  const incident = incidents.find(id)
  const slack = outbound()
  if (incident?.thread === undefined || slack === undefined) return { thread: 'no thread', problems: [] }
  const shown = incidents.timeline(id).filter((recorded) => timelineLine(recorded, incident).forThread)
  try {
    const answer = await slack.findInThread(
      incident.thread,
      id,
      shown.map(({ seq }) => seq),
    )
    if (answer.kind === 'not readable') return { thread: 'not readable', problems: [] }
    const problems = shown.flatMap(({ seq, hash }) => {
      const found = answer.found.get(seq)?.hash
      return found === undefined || found === hash ? [] : [`Entry ${seq} is not the one that the thread was told of.`]
    })
    return { thread: 'compared', problems }
  } catch (error) {
    // That Slack is away says nothing about the ledger.
    if (error instanceof SlackRejected && error.code !== 'message_not_found' && error.code !== 'thread_not_found')
      throw error
    return { thread: 'not readable', problems: [] }
  }
}
