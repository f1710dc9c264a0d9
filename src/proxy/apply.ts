import type { Commands } from './command.ts'
import {
  type ChangedFile,
  forgetPending,
  type Pending,
  PendingUnreadable,
  readPending,
  writePending,
} from './pending.ts'
import { digestOf, place, putBack, readIfThere, remove, whereIs } from './place.ts'
import type { ProxyKind, Rendered } from './rendered.ts'

/** The proxy as the worker's configuration describes it. */
export type ProxySetup = {
  readonly kind: ProxyKind
  /** Checks the configuration as it lies there. Traefik has no such command. */
  readonly testCommand: readonly string[] | undefined
  /** Makes the proxy read it. Traefik watches its files and needs none. */
  readonly reloadCommand: readonly string[] | undefined
  /** Where a change that is not settled is noted. Survives a restart of the machine, and is this proxy's alone. */
  readonly noteFile: string
  readonly run: Commands
  readonly now: () => Date
}

/** Whether what is live now does what it should. `sentence` says what it does not. */
export type Check = () => Promise<{ readonly good: true } | { readonly good: false; readonly sentence: string }>

/** `sentence` is for people. `stuck` is the only one that leaves the proxy otherwise than it says: a person has to look. */
export type Applied =
  | { readonly kind: 'applied'; readonly until: Date; readonly sentence: string }
  /** Nothing changed for anybody. */
  | { readonly kind: 'refused'; readonly sentence: string }
  /** It was live for a moment, and everything is as before. */
  | { readonly kind: 'rolled-back'; readonly sentence: string }
  | { readonly kind: 'stuck'; readonly sentence: string }

export type RolledBack =
  | { readonly kind: 'rolled-back'; readonly sentence: string }
  | { readonly kind: 'nothing'; readonly sentence: string }
  | { readonly kind: 'stuck'; readonly sentence: string }

export type Kept =
  | { readonly kind: 'kept'; readonly sentence: string }
  | { readonly kind: 'nothing'; readonly sentence: string }
  | { readonly kind: 'stuck'; readonly sentence: string }

export type Settled = RolledBack | { readonly kind: 'waiting'; readonly pending: Pending; readonly sentence: string }

/**
 * Changes a proxy in a way that can be taken back at any moment. Every call may be repeated, and one call waits for the
 * other; of two processes only one may use the same note. Nothing here looks at the clock by itself: whoever applied calls
 * `rollBack` when `until` has passed, and `settle` when it starts.
 */
export type Proxy = {
  /**
   * Puts the files in place, has the proxy check them before it reads them, reloads it and asks `check`. Whatever goes wrong,
   * the old files are put back. What works stays until `until`, unless it is kept. The same change again is only checked again.
   */
  apply(change: { readonly rendered: Rendered; readonly until: Date; readonly check: Check }): Promise<Applied>
  /** Makes the change with this mark last. */
  keep(mark: string): Promise<Kept>
  /** Takes back what is pending. */
  rollBack(): Promise<RolledBack>
  /** What an earlier process left behind: half a change is taken back, a live one too when its time is over. */
  settle(): Promise<Settled>
  /** @throws PendingUnreadable */
  pending(): Pending | undefined
}

export function openProxy(setup: ProxySetup): Proxy {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = async <T>(work: () => Promise<T>): Promise<T | Stuck> => {
    const turn = last.then(async () => unlessTheDiskFails(work))
    last = turn.catch(() => undefined)
    return turn
  }
  return {
    apply: async (change) => inTurn(async () => apply(setup, change)),
    keep: async (mark) => inTurn(async () => keep(setup, mark)),
    rollBack: async () => inTurn(async () => rollBack(setup)),
    settle: async () => inTurn(async () => settle(setup)),
    pending: () => readPending(setup.noteFile),
  }
}

type Stuck = { readonly kind: 'stuck'; readonly sentence: string }
type Change = Parameters<Proxy['apply']>[0]

const names: Readonly<Record<ProxyKind, string>> = { nginx: 'nginx', caddy: 'Caddy', traefik: 'Traefik' }

async function apply(setup: ProxySetup, change: Change): Promise<Applied> {
  const found = readPending(setup.noteFile)
  if (found === undefined) return begin(setup, change)
  if (!isLive(found)) {
    const back = await takeBack(setup, found)
    return back.kind === 'stuck' ? back : begin(setup, change)
  }
  if (found.mark === change.rendered.mark) return checked(setup, found, change.check)
  return refused(
    `Another change of the proxy is live and not yet settled; it is taken back at ${utc(found.until)}. Keep it or take it back first.`,
  )
}

