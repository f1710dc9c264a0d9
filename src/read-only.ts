import { join } from 'node:path'
import type { Logger } from 'pino'
import { readRulebook } from '#/deciders/governance.ts'
import { fold, type Incidents, recordedOf } from '#/deciders/incidents.ts'
import { accountsOf } from '#/doors/accounts.ts'
import { createDoor } from '#/doors/slack-door.ts'
import { activeKeys, openChanges, type Rulebook } from '#/governance/state.ts'
import type { IncidentId } from '#/incident/events.ts'
import { takeLock } from '#/ledger/lock.ts'
import { type LedgerReader, openLedgerReader } from '#/ledger/reader.ts'
import type { LedgerDamaged } from '#/ledger/schema.ts'
import { verifyInThread } from '#/record/verify-in-thread.ts'
import { every } from '#/routines/every.ts'
import { saying } from '#/slack/cards/lists.ts'
import { sentence } from '#/slack/cards/text.ts'
import { NotRecorded, type RulesDoor } from '#/slack/door.ts'
import { SlackRejected } from '#/slack/failures.ts'
import { type Slack, startSlack } from '#/slack/start-slack.ts'
import { openVault } from '#/work/vault.ts'
import type { BotDeps } from './bot-deps.ts'
import { acceptedRequests, slackOptions } from './slack-options.ts'

const announceEveryMs = 1_000

/**
 * The bot over a damaged ledger. It records nothing, so it does nothing: no order is given, no outcome taken, no entry added; outcomes of
 * what was ordered before wait in Redis. Whoever presses anything is told why, the incident channel once for each start, and reading
 * answers from what can still be read. It keeps the lock, so that no other bot writes to the file meanwhile.
 */
export async function startReadOnlyBot(deps: BotDeps, damage: LedgerDamaged): Promise<AsyncDisposable> {
  const { config, secrets, keys, log } = deps
  log.error({ why: damage.message }, 'the ledger is damaged: the bot reads and records nothing')
  await using building = new AsyncDisposableStack()
  const file = join(config.dataDir, 'ledger.sqlite')
  building.use(takeLock({ file, now: () => new Date() }))
  const reader = building.use(readerOf(file))
  const redis = { url: secrets.redisUrl, prefix: config.queuePrefix, log }
  const accounts = building.use(accountsOf({ redis, keys, workerKeys: deps.workerKeys }))
  const stopping = new AbortController()
  building.defer(() => stopping.abort())

  const closed = `The ledger is damaged (${damage.what}). Nothing can be recorded, so nothing is done. An operator has to keep the file as evidence and restore a backup.`
  let opened: Slack | undefined
  const door = createDoor({
    closed,
    incidents: incidentsIn(reader, closed),
    policy: () => config.policy,
    governance: rulesIn(reader, closed),
    playbooks: config.playbooks,
    accounts,
    vault: openVault(join(config.dataDir, 'sealed')),
    sealingKey: keys.sealing.privateKey,
    writeFailed: () => undefined,
    verifyLedger: async (checkpoints) => verifyInThread({ dataDir: config.dataDir, checkpoints }, stopping.signal),
    readThread: async (place) => opened?.readThread(place) ?? { kind: 'not readable', why: 'Slack is not open yet.' },
    log,
    drill: config.drill,
    status: async () => [`⛔ ${closed}`, ...(await accounts.status())],
    requestPlace: () => undefined,
    beginSignIn: async () => ({ kind: 'failed', why: 'unavailable', sentence: 'Nothing can be approved now.' }),
  })
  const seen = building.use(acceptedRequests(deps))
  const slack = building.use(await startSlack(slackOptions(deps, door, { seen })))
  opened = slack
  await show(deps, slack, closed)
  building.use(announcing(slack, config.slack.channel, closed, log))
  log.info({ port: slack.port() }, 'the bot is ready to read, and to say that it records nothing')
  return building.move()
}

async function show({ health }: BotDeps, slack: Slack, closed: string): Promise<void> {
  if (health === undefined) return
  const { board, metrics, counts } = health
  const { showSlack } = await import('#/doors/health-of-bot.ts')
  board.add({ name: 'ledger', needed: true, look: () => ({ ok: false, sentence: closed }) })
  showSlack(board, metrics, { slack, lastDelivery: counts.lastDelivery })
}

/** Says it in the incident channel, again until Slack has taken it. An answer that was lost may make it two messages, which is better than none. */
function announcing({ outbound }: Slack, channel: string, closed: string, log: Logger): AsyncDisposable {
  let said = false
  const announce = async (): Promise<void> => {
    if (said) return
    try {
      await outbound.announce(channel, saying(sentence(`⛔ ${closed}`)))
      said = true
    } catch (error) {
      if (!(error instanceof SlackRejected)) throw error
      said = true
      log.error({ why: error.message }, 'the incident channel could not be told that the ledger is damaged')
    }
  }
  return every(announceEveryMs, log, announce)
}

type Reader = LedgerReader & Disposable

/** Undefined where not even the head of the file can be read. */
function readerOf(file: string): Reader | undefined {
  try {
    return openLedgerReader({ file })
  } catch {
    return undefined // What is wrong with it was said before.
  }
}

/** Reads, or says why nothing can be read. */
function orSaying(reader: Reader | undefined, closed: string): <T>(read: (from: Reader) => T) => T {
  return (read) => {
    try {
      if (reader !== undefined) return read(reader)
    } catch (cause) {
      throw new NotRecorded(closed, { cause })
    }
    throw new NotRecorded(closed)
  }
}

/** The rules as far as a damaged ledger still tells them. Nobody changes them. */
function rulesIn(reader: Reader | undefined, closed: string): RulesDoor {
  const orSay = orSaying(reader, closed)
  const rulebook = (): Rulebook => orSay((from) => readRulebook(from))
  return {
    execute() {
      throw new NotRecorded(closed)
    },
    policy() {
      const { adopted } = rulebook()
      if (adopted === undefined) throw new NotRecorded(closed)
      return adopted
    },
    offered: () => undefined,
    keys: () => activeKeys(rulebook()),
    pending: () => openChanges(rulebook()),
    change: (id) => rulebook().changes.get(id),
    endStepUp: () => undefined,
  }
}

/** The incidents as far as a damaged ledger still tells them. */
function incidentsIn(reader: Reader | undefined, closed: string): Incidents {
  const orSay = orSaying(reader, closed)
  const orNone = <T>(read: (from: Reader) => readonly T[]): readonly T[] => {
    try {
      return reader === undefined ? [] : read(reader)
    } catch {
      return [] // The Home tab says that the ledger is damaged.
    }
  }
  return {
    execute() {
      throw new NotRecorded(closed)
    },
    find: (id) => orSay((from) => fold(from, id)),
    open: () =>
      orNone((from) =>
        from
          .streams({ having: 'IncidentOpened', without: 'IncidentClosed' })
          .flatMap((id) => fold(from, id as IncidentId) ?? []),
      ),
    recent: (limit) =>
      orNone((from) =>
        from.latestStreams({ having: 'IncidentOpened', limit }).flatMap((id) => fold(from, id as IncidentId) ?? []),
      ),
    outlived: () => false,
    ripe: () => false,
    timeline: (id) => orSay((from) => from.stream(id).map(recordedOf)),
  }
}
