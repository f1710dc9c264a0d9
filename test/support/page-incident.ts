import { type Answers, seek, type Window } from './window.ts'

/**
 * Opens an incident with the slash command and the form, closes the form's answer, and goes into the thread. Gives its number. Without a
 * target it is about Autentico as a whole.
 */
export async function openIncident(
  window: Window,
  {
    playbook,
    target,
    summary = 'Login from two countries',
  }: { readonly playbook?: string; readonly target?: string; readonly summary?: string },
): Promise<string> {
  await window.type(`/autentico incident${playbook === undefined ? '' : ` ${playbook}`}`)
  const about = target === undefined ? {} : { Target: target }
  await window.fillIn('Open an incident', { ...about, 'What happened': summary }, 'Open')
  const answer = window.form(/^INC-\d+ is open$/)
  await answer.waitFor()
  const id = /INC-\d+/.exec((await answer.textContent()) ?? '')?.[0] ?? ''
  await window.press('Close')
  await answer.waitFor({ state: 'hidden' })
  await window.openThread(id)
  return id
}

/** One asks for the step, and fills in its form where there is one. Resolves when the other sees what it will do. */
export async function askFor(number: number, by: Window, seenBy: Window, answers?: Answers): Promise<void> {
  await by.press(`Ask for step ${number}${answers === undefined ? '' : '…'}`)
  if (answers !== undefined) await by.fillIn(`Ask for step ${number}`, answers, 'Ask')
  await seenBy.reads(new RegExp(`Step ${number} ·.*This will`, 's'))
  await seek(async () => ((await seenBy.shows('Approve')) ? true : undefined), `${seenBy.handle} cannot approve`)
}

/** Approved by this person, and proven. */
export async function approve(number: number, by: Window, limitMs?: number): Promise<void> {
  await by.pressAndConfirm('Approve')
  await untilProven(number, by, limitMs)
}

export async function untilProven(number: number, by: Window, limitMs?: number): Promise<void> {
  await by.reads(new RegExp(`Step ${number} ·.*Approved by.*proven`, 's'), limitMs)
}

/** Asked for by one, approved by another, and proven. */
export async function run(number: number, asks: Window, approves: Window): Promise<void> {
  await askFor(number, asks, approves)
  await approve(number, approves)
}
