import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { AdminClient } from './client.ts'
import { AutenticoUnavailable, isFailure, OutcomeUnknown, UnexpectedAnswer } from './failures.ts'
import { path } from './paths.ts'
import { type ProcessMark, processMark, sameProcess } from './process-mark.ts'
import { type CommandEnd, runCommand } from './run-command.ts'
import type { Answer, Transport } from './transport.ts'

/** What came of a restart. */
export type Restarted =
  | {
      readonly kind: 'up'
      /**
       * Whether a new process was seen to answer: it went away in between, or numbers its answers anew. If not, the
       * command's word is all there is.
       */
      readonly newProcess: 'seen' | 'assumed'
      readonly ms: number
    }
  /** The command did its part; Autentico does not answer as it should. */
  | { readonly kind: 'not-healthy'; readonly sentence: string }
  | {
      readonly kind: 'command-failed'
      /** Absent if it did not exit by itself. */
      readonly exitCode: number | undefined
      readonly sentence: string
      /** Whether Autentico answers all the same. */
      readonly answers: boolean
    }

export type RestartDeps = {
  readonly transport: Transport
  readonly client: AdminClient
}

/**
 * Restarts Autentico with the configured command and waits until it is healthy and lets the bot in: with a new sign-in where its
 * token has died with the old key. Whether it has taken over what was changed is for the caller to prove.
 *
 * @param limitMs For everything together.
 */
export async function restart(
  deps: RestartDeps,
  { command, limitMs }: { readonly command: readonly string[]; readonly limitMs: number },
): Promise<Restarted> {
  const begun = performance.now()
  const left = (): number => limitMs - (performance.now() - begun)
  const watch = await startWatch(deps.transport)

  const ending = runCommand(command, { limitMs })
  const looking = watchUntil(watch, ending)
  const end = await ending
  await looking
  if (end.kind !== 'exited' || end.code !== 0) {
    const { health } = await look(watch)
    return {
      kind: 'command-failed',
      exitCode: end.kind === 'exited' ? end.code : undefined,
      sentence: failedSentence(end, health === 'healthy'),
      answers: health === 'healthy',
    }
  }

  for (;;) {
    const { health, same } = await look(watch)
    if (health === 'healthy' && !same) break
    if (left() <= 0) return { kind: 'not-healthy', sentence: waitedSentence(limitMs, { health, same }) }
    await wait(intervalMs)
  }
  const closed = await untilAdmitted(deps.client, left)
  if (closed !== undefined) return { kind: 'not-healthy', sentence: closed }
  return { kind: 'up', newProcess: watch.seen() ? 'seen' : 'assumed', ms: Math.round(performance.now() - begun) }
}

const intervalMs = 100

type Health = 'healthy' | 'degraded' | 'away'

/** Looks at one server again and again, and knows whether it is still the process it was. */
type Watch = {
  readonly transport: Transport
  readonly note: (answer: Answer | undefined, health: Health) => { readonly same: boolean }
  /** Whether the old process was seen to be gone. */
  readonly seen: () => boolean
}

async function startWatch(transport: Transport): Promise<Watch> {
  const first = processMark((await ask(transport)).answer?.requestId)
  const second = processMark((await ask(transport)).answer?.requestId)
  // Ids that are not counted up by one process are a proxy's, and say nothing.
  let last: ProcessMark | undefined =
    first !== undefined && second !== undefined && sameProcess(first, second) ? second : undefined
  const isMarked = last !== undefined
  let isGone = false
  return {
    transport,
    note(answer, health) {
      if (!isMarked) {
        if (health === 'away') isGone = true
        return { same: false }
      }
      const mark = processMark(answer?.requestId)
      if (last === undefined || mark === undefined) return { same: last !== undefined }
      if (sameProcess(last, mark)) {
        last = mark
        return { same: true }
      }
      last = undefined
      isGone = true
      return { same: false }
    },
    seen: () => isGone,
  }
}

async function watchUntil(watch: Watch, ending: Promise<CommandEnd>): Promise<void> {
  const over = ending.then(() => true)
  for (;;) {
    await look(watch)
    if (await Promise.race([over, wait(intervalMs, false)])) return
  }
}

async function look(watch: Watch): Promise<{ readonly health: Health; readonly same: boolean }> {
  const { answer, health } = await ask(watch.transport)
  return { health, ...watch.note(answer, health) }
}

const healthy = z.object({ status: z.literal('ok') })

async function ask(transport: Transport): Promise<{ readonly answer?: Answer; readonly health: Health }> {
  try {
    const request = { method: 'GET', path: '/healthz', call: 'GET /healthz', headers: {}, mayChange: false } as const
    const answer = await transport.send(request)
    // A proxy in front answers for an Autentico that is away, but not in JSON.
    if (answer.mediaType !== 'application/json') return { health: 'away' }
    const isHealthy = answer.status === 200 && healthy.safeParse(parseJson(answer.text)).success
    return { answer, health: isHealthy ? 'healthy' : 'degraded' }
  } catch (error) {
    if (isFailure(error)) return { health: 'away' }
    throw error
  }
}

/** Returns why the bot is not let in, undefined once it is. */
async function untilAdmitted(client: AdminClient, left: () => number): Promise<string | undefined> {
  for (;;) {
    try {
      await client.call({
        method: 'GET',
        to: path`/admin/api/idp-sessions`,
        query: { limit: 1 },
        expect: 200,
        answer: z.object({ data: z.object({ total: z.number() }) }),
      })
      return undefined
    } catch (error) {
      if (!isFailure(error)) throw error
      const passes =
        error instanceof AutenticoUnavailable || error instanceof UnexpectedAnswer || error instanceof OutcomeUnknown
      if (!passes || left() <= 0) return `Autentico is up again, and does not let the bot in: ${error.message}`
      // Signing in is rate-limited, so slower than looking at the health.
      const after = error instanceof AutenticoUnavailable ? (error.retryAfterMs ?? 0) : 0
      await wait(Math.max(1_000, after))
    }
  }
}

function failedSentence(end: CommandEnd, answers: boolean): string {
  const state = answers ? 'Autentico answers all the same.' : 'Autentico does not answer.'
  return `The command that restarts Autentico (AUTENTICO_RESTART_COMMAND) ${howItFailed(end)} ${state}`
}

function howItFailed(end: CommandEnd): string {
  if (end.kind === 'not-started') return `could not be started (${end.code}).`
  const said = end.said === '' ? 'It said nothing.' : `It said: ${end.said}`
  if (end.kind === 'too-long') return `did not end in time and was stopped. ${said}`
  return end.kind === 'killed' ? `was ended by ${end.signal}. ${said}` : `failed with exit code ${end.code}. ${said}`
}

function waitedSentence(
  limitMs: number,
  { health, same }: { readonly health: Health; readonly same: boolean },
): string {
  const seconds = Math.round(limitMs / 1_000)
  if (health === 'away')
    return `The command ended well, but Autentico did not answer within ${seconds} seconds. Look at its log.`
  if (same) {
    return 'The command ended well, but the same process of Autentico still answers: it was not restarted, so nothing that was changed counts yet. Check AUTENTICO_RESTART_COMMAND.'
  }
  return `The command ended well, but Autentico says that it is not healthy: its database does not answer. Look at its log.`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
