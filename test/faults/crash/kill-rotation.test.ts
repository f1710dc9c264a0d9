import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import { isInstance } from '#/incident/account.ts'
import { dataDirOf, openUnder } from '../../support/incident-flow.ts'
import { fault } from '../harness/fault.ts'
import { press } from './deaths.ts'

// There is one incident about Autentico as a whole at a time, so each has a world of its own.
for (const variant of [
  'before the environment file is put in place',
  'after the environment file was put in place',
  'before Autentico is restarted',
  'after Autentico was restarted',
  'after the journal took the outcome',
]) {
  fault({
    id: 'F1',
    title: 'kill -9 while the signing key is replaced and Autentico restarted',
    ci: 1,
    nightly: 1,
    variants: [variant],
    // Autentico restarts, and an environment file that a crash has left half-made is in the way for a minute.
    budgetMs: 90_000,
    async run(run) {
      const { world, struck, proves, succeeds } = run
      const { stage } = world
      const { environmentFile } = stage.autentico
      const incident = await openUnder(stage, 'private-key-exposed')
      run.adopt(incident)
      expect(isInstance(incident.state().target)).toBe(true)
      await incident.askWith(1, {})
      await incident.approve()
      await proves(incident, 1)
      const backups = (): number =>
        readdirSync(dirname(environmentFile)).filter((name) => name.startsWith(`${basename(environmentFile)}.before-`))
          .length
      const before = { backups: backups() }
      await incident.askWith(2, {})
      const dying = world.program()
      world.kills.arm(run.variant)
      await press(incident)
      await dying.ended
      if (world.kills.struck() === dying.pid) struck()
      // Killed anywhere, the file is whole: it says the old or the new.
      expect(readFileSync(environmentFile, 'utf8')).toMatch(/\n$/)
      await world.start()
      await proves(incident, 2)
      await succeeds(async () => {
        // One key, in the file and in force; the copy on the worker is gone, and so is what a crash left half-made.
        const [proof] =
          incident.entries('StepDone').findLast(({ event }) => event.step === 'replace-signing-key')?.event.checks ?? []
        expect(proof).toMatchObject({ proven: true })
        await until(() => (readdirSync(keysOf(dataDirOf(stage))).length === 0 ? true : undefined), 'no key to be left')
        expect(backups() - before.backups).toBeLessThanOrEqual(2)
        expect(existsSync(`${environmentFile}.new`)).toBe(false)
      })
    },
  })
}

function keysOf(dataDir: string): string {
  return join(dataDir, 'worker', 'keys')
}
