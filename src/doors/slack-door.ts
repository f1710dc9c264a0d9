import type { KeyObject } from 'node:crypto'
import type { Logger } from 'pino'
import type { Incidents } from '#/deciders/incidents.ts'
import type { IncidentId } from '#/incident/events.ts'
import { utc } from '#/incident/times.ts'
import { refusedByDisk } from '#/ledger/disk.ts'
import { LedgerWriteFailed } from '#/ledger/ledger.ts'
import type { KeptCheckpoint } from '#/ledger/verify.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import type { LedgerWatch } from '#/record/watch-ledger.ts'
import { compareThread, doubtRecord, type ThreadFindings } from '#/record/witness-threads.ts'
import { type Door, NotRecorded, type VerifyReport } from '#/slack/door.ts'
import { RateLimited, SlackUnavailable } from '#/slack/failures.ts'
import type { Slack } from '#/slack/start-slack.ts'
import { open as unseal } from '#/work/seal.ts'
import type { Vault } from '#/work/vault.ts'

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
  /** Recomputes the whole ledger, and holds it against its own checkpoints and these. */
  readonly verifyLedger: (checkpoints: readonly KeptCheckpoint[]) => Promise<{
    readonly ok: boolean
    readonly entries: number
    readonly head: { readonly seq: number; readonly hash: string } | undefined
    readonly checkpoints: number
    readonly problems: readonly { readonly seq?: number; readonly what: string }[]
  }>
  /** Reads a whole thread; not before Slack is open. */
  readonly readThread: Slack['readThread']
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
    governance: {
      ...governance,
      execute: (command) => recorded(() => governance.execute(command)),
      endStepUp: (ended) => recorded(() => governance.endStepUp(ended)),
    },
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
        const kept = vault.take(order)
        if (kept === undefined) return { why: 'It is gone.' }
        const bytes = unseal(kept.sealed, kept.key ?? sealingKey, order)
        const secret = bytes.toString('utf8')
        bytes.fill(0)
        return secret
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
  // First, because the checkpoints in it are verified with the ledger.
  const witnessed = await threadOf(deps, id)
  const report = await deps.verifyLedger(witnessed.checkpoints)
  const problems = [
    ...report.problems.map(({ seq, what }) => (seq === undefined ? what : `Entry ${seq}: ${what}`)),
    ...witnessed.problems,
  ]
  sayInThread(deps, id, { problems, ...(report.ok ? {} : { ledger: true }) })
  return {
    ok: report.ok && witnessed.problems.length === 0,
    entries: report.entries,
    head: report.head ?? { seq: 0, hash: '' },
    checkpoints: report.checkpoints,
    thread: witnessed.thread,
    threadCheckpoints: witnessed.checkpoints.length,
    problems,
  }
}

/** Whoever asked is told in private; that something does not hold is for everybody in the incident. */
function sayInThread(
  { incidents, writeFailed, closed }: DoorDeps,
  id: IncidentId,
  found: { readonly problems: readonly string[]; readonly ledger?: true },
): void {
  if (closed !== undefined) return
  try {
    doubtRecord(incidents, id, found)
  } catch (error) {
    if (!(error instanceof LedgerWriteFailed)) throw error
    writeFailed(error)
  }
}

/** That Slack is away says nothing about the ledger. */
async function threadOf({ incidents, readThread }: DoorDeps, id: IncidentId): Promise<ThreadFindings> {
  try {
    return await compareThread(incidents, id, readThread)
  } catch (error) {
    if (!(error instanceof RateLimited || error instanceof SlackUnavailable)) throw error
    return { thread: 'not readable', problems: [], checkpoints: [] }
  }
}
