import type { KeyObject } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type Executed, type Incidents, scrubbed, systemStream } from '#/deciders/incidents.ts'
import type { PersonCommand } from '#/incident/commands.ts'
import type { IncidentId, SignedText } from '#/incident/events.ts'
import type { Standing, UserId } from '#/incident/people.ts'
import { plainLine, timelineLine } from '#/incident/timeline.ts'
import { LedgerWriteFailed } from '#/ledger/ledger.ts'
import type { LedgerReader } from '#/ledger/reader.ts'
import type { TerminalDoor } from '#/terminal/listen.ts'
import type { Answer } from '#/terminal/protocol.ts'
import { publicKeyOf } from '#/terminal/public-key.ts'
import { type AskedOfSlack, type Registered, standingAtTerminal } from '#/terminal/standing.ts'
import type { Statement } from '#/terminal/statement.ts'
import { verifyStatement } from '#/terminal/verify-statement.ts'

/** A key that counts. `publicKey`: base64 of the DER (SPKI). */
type CountingKey = Registered & { readonly publicKey: string }

export type TerminalDoorDeps = {
  /** The origin of the ledger. */
  readonly origin: string
  readonly ledger: Pick<LedgerReader, 'entry'>
  readonly incidents: Pick<Incidents, 'execute'>
  readonly keyOf: (fingerprint: string) => CountingKey | undefined
  /** What Slack and the lists say of somebody now. Undefined: they are not there to be asked. Never throws. */
  readonly askSlack: (user: UserId) => Promise<AskedOfSlack | undefined>
  readonly now: () => Date
  /** Told when the disk did not take an entry. */
  readonly writeFailed: (error: LedgerWriteFailed) => void
}

/**
 * What the program offers to people at a terminal, through the socket of the bot or beside it: the same rules, the same ledger and the
 * same records as a click. What nobody is known to have signed is recorded as a forgery, and not done.
 */
export function createTerminalDoor(deps: TerminalDoorDeps): TerminalDoor {
  return {
    ledger: deps.origin,
    async execute(signed, nonce) {
      try {
        return await execute(deps, signed, nonce)
      } catch (error) {
        if (!(error instanceof LedgerWriteFailed)) throw error
        deps.writeFailed(error)
        return { kind: 'failed', sentence: `It could not be written down, so nothing was done: ${error.message}.` }
      }
    },
  }
}

async function execute(deps: TerminalDoorDeps, signed: SignedText, nonce: string): Promise<Answer> {
  const { origin, ledger, incidents, keyOf, now } = deps
  const verified = verifyStatement(signed, {
    keyOf: (fingerprint) => readable(keyOf(fingerprint)),
    ledger: origin,
    nonce,
    now: now(),
    hashOf: (incident, seq) => {
      const entry = ledger.entry(seq)
      return entry?.incident === incident ? entry.hash : undefined
    },
  })
  if (verified.kind === 'refused') {
    const { why, digest } = verified
    incidents.execute(systemStream, { type: 'RecordForgery', what: 'terminal command', why, digest })
    return { kind: 'refused', sentence: `${why} Nothing was done.` }
  }
  const { statement, key } = verified
  const asked = await deps.askSlack(key.person.slack.user)
  const command = commandOf(statement, standingAtTerminal(key, asked))
  // The ledger can never forget, and what was signed cannot be changed any more.
  if (!isDeepStrictEqual(scrubbed(command), command)) return { kind: 'refused', sentence: secretInside }
  return answerTo(incidents.execute(statement.incident, command, signed), statement.incident)
}

const secretInside =
  'Something in what you wrote looks like a token or a key, which the record must never hold. Nothing was done. Write it without that.'

function readable(key: CountingKey | undefined): (Registered & { readonly publicKey: KeyObject }) | undefined {
  if (key === undefined) return undefined
  return { ...key, publicKey: publicKeyOf(key.publicKey) }
}

function commandOf({ command, fingerprint }: Statement, by: Standing): PersonCommand {
  switch (command.type) {
    case 'ApproveRequest':
      return { ...command, by, stepUp: { kind: 'key', fingerprint } }
    case 'StopWork':
    case 'AskToResume':
      return { ...command, by, all: false }
    case 'AskForStep':
    case 'DenyRequest':
    case 'WithdrawRequest':
    case 'HoldTarget':
    case 'AddNote':
    case 'TakeCommand':
      return { ...command, by }
  }
}

function answerTo(executed: Executed, incident: IncidentId): Answer {
  if (executed.kind === 'refused') {
    const { sentence, refusal } = executed
    return {
      kind: 'refused',
      sentence: sentence === '' ? `Nothing was done in ${incident}.` : sentence,
      code: refusal.code,
    }
  }
  const lines = executed.recorded
    .filter(({ event }) => event.type !== 'CommandSigned')
    .map((recorded) => plainLine(timelineLine(recorded, executed.incident)))
  return { kind: 'done', lines }
}
