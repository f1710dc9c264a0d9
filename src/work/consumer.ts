import {
  DelayedError,
  type Job,
  type JobJson,
  UnrecoverableError,
  WaitingError,
  Worker,
  type WorkerOptions,
} from 'bullmq'
import { jittered } from './back-off.ts'
import { canaryKind, openQueue, type QueueName, type RedisPlace } from './queue.ts'
import { defaultPrefix, longestBlockSeconds, patientConnection } from './redis.ts'

/** A message that was taken. It may be taken again, by this or another process, until `take` has returned. */
export type Taken = {
  readonly id: string
  readonly kind: string
  /** Unchecked. */
  readonly content: unknown
  /** 1 for the first time it was taken; a crash counts as well. */
  readonly attempt: number
  /** Aborted when the process has to stop: hand it back. */
  readonly signal: AbortSignal
}

/** Not now: the message comes again after a while. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain'
  readonly afterMs: number

  constructor(afterMs: number, why: string) {
    super(why)
    this.afterMs = afterMs
  }
}

/** Never: the message is put aside as failed. */
export class GiveUp extends Error {
  override readonly name = 'GiveUp'
}

/** Somebody else shall do it, at once. */
export class HandBack extends Error {
  override readonly name = 'HandBack'
}

export type ConsumerOptions = RedisPlace & {
  readonly queue: QueueName
  readonly concurrency: number
  readonly take: (message: Taken) => Promise<void>
  /** Every so often it is seen whether messages wait that nobody takes. Default 2.5 s. */
  readonly canaryMs?: number
  /** Take-over: how long a dead worker holds a message, and how often such are looked for. Default 5 s and 2 s. */
  readonly lockMs?: number
  readonly stalledMs?: number
  /** Makes the BullMQ worker. Given only to show that a deaf one is replaced. */
  readonly build?: typeof buildWorker
}

/** The side of a queue that takes messages out. */
export type Consumer = AsyncDisposable & {
  /** Takes nothing more, waits for what runs, and hands back what has not ended after `graceMs`. May be called again. */
  stop(options: { readonly graceMs: number }): Promise<void>
  /** How often it was replaced because it had gone deaf. */
  rebuilt(): number
  /** Whether messages that wait are taken, as far as was seen. */
  hearing(): boolean
}

type Ears = {
  readonly worker: Worker
  readonly isConnected: () => boolean
  /** What has ended is told to Redis first. */
  readonly end: () => Promise<void>
  readonly cut: () => void
}

