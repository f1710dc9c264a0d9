import { join } from 'node:path'
import type { IncidentId, SignedText } from '#/incident/events.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { askBot } from '#/terminal/ask-bot.ts'
import { socketName } from '#/terminal/listen.ts'
import { printable } from '#/terminal/printable.ts'
import type { Answer, Hello } from '#/terminal/protocol.ts'
import { purpose, signStatement, type TerminalCommand } from '#/terminal/statement.ts'
import type { Surroundings } from '../surroundings.ts'
import { type KeyOptions, openKey } from './keys.ts'
import { readIncident } from './look.ts'

export type ActOptions = KeyOptions & { readonly dataDir: string; readonly json?: boolean }

/** What somebody wants, given the incident as it stands; a sentence why it is not even asked for; or nothing, when they gave up. */
export type Wish = (incident: OpenedIncident) => Promise<TerminalCommand | { readonly refused: string }>

/**
 * Signs one command and has it executed: by the bot when one runs, otherwise by us, holding the ledger. 0: it is in the ledger.
 * 1: it was refused. Throws what an operator can mend.
 */
export async function act(
  around: Surroundings,
  { id, options, wish }: { readonly id: IncidentId; readonly options: ActOptions; readonly wish: Wish },
): Promise<0 | 1> {
  const incident = readIncident(options.dataDir, id)
  if (incident === undefined) return tell(around, options, { kind: 'refused', sentence: `There is no incident ${id}.` })
  const command = await wish(incident)
  if ('refused' in command) return tell(around, options, { kind: 'refused', sentence: command.refused })
  const key = await openKey(around, options)
  const sign = ({ ledger, nonce }: Pick<Hello, 'ledger' | 'nonce'>): SignedText => {
    const { fingerprint } = key
    const seen = { seq: incident.lastSeq, hash: incident.lastHash }
    const at = new Date().toISOString()
    return signStatement({ purpose, ledger, nonce, at, fingerprint, incident: id, seen, command }, key)
  }
  const answer = await askBot(join(options.dataDir, socketName), sign)
  if (answer !== undefined) return tell(around, options, answer)
  const { actWithoutBot } = await import('./direct.ts')
  const own = await actWithoutBot({ env: around.env, dataDir: options.dataDir }, sign)
  const status = tell(around, options, own)
  if (status === 0 && options.json !== true)
    around.out('No bot is running: it is recorded, and the next bot carries it out and shows it in Slack.\n')
  return status
}

function tell({ out, err }: Surroundings, { json }: ActOptions, answer: Answer): 0 | 1 {
  if (json === true) out(`${JSON.stringify(answer)}\n`)
  else if (answer.kind === 'done') for (const line of answer.lines) out(`${printable(line)}\n`)
  else err(`${printable(answer.sentence)}\n`)
  return answer.kind === 'done' ? 0 : 1
}
