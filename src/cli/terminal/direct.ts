import { statSync } from 'node:fs'
import { join } from 'node:path'
import { geteuid } from 'node:process'
import { createDeciders } from '#/deciders/deciders.ts'
import { createTerminalDoor } from '#/doors/terminal-door.ts'
import type { SignedText } from '#/incident/events.ts'
import { type Ledger, openLedger } from '#/ledger/ledger.ts'
import { LedgerLocked } from '#/ledger/lock.ts'
import { ledgerName } from '#/record/rotate-key.ts'
import { openLanes } from '#/slack/lanes.ts'
import { Roster } from '#/slack/roster.ts'
import { Workspace } from '#/slack/workspace.ts'
import { newNonce } from '#/terminal/listen.ts'
import type { Answer, Hello } from '#/terminal/protocol.ts'
import { ConfigError, readConfig } from '../../config.ts'
import { openKeyring } from '../../keyring.ts'
import { createLog } from '../../log.ts'

/** Another process holds the ledger, or it is not ours to write to. The message says which, and what to do. */
export class LedgerTaken extends Error {
  override readonly name = 'LedgerTaken'
}

/**
 * Executes what `sign` makes of a greeting of our own while no bot runs: holds the ledger for that moment, under the policy in force and by
 * the same decisions. What was approved is ordered, and shown in Slack, by the next bot. Throws {@link LedgerTaken}, and ConfigError where
 * the bot's configuration is not there or wrong.
 */
export async function actWithoutBot(
  { env, dataDir }: { readonly env: NodeJS.ProcessEnv; readonly dataDir: string },
  sign: (hello: Pick<Hello, 'ledger' | 'nonce'>) => SignedText,
): Promise<Answer> {
  const { config, secrets } = readConfig({ ...env, DATA_DIR: dataDir })
  const { slack } = config
  const keys = openKeyring(config).bot
  if (slack === undefined || keys === undefined) throw new ConfigError(['ROLE: is worker, and only a bot has a ledger'])
  // Nobody reads a log here: what matters is said to whoever asked.
  const log = createLog({ level: 'silent' })
  const now = () => new Date()

  const file = join(dataDir, 'ledger.sqlite')
  await using closing = new AsyncDisposableStack()
  const ledger = closing.use(takeLedger(file))
  const { governance, incidents, rules } = createDeciders({ ledger, file, config, now })
  const lanes = closing.use(
    openLanes({
      token: secrets.slackBotToken ?? '',
      ...(slack.apiUrl === undefined ? {} : { apiUrl: slack.apiUrl }),
      log,
    }),
  )
  const roster = new Roster({
    settings: { responders: slack.responders, approvers: slack.approvers, accounts: slack.userMap },
    call: lanes.lookUps,
    workspace: new Workspace(lanes.lookUps),
    world: { policy: () => rules.policy, openIncidents: () => incidents.open() },
    log,
    monotonic: () => performance.now(),
  })
  const door = createTerminalDoor({
    origin: ledgerName(ledger, keys.ledger),
    ledger,
    incidents,
    keyOf: (fingerprint) => governance.keyOf(fingerprint),
    askSlack: async (user) => ({ standing: await roster.standing(user), outside: await roster.outside(user) }),
    now,
    writeFailed: () => undefined,
  })
  const nonce = newNonce()
  return await door.execute(sign({ ledger: door.ledger, nonce }), nonce)
}

function takeLedger(file: string): Ledger & Disposable {
  const { uid } = statSync(file)
  const own = geteuid?.()
  // What a kill leaves beside the ledger belongs to whoever was killed, and the bot could not open it.
  if (own !== undefined && own !== uid)
    throw new LedgerTaken(
      `The ledger belongs to the user with the id ${uid}, and this runs as ${own}. Nothing was done. Run it as that user: sudo -u '#${uid}' …`,
    )
  try {
    return openLedger({ file })
  } catch (error) {
    if (!(error instanceof LedgerLocked)) throw error
    const { holder } = error
    const who =
      holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host} since ${holder.since}`
    throw new LedgerTaken(
      `The ledger is held by ${who}, which answers at no socket: a bot that is starting, somebody else at a terminal, or a bot that only reads because the ledger is damaged. Nothing was done. Try again in a moment.`,
      { cause: error },
    )
  }
}