/** Starts taking messages. Nothing is thrown for a Redis that cannot be reached: it begins when Redis is there. */
export function startConsumer(options: ConsumerOptions): Consumer {
  const { url, log, concurrency, canaryMs = 2_500, build = buildWorker } = options
  const queue = openQueue(options.queue, options)
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  const ears = { taken: 0, seen: 0, strikes: 0, rebuilt: 0 }

  async function process(job: Job<unknown, unknown, string>, token?: string): Promise<void> {
    ears.taken += 1
    if (job.name === canaryKind) return
    const work = options.take({
      id: job.id ?? '',
      kind: job.name,
      content: job.data,
      attempt: job.attemptsStarted,
      signal: stopping.signal,
    })
    running.add(work)
    try {
      await work
    } catch (error) {
      await settle(job, token, error)
    } finally {
      running.delete(work)
    }
  }

  /** The only place where a failure becomes something that the queue does. */
  async function settle(job: Job<unknown, unknown, string>, token: string | undefined, error: unknown): Promise<never> {
    if (error instanceof GiveUp) throw new UnrecoverableError(error.message)
    if (error instanceof HandBack) {
      await job.moveToWait(token)
      throw new WaitingError()
    }
    if (!(error instanceof TryAgain)) log.error({ err: error, id: job.id }, 'a message could not be dealt with')
    const afterMs = error instanceof TryAgain ? error.afterMs : jittered(job.attemptsStarted)
    await job.moveToDelayed(Date.now() + Math.ceil(afterMs), token)
    throw new DelayedError()
  }

  function start(): Ears {
    const connection = patientConnection(url, log)
    const worker = build(process, { ...tuned(options), connection })
    let said: string | undefined
    worker.on('error', (error) => {
      // The script that Redis ran, and the line in it, are told as well; they are no news.
      const why = error.message.replace(/ script: .*/s, '')
      if (why !== said) log.warn({ why }, 'the queue reports a problem')
      said = why
    })
    worker.on('active', () => {
      said = undefined
    })
    return {
      worker,
      isConnected: () => connection.status === 'ready',
      async end() {
        await worker.close().catch(() => undefined)
        connection.disconnect()
      },
      cut() {
        connection.disconnect()
        // It has connections of its own besides, and waits for one that was never made as well.
        void worker.backend.close(true).catch(() => undefined)
      },
    }
  }

  let current = start()
  let stopped: Promise<void> | undefined

  /** A worker that went deaf says that all is well (BullMQ #4479), so what counts is whether waiting messages are taken. */
  async function listen(): Promise<void> {
    const waits = await queue.waiting()
    const deaf = waits > 0 && ears.taken === ears.seen && running.size < concurrency
    ears.strikes = deaf ? ears.strikes + 1 : 0
    ears.seen = ears.taken
    if (waits === 0) await queue.putCanary()
    if (ears.strikes < 2 || stopping.signal.aborted || stopped !== undefined) return
    ears.strikes = 0
    ears.rebuilt += 1
    log.warn({ queue: options.queue, waits }, 'messages wait and none is taken: the connection is made anew')
    const old = current
    current = start()
    void old.end()
  }

  // A Redis that does not answer is no sign of deafness.
  const timer = setInterval(() => void listen().catch(() => undefined), canaryMs)

  async function stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    clearInterval(timer)
    await current.worker.pause(true).catch(() => undefined)
    await settledWithin(running, graceMs)
    stopping.abort()
    await settledWithin(running, 1_000)
    // A Redis that does not answer is not waited for.
    const ended = current.end()
    if (current.isConnected()) await settledWithin(new Set([ended]), 1_000)
    current.cut()
    await queue[Symbol.asyncDispose]()
  }

  return {
    stop: async (how) => (stopped ??= stop(how)),
    rebuilt: () => ears.rebuilt,
    hearing: () => ears.strikes === 0 && stopped === undefined,
    [Symbol.asyncDispose]: async () => (stopped ??= stop({ graceMs: 5_000 })),
  }
}

/** A BullMQ worker as it is normally made. */
export function buildWorker(
  process: (job: Job<unknown, unknown, string>, token?: string) => Promise<void>,
  { name, ...options }: WorkerOptions & { readonly name: QueueName },
): Worker {
  return new PatientReader(name, process, options)
}

/**
 * BullMQ throws on a message that is no JSON before anybody can look at it, and takes it again for ever. Here it arrives as the text
 * that it is, so that whoever takes it refuses it like every other message that nobody signed.
 */
class PatientReader extends Worker<unknown, unknown, string> {
  /** BullMQ waits ten seconds, in which a connection that is gone is not missed. */
  override get maximumBlockTimeout(): number {
    return longestBlockSeconds
  }

  /** A Redis that answers and refuses, being full or a replica, is asked again without a pause by BullMQ, which logs every time. */
  protected override async moveToActive(token: string, name?: string): Promise<Job<unknown, unknown, string>> {
    try {
      return await super.moveToActive(token, name)
    } catch (error) {
      if (this.closing === undefined) await this.delay(refusedPauseMs)
      throw error
    }
  }

  protected override createJob(message: JobJson, id: string): Job<unknown, unknown, string> {
    return super.createJob({ ...message, data: isJson(message.data) ? message.data : JSON.stringify(message.data) }, id)
  }
}

const refusedPauseMs = 1_000

function isJson(text: string): boolean {
  try {
    JSON.parse(text || '{}')
    return true
  } catch {
    return false
  }
}

function tuned({ queue, prefix = defaultPrefix, concurrency, lockMs = 5_000, stalledMs = 2_000 }: ConsumerOptions) {
  return {
    name: queue,
    prefix,
    concurrency,
    lockDuration: lockMs,
    stalledInterval: stalledMs,
    // A crash is no verdict on the message: without this BullMQ gives up after the second one.
    maxStalledCount: 1000,
    runRetryDelay: 1_000,
    drainDelay: longestBlockSeconds,
  } as const
}

async function settledWithin(running: ReadonlySet<Promise<void>>, ms: number): Promise<void> {
  if (running.size === 0) return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([Promise.allSettled(running), late])
  clearTimeout(timer)
}
