import { changeEnvironment, restoreEnvironment } from '#/autentico/environment-file.ts'
import type { Restarted } from '#/autentico/restart.ts'
import { type ActionContext, CannotBeDone } from './action.ts'

/** How long Autentico may take to come up again, everything together. */
const restartLimitMs = 60_000

/**
 * Puts values into Autentico's environment file and restarts it. When it does not come up healthy, the file as it was is put back
 * and Autentico is restarted once more; then nothing has changed, and people are told.
 *
 * @returns What was done, a sentence each.
 * @throws CannotBeDone when it was put back, or could not be.
 */
export async function changeAndRestart(
  { autentico, reach, progress, now }: ActionContext,
  set: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const { environment } = reach
  if (environment === undefined) throw new Error('there is no environment file to change')
  await progress.fence()
  const change = await changeEnvironment({ file: environment.file, set, now: now() })
  // The backup's name is no secret; whoever goes on after a crash has to know the way back.
  const backup = change.kind === 'changed' ? change.backup : progress.note('backup')
  if (change.kind === 'changed') await progress.remember('backup', change.backup)
  const names = Object.keys(set).join(', ')
  await progress.fence()
  const restarted = await autentico.restart({ command: environment.restartCommand, limitMs: restartLimitMs })
  if (restarted.kind !== 'up') throw await putBack({ autentico, reach }, { restarted, backup })
  const kept =
    backup === undefined ? [] : [`The old file is kept as ${backup}: delete it when nobody wants to go back.`]
  return [`Changed ${names} in the environment file.`, restartedSentence(restarted), ...kept]
}

async function putBack(
  { autentico, reach }: Pick<ActionContext, 'autentico' | 'reach'>,
  {
    restarted,
    backup,
  }: { readonly restarted: Exclude<Restarted, { kind: 'up' }>; readonly backup: string | undefined },
): Promise<CannotBeDone> {
  const { environment } = reach
  if (backup === undefined || environment === undefined) return new CannotBeDone(restarted.sentence, { retry: true })
  await restoreEnvironment(backup)
  const again = await autentico.restart({ command: environment.restartCommand, limitMs: restartLimitMs })
  const state =
    again.kind === 'up'
      ? 'Autentico runs with the old values again.'
      : `With the old values it does not come up either: ${again.sentence} Somebody has to look after it now.`
  return new CannotBeDone(`${restarted.sentence} The old environment file was put back. ${state}`, { retry: true })
}

function restartedSentence({ ms, newProcess }: Extract<Restarted, { kind: 'up' }>): string {
  const seen = newProcess === 'seen' ? '' : ' (by the command’s word: no new process was seen)'
  return `Restarted Autentico, healthy after ${Math.max(1, Math.round(ms / 1_000))} s${seen}.`
}