async function begin(setup: ProxySetup, { rendered, until, check }: Change): Promise<Applied> {
  const name = names[setup.kind]
  const lacking = whatIsMissing(setup)
  if (lacking !== undefined) return refused(lacking)
  const already = await test(setup)
  if (already !== undefined) {
    return refused(
      `${name} finds fault with its configuration as it is, before anything was changed. Put that right first. It said:\n${already}`,
    )
  }

  const noted = noteDown(setup, rendered, until)
  if (typeof noted === 'string') return refused(noted)
  const { pending, files } = noted
  try {
    for (const { path, bytes } of files) place(path, bytes)
  } catch (error) {
    return back(setup, pending, sentenceOf(error))
  }

  const complaint = await test(setup)
  if (complaint !== undefined) {
    // It has not read the new files, so there is nothing to reload.
    restore(pending)
    settled(setup, pending)
    return refused(
      `${name} does not accept the new configuration, so the old files lie there again. It said:\n${complaint}`,
    )
  }
  const failure = await reload(setup)
  if (failure !== undefined) return back(setup, pending, `${name} could not be reloaded. It said:\n${failure}`)
  return checked(setup, pending, check)
}

/** Keeps copies of what lies there and notes the change, or says why that cannot be done. Nothing has changed until then. */
function noteDown(
  { noteFile, now }: ProxySetup,
  rendered: Rendered,
  until: Date,
): string | { readonly pending: Pending; readonly files: readonly PlacedFile[] } {
  try {
    const files = rendered.files.map(({ path, text }) => ({ path: whereIs(path), bytes: Buffer.from(text) }))
    const pending: Pending = { phase: 'placing', mark: rendered.mark, since: now(), until, files: files.map(backUp) }
    writePending(noteFile, pending)
    return { pending, files }
  } catch (error) {
    return `${sentenceOf(error)} Nothing was changed.`
  }
}

async function checked(setup: ProxySetup, pending: Pending, check: Check): Promise<Applied> {
  const result = await check().catch(async (error: unknown) => {
    await takeBack(setup, pending)
    throw error
  })
  if (!result.good) return back(setup, pending, result.sentence)
  if (pending.phase !== 'live') writePending(setup.noteFile, { ...pending, phase: 'live' })
  const { until } = pending
  return {
    kind: 'applied',
    until,
    sentence: `${names[setup.kind]} uses the new limits. They are taken back at ${utc(until)} unless somebody keeps them.`,
  }
}

async function back(setup: ProxySetup, pending: Pending, why: string): Promise<Applied> {
  const done = await takeBack(setup, pending)
  return { kind: done.kind, sentence: `${why}\n${done.sentence}` }
}

async function keep(setup: ProxySetup, mark: string): Promise<Kept> {
  const found = readPending(setup.noteFile)
  if (found === undefined) return { kind: 'nothing', sentence: 'No change of the proxy waits to be kept.' }
  if (!isLive(found) || found.mark !== mark) {
    return stuck(
      'What is pending at the proxy is not what was to be kept. Look at it, and take it back or apply it again.',
    )
  }
  settled(setup, found)
  return { kind: 'kept', sentence: `The limits at ${names[setup.kind]} stay. Taking them away is by hand from now on.` }
}

async function rollBack(setup: ProxySetup): Promise<RolledBack> {
  const found = readPending(setup.noteFile)
  if (found !== undefined) return takeBack(setup, found)
  return { kind: 'nothing', sentence: 'No change of the proxy is pending; there is nothing to take back.' }
}

async function settle(setup: ProxySetup): Promise<Settled> {
  const found = readPending(setup.noteFile)
  if (found === undefined || !isLive(found) || setup.now() >= found.until) return rollBack(setup)
  return {
    kind: 'waiting',
    pending: found,
    sentence: `The limits at ${names[setup.kind]} are taken back at ${utc(found.until)} unless somebody keeps them.`,
  }
}

