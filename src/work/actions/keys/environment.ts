import { changeEnvironment, readEnvironment, restoreEnvironment } from '#/autentico/environment-file.ts'
import type { Restarted } from '#/autentico/restart.ts'
import { type ActionContext, CannotBeDone } from '../action.ts'

type Environment = NonNullable<ActionContext['reach']['environment']>

/**
 * Puts values into Autentico's environment file and restarts it, once for an order: whoever goes on after a crash restarts with the
 * values that are there, and does not restart again what has come up. When it does not come up healthy, the file as it was is put
 * back and Autentico is restarted once more; then nothing has changed, and people are told. So it is when people stop the work
 * between the two.
 *
 * @returns What was done, a sentence each.
 * @throws CannotBeDone when it was put back, or could not be.
 */
export async function changeAndRestart(
  ctx: ActionContext,
  set: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const { reach, progress } = ctx
  const { environment } = reach
  if (environment === undefined) throw new Error('there is no environment file to change')
  const restartedBefore = progress.note('restarted')
  const backup = restartedBefore === undefined ? await changed(ctx, environment, set) : progress.note('backup')
  const sentence = restartedBefore ?? (await restarted(ctx, environment, backup))
  return [
    `Changed ${Object.keys(set).join(', ')} in the environment file.`,
    sentence,
    ...(backup === undefined ? [] : [`The old file is kept as ${backup}: delete it when nobody wants to go back.`]),
  ]
}

/** Sees that the file says what it should, and gives the way back: the file as it was before this order first changed it. */
async function changed(
  { progress, now }: ActionContext,
  { file }: Environment,
  set: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  await progress.fence()
  const before = progress.note('backup')
  // A random value was chosen by whoever was cut off; another one would only be one more.
  if (before !== undefined && (await differ(file, before, Object.keys(set)))) return before
  const change = await changeEnvironment({
    file,
    set,
    now: now(),
    resumes: before !== undefined,
    kept: async (backup) => progress.remember('backup', backup),
  })
  return change.kind === 'changed' ? change.backup : before
}

async function differ(file: string, backup: string, names: readonly string[]): Promise<boolean> {
  const [is, was] = await Promise.all([readEnvironment(file), readEnvironment(backup)])
  return names.every((name) => is.valueOf(name) !== undefined && is.valueOf(name) !== was.valueOf(name))
}

async function restarted(
  ctx: ActionContext,
  { restartCommand }: Environment,
  backup: string | undefined,
): Promise<string> {
  const { autentico, progress, times } = ctx
  try {
    await progress.fence()
  } catch (error) {
    // Stopped by people: what the file says must not begin to count at a restart that nobody connects with it.
    await progress.mayUndo()
    if (backup !== undefined) await restoreEnvironment(backup)
    throw error
  }
  const end = await autentico.restart({ command: restartCommand, limitMs: times.restartMs })
  if (end.kind !== 'up') throw await putBack(ctx, { end, backup })
  const sentence = restartedSentence(end)
  await progress.remember('restarted', sentence)
  return sentence
}

async function putBack(
  { autentico, reach, progress, times }: ActionContext,
  { end, backup }: { readonly end: Exclude<Restarted, { kind: 'up' }>; readonly backup: string | undefined },
): Promise<CannotBeDone> {
  const { environment } = reach
  if (backup === undefined || environment === undefined) return new CannotBeDone(end.sentence, { retry: true })
  // Whoever has taken this worker's place meanwhile decides what the file says.
  await progress.mayUndo()
  await restoreEnvironment(backup)
  const again = await autentico.restart({ command: environment.restartCommand, limitMs: times.restartMs })
  const state =
    again.kind === 'up'
      ? 'Autentico runs with the old values again.'
      : `With the old values it does not come up either: ${again.sentence} Somebody has to look after it now.`
  return new CannotBeDone(`${end.sentence} The old environment file was put back. ${state}`, { retry: true })
}

function restartedSentence({ ms, newProcess }: Extract<Restarted, { kind: 'up' }>): string {
  const seen = newProcess === 'seen' ? '' : ' (by the command’s word: no new process was seen)'
  return `Restarted Autentico, healthy after ${Math.max(1, Math.round(ms / 1_000))} s${seen}.`
}
