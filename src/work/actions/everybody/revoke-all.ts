import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { AutenticoUnavailable, isFailure, OutcomeUnknown } from '#/autentico/failures.ts'
import type { Account } from '#/autentico/users.ts'
import type { ActionContext } from '../action.ts'

/** Somebody whose sessions could not be revoked, and the last reason. */
export type Missed = { readonly id: string; readonly username: string; readonly why: string }

export type Revoked = { readonly revoked: number; readonly missed: readonly Missed[] }

/** Calls on their way at a time: more does not make Autentico, which has one writer, any faster. */
export const callsAtOnce = 16

/** How many users lie between two places from which the work is taken up again. */
const stretch = 400

/** How often somebody is tried again at the end, and how long it is waited before that; then twice as long each time. */
const rounds = 3
const firstPauseMs = 250

/** More than so many who cannot be done is Autentico being unwell: it is waited for. Their ids fit into an order's memory. */
const mostMissed = 1_000

/**
 * Revokes the sessions of everybody that Autentico shows, but for the bot, in the order of their ids. Where it was cut off it goes on:
 * those of the last stretch may be revoked twice, nobody is forgotten. Who could not be done is tried again at the end.
 *
 * @throws the failure itself when it is Autentico that is away or unwell, rather than some users: the order comes again then.
 */
export async function revokeAll(ctx: ActionContext, { except }: { readonly except: string }): Promise<Revoked> {
  const { autentico, progress, now } = ctx
  const begun = now().getTime()
  const { active } = await autentico.everyUser.count()
  const before = placeFrom(progress.note(memory))
  let { done, upTo } = before
  let missed: readonly Failed[] = before.missed.map((id) => ({ id, why: '' }))
  // A stretch alone may take a minute where Autentico is slow, so it is told within one as well.
  const tell = (within = 0, failing = 0): void => {
    const so = done + within
    const total = Math.max(active - 1, so)
    const speed = (so - before.done) / Math.max(1, now().getTime() - begun)
    const secondsLeft = speed > 0 ? Math.ceil((total - so) / speed / 1_000) : undefined
    progress.tell({
      done: so,
      total,
      failed: missed.length + failing,
      ...(secondsLeft === undefined ? {} : { secondsLeft }),
    })
  }

  for await (const some of stretches(autentico.everyUser.active({ after: upTo }))) {
    await progress.fence()
    const users = some.filter(({ id }) => id !== except)
    let tried = 0
    const failed = await each(ctx, users, (failing) => tell((tried += 1), failing))
    const [one] = failed
    // One of many is that one's trouble; a whole stretch is not.
    if (one !== undefined && failed.length === users.length) await unlessTheirs(ctx, one, failed.length)
    missed = [...missed, ...failed]
    if (one !== undefined) await unlessTheirs(ctx, one, missed.length - mostMissed)
    done += users.length
    upTo = some.at(-1)?.id ?? upTo
    await progress.remember(memory, placeText({ done, upTo, missed: missed.map(({ id }) => id) }))
    tell()
  }
  for (let round = 0; round < rounds && missed.length > 0; round += 1) {
    await pause(firstPauseMs * 2 ** round)
    await progress.fence()
    missed = await each(ctx, missed)
    tell()
  }
  const [one] = missed
  if (one !== undefined) await unlessTheirs(ctx, one, 1)
  return { revoked: done - missed.length, missed: await named(ctx, missed) }
}

/** Where the work is taken up again; told in one piece, or a crash between two pieces would count people twice. */
const memory = 'revoked'

const place = z.strictObject({ done: z.int().nonnegative(), upTo: z.string(), missed: z.array(z.string()) })

function placeFrom(text: string | undefined): z.infer<typeof place> {
  return text === undefined ? { done: 0, upTo: '', missed: [] } : place.parse(JSON.parse(text))
}

function placeText(at: z.infer<typeof place>): string {
  return JSON.stringify(at)
}

type Failed = { readonly id: string; readonly why: string; readonly error?: Error }

/** Returns when it is the trouble of a few users; throws when there are too many of them, or Autentico does not even read. */
async function unlessTheirs({ autentico }: ActionContext, { error }: Failed, count: number): Promise<void> {
  if (error !== undefined && count > callsAtOnce) throw error
  if (count > 0) await autentico.everyUser.count()
}

/** So many calls at once, for each of these; `tried` after every one, with how many have failed. Gives those that failed. */
async function each(
  { autentico }: ActionContext,
  users: readonly { readonly id: string }[],
  tried?: (failing: number) => void,
): Promise<Failed[]> {
  const failed: Failed[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (;;) {
      const user = users[next]
      next += 1
      if (user === undefined) return
      try {
        await autentico.users.revokeSessions(user.id)
      } catch (error) {
        if (!(error instanceof Error) || !isFailure(error)) throw error
        failed.push({ id: user.id, why: reasonOf(error), error })
      }
      tried?.(failed.length)
    }
  }
  await Promise.all(Array.from({ length: callsAtOnce }, lane))
  return failed
}

/** For a table: short, and without what changes from call to call. */
function reasonOf(error: Error): string {
  if (error instanceof OutcomeUnknown) return error.status === undefined ? 'no answer' : `answered ${error.status}`
  return error instanceof AutenticoUnavailable ? 'not available' : error.name
}

/** The order's memory has ids alone. */
async function named({ autentico }: ActionContext, missed: readonly Failed[]): Promise<readonly Missed[]> {
  const names: Missed[] = []
  for (const { id, why } of missed) {
    const account = await autentico.users.read(id)
    names.push({ id, username: account?.username ?? 'suspended or gone', why })
  }
  return names
}

/** Reads the next stretch while the last one is worked on. */
async function* stretches(
  users: AsyncGenerator<Account, void, undefined>,
): AsyncGenerator<readonly Account[], void, undefined> {
  const read = async (): Promise<readonly Account[]> => {
    const some: Account[] = []
    while (some.length < stretch) {
      const next = await users.next()
      if (next.done === true) break
      some.push(next.value)
    }
    return some
  }
  let coming = read()
  for (;;) {
    const some = await coming
    if (some.length === 0) return
    coming = read()
    // A read that fails is met when its turn comes.
    coming.catch(() => undefined)
    yield some
  }
}
