import { setTimeout as pause } from 'node:timers/promises'
import type { StepCheck } from '#/incident/work.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import type { ActionContext, Proof } from './action.ts'

const firstPauseMs = 250
const longestPauseMs = 2_000

/**
 * Reads back until everything is proven, or nothing more can be hoped for: what Autentico has accepted may take a moment to show,
 * and a read may find it busy. People are told that it is accepted and not confirmed yet; after `confirmMs` they get what was read last.
 *
 * @throws what `progress.fence` throws, between two reads.
 */
export async function confirmed(
  { now, times, progress }: Pick<ActionContext, 'now' | 'times' | 'progress'>,
  action: ActionName,
  prove: () => Promise<readonly Proof[]>,
): Promise<readonly StepCheck[]> {
  const until = now().getTime() + times.confirmMs
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    const proofs = await prove()
    const open = proofs.filter(({ proven, again }) => proven === false || again === true)
    if (open.length === 0 || now().getTime() >= until) return proofs.map((proof) => recorded(proof, action))
    if (pauseMs === firstPauseMs) progress.waits(notYet(open, until))
    await pause(Math.min(pauseMs, Math.max(0, until - now().getTime())))
    await progress.fence()
  }
}

/** Reads again what could not be read, and leaves what could as it was found: it is looked at, not waited for. */
export async function readWhole(
  { now, times }: Pick<ActionContext, 'now' | 'times'>,
  prove: () => Promise<readonly Proof[]>,
): Promise<readonly StepCheck[]> {
  const until = now().getTime() + times.confirmMs
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    const proofs = await prove()
    if (now().getTime() >= until || proofs.every(({ again }) => again !== true))
      return proofs.map((proof) => recorded(proof, proof.action))
    await pause(pauseMs)
  }
}

function recorded({ name, proven, detail, step }: Proof, action: ActionName): StepCheck {
  return { name, proven, detail, action, ...(step === undefined ? {} : { step }) }
}

function notYet([first]: readonly Proof[], until: number): string {
  return `Autentico has accepted it, and what is read back does not confirm it yet. ${first?.detail ?? ''} It is read again until ${second(until)}.`
}

/** `03:31:07 UTC`. */
function second(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`
}
