import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import type { Case } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'
import { approveOn, copyOf, timesTold } from './clicks.ts'

type Click = () => Promise<unknown>

/** Each gives the clicks that are made in the same moment, by whom. */
const ways: Readonly<
  Record<string, (incident: Case, run: Run) => readonly { readonly who: string; readonly click: Click }[]>
> = {
  'two approvers': (incident) => ['bao', 'chi'].map((who) => approval(incident, who)),
  'a double click': (incident) => ['bao', 'bao'].map((who) => approval(incident, who)),
  'two to fifty clicks': (incident, { random }) =>
    Array.from({ length: random.between(2, 50) }, () => approval(incident, random.pick(['bao', 'chi']))),
  'the requester among them': (incident, { random }) =>
    random.shuffled(['ana', 'ana', 'bao', 'chi']).map((who) => approval(incident, who)),
}

function approval(incident: Case, who: string): { readonly who: string; readonly click: Click } {
  const copy = copyOf(incident, who)
  return { who, click: async () => approveOn(incident, who, copy) }
}

fault({
  id: 'F21',
  title: 'several approve in the same moment: one counts, and every other is told',
  ci: 10,
  nightly: 1_000,
  variants: Object.keys(ways),
  async run(run) {
    const { variant, struck, proves, succeeds } = run
    const incident = await run.asked()
    const clicks = ways[variant]?.(incident, run) ?? []
    await Promise.all(clicks.map(async ({ click }) => click()))
    if (clicks.length > 1) struck()
    await succeeds(async () => {
      await until(
        () => (incident.entries('ClickRefused').length === clicks.length - 1 ? true : undefined),
        `${clicks.length - 1} refusals of ${clicks.length} clicks`,
      )
      const [approved, ...more] = incident.entries('StepApproved')
      expect(more).toEqual([])
      const winner = approved !== undefined && 'name' in approved.actor ? approved.actor.name : ''
      expect(['bao', 'chi']).toContain(winner)
      for (const who of new Set(clicks.map((click) => click.who))) {
        const lost = clicks.filter((click) => click.who === who).length - (who === winner ? 1 : 0)
        const words = who === 'ana' ? /You asked for this/ : /Already approved by @/
        await until(
          () => (timesTold(incident, who, words) >= lost ? true : undefined),
          `${who} to be told ${lost} times`,
        )
      }
    })
    await proves(incident)
  },
})
