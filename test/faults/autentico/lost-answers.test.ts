import { expect } from 'vitest'
import type { How } from '#/drill/autentico/faults.ts'
import { signIn } from '../../flows/machine/machine.ts'
import type { Case } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'
import { callsOf, type Spoiled, spoil, wasReadBetween } from './spoiling.ts'

type Lost = Spoiled & {
  readonly step: number
  readonly how: How
  /** The calls of that kind that the step makes before the one whose answer is lost. */
  readonly letThrough?: number
  /** How often that call is sent in this step, and how often it makes a difference. */
  readonly sent: number
  readonly effects: number
}

const password = { method: 'PUT', ending: '' } as const

/**
 * A repeat follows a look at what is true. A password is the one thing that cannot be looked at: one that was perhaps set is set anew,
 * which is the same to everybody, since nobody learns either of them.
 */
const lost: Readonly<Record<string, Lost>> = {
  'revoke sessions: reset': { step: 1, how: 'reset-after-effect', sent: 2, effects: 1 },
  'revoke sessions: silence': { step: 1, how: 'timeout-after-effect', sent: 2, effects: 1 },
  'revoke sessions: cut': { step: 1, how: 'truncate', sent: 2, effects: 1 },
  'reset the password: reset': { ...password, step: 2, how: 'reset-after-effect', sent: 2, effects: 0 },
  'reset the password: cut': { ...password, step: 2, how: 'truncate', sent: 2, effects: 0 },
  'reset the password: the revocation after it': { step: 2, how: 'reset-after-effect', sent: 2, effects: 0 },
  'reset MFA: reset': { ...password, step: 3, how: 'reset-after-effect', sent: 2, effects: 0 },
  'reset MFA: the revocation after it': { step: 3, how: 'reset-after-effect', sent: 2, effects: 0 },
  'close the doors: the revocation before it': { step: 4, how: 'reset-after-effect', sent: 3, effects: 0 },
  'close the doors: the revocation after it': {
    step: 4,
    how: 'reset-after-effect',
    letThrough: 1,
    sent: 4,
    effects: 0,
  },
}

fault({
  id: 'F15',
  title: 'it was done and the answer is lost: one effect, and no repeat without a look',
  ci: 1,
  nightly: 50,
  variants: Object.keys(lost),
  async run(run) {
    const { step, how, sent, effects, letThrough = 0, ...call } = lost[run.variant] ?? unheard(run)
    const incident = await upTo(run, step)
    await incident.ask(step)
    const before = callsOf(run, incident, call).length
    const changes = passwordChanges(run, incident)
    spoil(run, incident, { ...call, how, letThrough })
    await incident.approve()
    await incident.happens('WorkWaits', ({ event }) => /No whole answer came/.test(event.why))
    run.struck()
    await run.proves(incident, step)
    await run.succeeds(async () => {
      const calls = callsOf(run, incident, call).slice(before)
      expect(calls).toHaveLength(sent)
      expect(calls.filter(({ changed }) => changed)).toHaveLength(effects)
      const [broken, next] = calls.slice(letThrough)
      if (broken !== undefined && next !== undefined) expect(wasReadBetween(run, broken, next)).toBe(true)
      expect(incident.entries('StepDone').filter(({ event }) => event.step === stepIdOf(incident, step))).toHaveLength(
        1,
      )
      if (run.variant === 'reset the password: the revocation after it')
        expect(passwordChanges(run, incident) - changes, 'a password that was confirmed is not set again').toBe(1)
      if (step >= 2) await expect(signIn(run.world.stage, incident.username)).rejects.toThrow(/refused with 40/)
    })
  },
})

fault({
  id: 'F15',
  title: 'the account is suspended and the answer is lost',
  ci: 1,
  nightly: 50,
  variants: ['the suspension', 'the revocation after it'],
  world: { database: false },
  async run(run) {
    const incident = await upTo(run, 3)
    for (const step of [3, 4]) {
      await incident.ask(step)
      await incident.approve()
      // Without the database neither can be proven.
      await incident.happens('StepDone', ({ event }) => event.step === stepIdOf(incident, step), 30_000)
    }
    const call = { ending: run.variant === 'the suspension' ? '/deactivate' : '/revoke-sessions' } as const
    const before = callsOf(run, incident, call).length
    await incident.as('ana').pressWhenThere(`Suspend ${incident.username} instead`)
    spoil(run, incident, { ...call, how: 'reset-after-effect' })
    await incident.approve()
    await incident.happens('WorkWaits', ({ event }) => /No whole answer came/.test(event.why))
    run.struck()
    await run.succeeds(async () => {
      await incident.happens('StepDone', ({ event }) => event.action === 'suspend-account' && event.proven)
      const suspensions = callsOf(run, incident, { ending: '/deactivate' })
      expect(suspensions.filter(({ changed }) => changed)).toHaveLength(1)
      expect(suspensions).toHaveLength(1)
      expect(callsOf(run, incident, call).length).toBeGreaterThan(before)
      await expect(signIn(run.world.stage, incident.username)).rejects.toThrow(/refused with 40/)
    })
  },
})

/** An incident whose steps before this one are proven. */
async function upTo(run: Run, step: number): Promise<Case> {
  const incident = await run.open()
  for (let before = 1; before < step; before += 1) await incident.run(before)
  return incident
}

function stepIdOf(incident: Case, step: number): string | undefined {
  return incident.state().playbook.steps[step - 1]?.id
}

function passwordChanges(run: Run, incident: Case): number {
  return callsOf(run, incident, password).filter(({ status }) => status === 200 || status === 0).length
}

function unheard({ variant }: Run): never {
  throw new Error(`there is no answer to lose called ${variant}`)
}
