import type { Logger } from 'pino'
import type { Config } from '#/config.ts'
import type { Governance } from '#/deciders/governance.ts'
import type { Incidents } from '#/deciders/incidents.ts'
import { notary } from '#/followers/notary.ts'
import { governanceStream } from '#/governance/events.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { BotKeys } from '#/keyring.ts'
import type { Entry } from '#/ledger/chain.ts'
import { checkpoint } from '#/ledger/checkpoint.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import { ledgerName } from '#/record/rotate-key.ts'
import { followLedger } from './follow-ledger.ts'

/** Signs how far the ledger goes, from now on until it is closed. */
export function startNotary({
  ledger,
  incidents,
  governance,
  keys,
  config,
  log,
}: {
  readonly ledger: Ledger
  readonly incidents: Incidents
  readonly governance: Governance
  readonly keys: BotKeys
  readonly config: Pick<Config, 'checkpointEvery'>
  readonly log: Logger
}): AsyncDisposable {
  const origin = ledgerName(ledger, keys.ledger)
  const handle = notary({
    sign: () => ({ size: ledger.size(), note: checkpoint(ledger, { origin, key: keys.ledger.privateKey }) }),
    record(stream, { size, note }) {
      const command = { type: 'RecordCheckpoint', size, note } as const
      if (stream === governanceStream) governance.execute(command)
      else incidents.execute(stream as IncidentId, command)
    },
    covered: (id, seq) => ledger.stream(id, seq).some(covers(seq)),
    every: config.checkpointEvery,
  })
  return followLedger({ ledger, name: 'notary', handle, log })
}

function covers(seq: number): (entry: Entry) => boolean {
  return ({ type, body }) =>
    type === 'CheckpointSigned' &&
    typeof body === 'object' &&
    body !== null &&
    'size' in body &&
    Number(body['size']) >= seq
}