/** Puts the old files back and makes the proxy read them. May be repeated, and goes on where it was broken off. */
async function takeBack(
  setup: ProxySetup,
  pending: Pending,
): Promise<Stuck | { readonly kind: 'rolled-back'; readonly sentence: string }> {
  const name = names[setup.kind]
  const stranger = pending.files.find((file) => isStrange(file))
  if (stranger !== undefined) {
    return stuck(
      `${stranger.path} was changed by somebody else after this bot wrote it, so it is left alone. Put right by hand what should be in it (the earlier file, if there was one, is ${backupOf(stranger.path)}), then remove ${setup.noteFile}.`,
    )
  }
  restore(pending)
  const complaint = await test(setup)
  if (complaint !== undefined) {
    return stuck(
      `The old files of ${name} lie there again, but it finds fault with its configuration and still runs with the new limits. Something else in it was changed: put that right and reload it. It said:\n${complaint}`,
    )
  }
  const failure = await reload(setup)
  if (failure !== undefined) {
    return stuck(
      `The old files of ${name} lie there again, but it could not be reloaded. Look whether it runs, and reload it. It said:\n${failure}`,
    )
  }
  settled(setup, pending)
  return { kind: 'rolled-back', sentence: `${name} has its earlier configuration again.` }
}

/** The last file first: the later ones need the earlier ones. */
function restore({ files }: Pending): void {
  for (const { path, before } of files.toReversed()) {
    if (digestAt(path) === before) continue
    if (before === undefined) remove(path)
    else putBack(backupOf(path), path)
  }
}

/** The note goes first: without it nobody looks at the copies any more. */
function settled({ noteFile }: ProxySetup, { files }: Pending): void {
  forgetPending(noteFile)
  for (const { path } of files) remove(backupOf(path))
}

type PlacedFile = { readonly path: string; readonly bytes: Buffer }

function backUp({ path, bytes }: PlacedFile): ChangedFile {
  const old = readIfThere(path)
  if (old === undefined) remove(backupOf(path))
  else place(backupOf(path), old, { like: path })
  return { path, before: old === undefined ? undefined : digestOf(old), after: digestOf(bytes) }
}

function backupOf(path: string): string {
  return `${path}.before`
}

/** Live, and nobody has begun to take it back. */
function isLive({ phase, files }: Pending): boolean {
  return phase === 'live' && files.every(({ path, after }) => digestAt(path) === after)
}

/** Neither what was there nor what was put there, or what was there and is needed is not to be had. */
function isStrange({ path, before, after }: ChangedFile): boolean {
  const now = digestAt(path)
  if (now === before) return false
  if (before !== undefined && digestAt(backupOf(path)) !== before) return true
  return now !== undefined && now !== after
}

function digestAt(path: string): string | undefined {
  const bytes = readIfThere(path)
  return bytes === undefined ? undefined : digestOf(bytes)
}

function whatIsMissing({ kind, testCommand, reloadCommand }: ProxySetup): string | undefined {
  if (kind === 'traefik' || (testCommand !== undefined && reloadCommand !== undefined)) return undefined
  const name = testCommand === undefined ? 'PROXY_TEST_COMMAND' : 'PROXY_RELOAD_COMMAND'
  return `${name} is missing, and without it ${names[kind]} is not touched. Set it, or put the files in place by hand.`
}

/** What the checker found, or undefined. */
async function test({ testCommand, run }: ProxySetup): Promise<string | undefined> {
  if (testCommand === undefined) return undefined
  const ended = await run(testCommand)
  return ended.kind === 'well' ? undefined : ended.words
}

async function reload({ reloadCommand, run }: ProxySetup): Promise<string | undefined> {
  if (reloadCommand === undefined) return undefined
  const ended = await run(reloadCommand)
  return ended.kind === 'well' ? undefined : ended.words
}

async function unlessTheDiskFails<T>(work: () => Promise<T>): Promise<T | Stuck> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof PendingUnreadable) return stuck(error.message)
    return stuck(`${sentenceOf(error)} Whether a change is pending is looked at again when the bot starts.`)
  }
}

/** @throws what is not a failure of the disk: a bug. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error)) throw error
  const path = 'path' in error ? String(error.path) : 'a file'
  const advice: Readonly<Record<string, string>> = {
    EACCES: 'this worker may not write there',
    EPERM: 'this worker may not write there',
    EROFS: 'the disk is read-only',
    ENOSPC: 'the disk is full',
    ENOENT: 'its folder is not there',
    EBUSY: 'it is mounted by itself; mount its folder into the container instead',
  }
  return `${path} could not be written: ${advice[String(error.code)] ?? String(error.code)}.`
}

function refused(sentence: string): Applied {
  return { kind: 'refused', sentence }
}

function stuck(sentence: string): Stuck {
  return { kind: 'stuck', sentence }
}

function utc(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
